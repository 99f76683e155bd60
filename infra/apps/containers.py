"""Containers of a pod: the app's own, its init containers and its sidecars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.apps.config import Configuration
from infra.apps.health import with_probes
from infra.apps.resources import container_resources
from infra.apps.security import container_security
from infra.settings.app.application import Application, Task
from infra.settings.app.container import HelperSettings, SidecarSettings
from infra.settings.app.image import is_pinned
from infra.settings.app.security import SecuritySettings


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What every container of a pod has: the app's image as default, its identity, secrets and writable folders."""

    image: str
    security: SecuritySettings
    env: Sequence[k8s.core.v1.EnvVarArgs] = ()
    mounts: Sequence[k8s.core.v1.VolumeMountArgs] = ()


def app_container(
    name: str,
    settings: Application,
    *,
    configuration: Configuration,
    shared: Shared,
    lifecycle: k8s.core.v1.LifecycleArgs | None = None,
) -> k8s.core.v1.ContainerArgs:
    """Describe the app's own container. A scheduled task has no probes: it ends by itself, or at its timeout."""
    container = plain_container(name, settings, configuration=configuration, shared=shared)
    container.lifecycle = lifecycle
    if isinstance(settings, Task):
        return container
    container.ports = [
        k8s.core.v1.ContainerPortArgs(name=port.name, container_port=port.number, protocol=port.protocol)
        for port in settings.served
    ] or None
    return with_probes(container, settings.health, port=settings.served_port)


def sidecar_container(
    name: str, settings: SidecarSettings, *, configuration: Configuration, shared: Shared
) -> k8s.core.v1.ContainerArgs:
    """Describe a native sidecar: an init container that goes on running, and is stopped after the app."""
    container = plain_container(name, settings, configuration=configuration, shared=shared)
    container.restart_policy = "Always"
    return with_probes(container, settings.health, port=None)


def plain_container(
    name: str, settings: Application | HelperSettings, *, configuration: Configuration, shared: Shared
) -> k8s.core.v1.ContainerArgs:
    """Describe a container without probes, such as one that must succeed before the app starts."""
    image = settings.image or shared.image
    return k8s.core.v1.ContainerArgs(
        name=name,
        image=image,
        # A digest names the same content for ever; a tag may have moved since the node pulled it.
        image_pull_policy="IfNotPresent" if is_pinned(image) else "Always",
        command=list(settings.command) or None,
        args=list(settings.args) or None,
        env=[*configuration.env, *shared.env, *configuration.expanded] or None,
        env_from=list(configuration.env_from) or None,
        volume_mounts=[*shared.mounts, *configuration.mounts] or None,
        resources=container_resources(settings.resources),
        security_context=container_security(shared.security),
        # The last lines of the log say why a container failed, where it wrote no message of its own.
        termination_message_policy="FallbackToLogsOnError",
    )
