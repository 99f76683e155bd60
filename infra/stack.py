"""The whole stack: a platform, the namespace on it, and the apps in it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from infra.apps.app import App, AppArgs
from infra.apps.kinds import AnyApp
from infra.apps.namespace import Namespace, NamespaceArgs
from infra.apps.network import neighbours
from infra.apps.priority import priority_class_name
from infra.platforms.existing.platform import adopting_provider, existing_platform
from infra.platforms.platform import Platform
from infra.settings.app.application import CronSettings, WebSettings
from infra.settings.guest import GuestPlatformSettings
from infra.settings.platform import ExistingPlatformSettings
from infra.settings.stack import StackSettings


def build(settings: StackSettings) -> dict[str, pulumi.Input[object]]:
    """Make everything that `settings` describes.

    Returns the stack's outputs: `namespace`, and `apps`, which gives for each app its `kind`, its `service` (address
    inside the cluster, None without a port) and its `url` (address outside, None where nothing outside reaches it).

    Raises:
        pulumi.RunError: the settings ask for something that the platform or the quota does not allow.
    """
    platform = _platform(settings)
    on_cluster = pulumi.ResourceOptions(providers=[platform.provider])
    namespace = Namespace(
        "namespace",
        NamespaceArgs(
            settings=settings.namespace,
            apps=settings.apps,
            platform_labels=platform.namespace_labels,
            adopting_provider=_adopting_provider(settings),
            first=platform.first_in_namespace,
            is_guest=platform.first_in_namespace is not None,
        ),
        opts=on_cluster,
    )
    nearby = neighbours(settings.apps)
    apps = {
        name: App(
            name,
            AppArgs(
                settings=app,
                platform=platform,
                namespace=namespace.name,
                neighbours=nearby[name],
                priority_class=_priority_class(settings, app),
                wait_for=namespace.rules,
            ),
            opts=on_cluster,
        )
        for name, app in settings.apps.items()
    }
    platform.complete()
    return {"namespace": namespace.name, "apps": _addresses(settings, apps), **platform.outputs}


def _platform(settings: StackSettings) -> Platform:
    if isinstance(settings.platform, ExistingPlatformSettings):
        return existing_platform(settings.platform)
    # Only here: the AWS SDK takes longer to import than everything else together.
    if isinstance(settings.platform, GuestPlatformSettings):
        from infra.platforms.guest.platform import guest_platform

        return guest_platform(settings, settings.platform)
    from infra.platforms.eks.platform import eks_platform

    return eks_platform(settings, settings.platform)


def _adopting_provider(settings: StackSettings) -> k8s.Provider | None:
    if settings.namespace.existing and isinstance(settings.platform, ExistingPlatformSettings):
        return adopting_provider(settings.platform)
    return None


def _priority_class(settings: StackSettings, app: AnyApp) -> str | None:
    if isinstance(app, CronSettings):
        return None
    return priority_class_name(settings.namespace.name, app.availability.priority)


def _addresses(settings: StackSettings, apps: Mapping[str, App]) -> dict[str, dict[str, pulumi.Input[str | None]]]:
    return {
        name: {
            "kind": app.kind,
            "service": f"{name}.{settings.namespace.name}.svc:{app.port}" if isinstance(app, WebSettings) else None,
            "url": apps[name].url,
        }
        for name, app in settings.apps.items()
    }
