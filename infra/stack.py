"""The whole stack: a platform, the namespace on it, and the apps in it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pulumi

from infra.apps.app import App, AppArgs
from infra.apps.image_doubts import image_doubts
from infra.apps.job import done_jobs
from infra.apps.namespace import Namespace, NamespaceArgs
from infra.apps.network import neighbours
from infra.apps.priority import priority_class_name
from infra.apps.quota import limits_of_last_run, needed
from infra.apps.reach_doubts import reach_doubts
from infra.apps.service import service_host
from infra.apps.volumes import mounted_claims
from infra.charts.additions import AdditionsArgs, make_additions
from infra.charts.preparation import prepare
from infra.extension import NO_EXTENSION, Extension
from infra.platforms import make_platform
from infra.platforms.platform import Platform
from infra.platforms.state import read_state
from infra.platforms.surroundings import RunningApp, Surroundings
from infra.project import enclosing_project
from infra.settings.app.application import Application, Task
from infra.settings.app.lent_volumes import former_owners
from infra.settings.build import PROJECT
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.interactions import in_order
from infra.settings.outputs import unknown_outputs
from infra.settings.problems import Problem, SettingsError, key_text
from infra.settings.stack import StackSettings


def build(
    settings: StackSettings,
    environment: Mapping[str, str] = os.environ,
    *,
    project: Path | None = None,
    extension: Extension = NO_EXTENSION,
) -> dict[str, pulumi.Input[object]]:
    """Make everything that `settings` describes, with the credentials and the region of a shell with `environment`.

    `project` is the folder that paths of the stack file are in: by default that with Pulumi.yaml, around the shell's.
    The stack's own code, `extension`, is run when the platform is there, before charts and apps, and after them; a
    stack of a pull request takes the outputs of the stack that it stands on.

    Returns the stack's outputs: `namespace`, and `apps`, which gives for each app its `kind`, its `service` (address
    inside the cluster, None without a port) and its `url` (address outside, None where nothing outside reaches it);
    where there are several, all are in `urls`.

    Raises:
        SettingsError: a chart, a file or an output that they name cannot be used, or they ask for something that the
            platform or the quota does not allow.
    """
    settings = settings.with_keeper()
    # Before anything is made: from then on the engine writes the state.
    state = read_state()
    prepared = prepare(settings, project or enclosing_project(Path.cwd()) or Path.cwd())
    platform = make_platform(settings, environment, state)
    namespace = Namespace(
        "namespace",
        NamespaceArgs(
            settings=settings.namespace,
            apps=settings.apps,
            platform=platform,
            last_limits=limits_of_last_run(state, settings.namespace.name),
        ),
        opts=pulumi.ResourceOptions(providers=[platform.provider]),
    )
    surroundings = Surroundings(
        stack=pulumi.get_stack(),
        settings=settings,
        namespace=namespace.name,
        kubernetes=platform.provider,
        aws=platform.aws,
    )
    platform.has_own_code = extension.file is not None
    if not platform.is_guest:
        platform.take_outputs(extension.make(surroundings))
    _check_outputs(settings, known=platform.own_outputs)
    before_apps = make_additions(
        AdditionsArgs(
            charts=settings.charts,
            manifests=settings.manifests,
            prepared=prepared,
            apps_namespace=settings.namespace.name,
            namespace=namespace.rules,
            platform=platform,
            state=state,
        )
    )
    for line in platform.shortages({name: needed({name: app}).requests for name, app in settings.apps.items()}):
        pulumi.log.warn(line)
    for line in _doubts(settings):
        pulumi.log.warn(line)
    apps = _make_apps(settings, platform, namespace, before_apps, done_jobs(state, settings.namespace.name))
    if not platform.is_guest:
        extension.finish(surroundings, _running(settings, apps))
    platform.complete()
    own = {"own": dict(platform.own_outputs)} if platform.own_outputs and not platform.is_guest else {}
    return {"namespace": namespace.name, "apps": _addresses(settings, apps), **own, **platform.outputs}


def _make_apps(
    settings: StackSettings,
    platform: Platform,
    namespace: Namespace,
    before_apps: Sequence[pulumi.Resource],
    done: Collection[str],
) -> dict[str, App]:
    """Make the apps, each after those that it depends on. `done` names the Jobs that have come to their end."""
    nearby, claims = neighbours(settings.apps), mounted_claims(settings.apps)
    apps: dict[str, App] = {}
    for name in in_order({name: app.depends_on for name, app in settings.apps.items()}):
        app = settings.apps[name]
        apps[name] = App(
            name,
            AppArgs(
                settings=app,
                platform=platform,
                namespace=namespace.name,
                neighbours=nearby[name],
                claims=claims[name],
                former_owners=former_owners(app.volumes, settings.apps),
                done_jobs=done,
                network_policies=settings.namespace.network_policies,
                priority_class=_priority_class(settings, app),
                wait_for=[*namespace.rules, *before_apps],
                depends_on=[resource for other in app.depends_on for resource in apps[other].up],
            ),
            opts=pulumi.ResourceOptions(providers=[platform.provider]),
        )
    return apps


def _doubts(settings: StackSettings) -> Iterator[str]:
    """List what the cluster takes, and what the containers would then fail of."""
    yield from image_doubts(settings.apps)
    if settings.namespace.network_policies:
        yield from reach_doubts(settings.apps, settings.namespace.name)


def _check_outputs(settings: StackSettings, known: Collection[str]) -> None:
    """Refuse outputs that the stack's own code does not return; where `permissions` do nothing, they need none."""
    has_rights = isinstance(settings.platform, EksPlatformSettings)
    sections = {"apps": settings.apps, "charts": settings.charts}
    found = [
        error
        for section, entries in sections.items()
        for name, entry in entries.items()
        for error in unknown_outputs(entry, (section, name), known)
        if has_rights or error.location[2] != "permissions"
    ]
    if found:
        raise SettingsError(Problem(key_text(PROJECT, one.location), one.message) for one in found)


def _priority_class(settings: StackSettings, app: Application) -> str | None:
    if isinstance(app, Task):
        return None
    return priority_class_name(settings.namespace.name, app.availability.priority)


def _running(settings: StackSettings, apps: Mapping[str, App]) -> dict[str, RunningApp]:
    return {
        name: RunningApp(
            service=_service_address(name, settings.namespace.name, app), url=apps[name].url, up=apps[name].up
        )
        for name, app in settings.apps.items()
    }


def _addresses(settings: StackSettings, apps: Mapping[str, App]) -> dict[str, dict[str, pulumi.Input[object]]]:
    return {
        name: {
            "kind": app.kind,
            "service": _service_address(name, settings.namespace.name, app),
            "url": apps[name].url,
            # One more key for those that have more than one address: the others are read as they were in 0.1.0.
            **({"urls": list(apps[name].urls)} if len(apps[name].urls) > 1 else {}),
        }
        for name, app in settings.apps.items()
    }


def _service_address(name: str, namespace: str, app: Application) -> str | None:
    first = None if isinstance(app, Task) else next(iter(app.served), None)
    return None if first is None else f"{service_host(name, namespace)}:{first.service_port}"
