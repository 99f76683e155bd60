"""A Compose project as the draft of a stack file."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from infra.errors import UsageError
from infra.images.facts import ImageFacts
from infra.images.registry import RegistryError
from infra.importing.compose.command import map_command, map_folder
from infra.importing.compose.deploy import map_deploy
from infra.importing.compose.environment import service_environment
from infra.importing.compose.health import map_health
from infra.importing.compose.hooks import map_hooks
from infra.importing.compose.hosts import other_names
from infra.importing.compose.image import dockerfile_of, map_image, said_by
from infra.importing.compose.jobs import map_triggers, scheduled_jobs
from infra.importing.compose.keys import KEYS
from infra.importing.compose.labels import map_labels
from infra.importing.compose.networks import called_ports, map_networks
from infra.importing.compose.order import map_order, tasks
from infra.importing.compose.owned import Owners, owners_among
from infra.importing.compose.ports import map_ports
from infra.importing.compose.project import ComposeProject
from infra.importing.compose.resources import map_resources
from infra.importing.compose.scripts import run_scripts
from infra.importing.compose.security import map_security
from infra.importing.compose.service import JOBS, SERVICES, Service, Stack
from infra.importing.compose.sidecars import fold_sidecars
from infra.importing.compose.stored import map_configs, map_secrets, map_stored
from infra.importing.compose.unread import note_extensions, note_unread
from infra.importing.compose.variables import map_environment
from infra.importing.compose.volumes import map_volumes, map_volumes_of_project
from infra.importing.draft import StackDraft
from infra.importing.findings import Ledger
from infra.importing.names import own_name
from infra.importing.run import Imported
from infra.settings.app.image import REFERENCE
from infra.values import mapping, text

_ADDRESS = re.compile(r"(?<![\w.-])[\w.-]+:[0-9]{2,5}\b")
"""In a file, only a word with a port is surely a host."""
_RESERVED = ("default", "localhost", "self", "load-balancer")
_RENAMED = "names have lower-case letters, digits and dashes"


def import_project(
    project: ComposeProject,
    *,
    stack: str | None,
    origin: str,
    top: Path,
    images: Mapping[str, ImageFacts | RegistryError] | None = None,
) -> Imported:
    """Draft a stack file from a project.

    `top` is the folder of the project of Nightowl, which has `stacks`, and `images` what registries say, by the names
    of images in the input.

    Raises:
        UsageError: the project has no service.
    """
    values = project.source.values
    known = {name: mapping(value) for name, value in mapping(values.get(SERVICES)).items()}
    ledger = Ledger(KEYS, project.source)
    jobs = scheduled_jobs(project, ledger)
    services = {name: value for name, value in known.items() if name not in project.inactive} | jobs
    if not services:
        raise UsageError(f"{origin}: there is no service to import; --profile names the one to start")
    draft = StackDraft(name=own_name(stack or project.name or project.folder.resolve().name), origin=origin)
    whole = _stack(project, draft, ledger, services, images or {})
    if "name" in values:
        ledger.taken(("name",), "namespace", "name")
    for name in project.inactive:
        ledger.decided((SERVICES, name), why="its profile is not active; --profile imports it")
    found = _services(whole, services, jobs)
    owners = _map_what_runs(found, top)
    map_volumes_of_project(values, owners, next(iter(found.values())))
    texts = {name: _text(service) for name, service in found.items()}
    _map_how(found, called_ports(whole, texts))
    kept = fold_sidecars(found)
    map_networks(list(kept.values()), _with_sidecars(kept, found, texts))
    map_stored(whole)
    note_extensions(whole)
    for service in found.values():
        if service.section == JOBS:
            map_triggers(service)
        note_unread(service)
    return Imported(draft=draft, findings=ledger.findings())


def _stack(
    project: ComposeProject,
    draft: StackDraft,
    ledger: Ledger,
    services: Mapping[str, Mapping[str, Any]],
    images: Mapping[str, ImageFacts | RegistryError],
) -> Stack:
    """Return what the services share, the names by which they call each other among it."""
    apps = _names(services)
    hosts = other_names(services, apps)
    names = {**hosts, **{app: app for app in apps.values()}}
    return Stack(project=project, draft=draft, ledger=ledger, apps=apps, hosts=hosts, names=names, images=images)


def images_of(project: ComposeProject) -> list[str]:
    """List the images of the services and jobs that are imported, as the input names them; what is no name is none."""
    services, jobs = (mapping(project.source.values.get(section)) for section in (SERVICES, JOBS))
    named = [text(value, "image") for name, value in services.items() if name not in project.inactive]
    named += [text(value, "image") for name, value in jobs.items() if name not in project.inactive_jobs]
    return [image for image in named if REFERENCE.fullmatch(image)]


def _names(services: Mapping[str, Any]) -> dict[str, str]:
    """Return the app of each service. What is a name here keeps it, whoever else would be called so."""
    apps = {name: name for name in services if own_name(name, taken=_RESERVED) == name}
    for name in services:
        if name not in apps:
            apps[name] = own_name(name, taken=[*apps.values(), *_RESERVED])
    return apps


def _services(stack: Stack, services: Mapping[str, Mapping[str, Any]], jobs: Collection[str]) -> dict[str, Service]:
    written = {name: stack.project.written((SERVICES, name, "restart")) or "" for name in services}
    ends = tasks(services, [name for name, restart in written.items() if "$" in restart])
    found: dict[str, Service] = {}
    for name, values in services.items():
        facts = stack.images.get(text(values, "image"))
        dockerfile = said_by(facts) if isinstance(facts, ImageFacts) else dockerfile_of(values, stack.project.folder)
        is_task = name in ends or name in jobs
        app = stack.apps[name]
        stack.draft.apps[app] = {"kind": "job"} if is_task else {}
        found[name] = Service(
            stack=stack,
            name=name,
            app=app,
            values=values,
            is_task=is_task,
            dockerfile=dockerfile,
            section=JOBS if name in jobs else SERVICES,
        )
        if app != name:
            found[name].added(why=f"service {name}: {_RENAMED}")
    return found


def _map_what_runs(services: Mapping[str, Service], top: Path) -> Owners:
    """Write images, commands and configuration, and return who has which volume."""
    owners = owners_among(services.values())
    for service in services.values():
        map_image(service, top)
        map_environment(service)
        map_secrets(service)
        map_configs(service)
        map_command(service)
        map_folder(service)
        map_volumes(service, owners)
    return owners


def _map_how(services: Mapping[str, Service], called: Mapping[str, set[int]]) -> None:
    """Write how the apps are reached, run and replaced; `called` has the ports by which services name each other."""
    for service in services.values():
        map_ports(service, called, map_labels(service))
        map_health(service)
        map_resources(service)
        map_security(service)
        map_deploy(service)
        map_order(service, services)
        run_scripts(service)
        map_hooks(service)


def _with_sidecars(
    apps: Mapping[str, Service], services: Mapping[str, Service], texts: Mapping[str, str]
) -> dict[str, str]:
    """Return what each app says, its sidecars included."""
    said = {name: texts[name] for name in apps}
    for name, service in services.items():
        if name not in apps:
            said[text(service.values, "network_mode").removeprefix("service:")] += f"\n{texts[name]}"
    return said


def _text(service: Service) -> str:
    """Return what a service says where it can name another: variables, command, labels, and addresses in files."""
    environment = [value or "" for value, _ in service_environment(service.stack.project, service.name).values()]
    said = {key: service.values.get(key) for key in ("command", "entrypoint", "healthcheck", "labels", "pre_start")}
    addresses = [one for text_ in service.settings.get("files", {}).values() for one in _ADDRESS.findall(text_)]
    return "\n".join([*environment, json.dumps(said, default=str), *addresses])
