"""A stack file from definitions of Marathon."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.errors import UsageError
from infra.importing.draft import StackDraft
from infra.importing.findings import Ledger
from infra.importing.keys import Column, find_key
from infra.importing.marathon.calls import flows, order
from infra.importing.marathon.command import command, marathon_variables
from infra.importing.marathon.container import docker_options, image, limits, linux, resources, rollout, security
from infra.importing.marathon.health import health_of_app, health_of_container
from infra.importing.marathon.ids import group_of_all
from infra.importing.marathon.keys import HOLDERS, KEYS, SAYS_NOTHING
from infra.importing.marathon.placement import constraints, unreachable
from infra.importing.marathon.reader import Definitions, read_definitions
from infra.importing.marathon.served import ports
from infra.importing.marathon.traffic import http_port, traffic_and_labels
from infra.importing.marathon.units import hosts_of_units, units_of
from infra.importing.marathon.variables import environment
from infra.importing.marathon.volumes import fetch, sandbox, volumes_of_app, volumes_of_pod
from infra.importing.marathon.work import Unit, Work
from infra.importing.names import own_name
from infra.importing.run import Imported
from infra.importing.source import leaves
from infra.importing.text_input import STANDARD_INPUT, called
from infra.settings.partly import Location
from infra.values import mapping, mappings, number, sequence, text, within


def import_marathon(files: Sequence[Path], stack: str | None) -> Imported:
    """Read files of Marathon, and draft a stack from them.

    Raises:
        SettingsError: a file cannot be used.
        UsageError: nothing is on standard input, or nothing there names the stack.
    """
    read = read_definitions(files)
    group = group_of_all([*read.apps, *read.pods])
    if stack is None and group == "/" and files[0] == STANDARD_INPUT:
        raise UsageError("-: standard input has no name for the stack; give one: --stack NAME")
    name = own_name(stack or (group if group != "/" else files[0].stem))
    draft = StackDraft(name=name, origin=", ".join(called(path).rpartition("/")[2] for path in files))
    units = units_of(read, group)
    ledger = Ledger(KEYS, read.source)
    work = Work(draft=draft, ledger=ledger, place=read.source.place, units=units, hosts=hosts_of_units(units))
    _note_what_says_nothing(work, read)
    for unit in units.values():
        _app(work, unit)
    for unit in units.values():
        order(work, unit, read)
    flows(work)
    return Imported(draft=draft, findings=work.ledger.findings())


def _note_what_says_nothing(work: Work, read: Definitions) -> None:
    """Note what the API answers for each app and means nothing: empty values, defaults, and states of the moment."""
    for leaf in leaves(read.source.values):
        if len(leaf) < 3:
            continue
        value: Any = read.source.values
        for step in leaf:
            value = value[step]
        known, holder = find_key(KEYS, leaf), find_key(HOLDERS, leaf)
        is_empty = value in ([], {}, "") and holder is not None and holder[0] == leaf
        if value is None or is_empty:
            work.ledger.taken(leaf, text="says nothing")
        elif (isinstance(leaf[-1], str) and value in SAYS_NOTHING.get(leaf[-1], ())) or (
            isinstance(leaf[-1], int) and [value] in SAYS_NOTHING.get(str(leaf[-2]), ())
        ):
            work.ledger.taken(leaf, text="it is the default")
        elif known is not None and known[1].column in {Column.TAKEN, Column.DECIDED} and not known[1].to:
            work.ledger.taken(known[0], text=known[1].text)
    for group in read.groups:
        work.ledger.taken(("groups", group, "id"), "namespace", "name")


def _app(work: Work, unit: Unit) -> None:
    app: dict[str, Any] = {}
    work.draft.apps[unit.name] = app
    to = ("apps", unit.name)
    work.ledger.taken((*unit.at, "id"), *to)
    _image(work, unit, app)
    _replicas(work, unit)
    ports(work, unit)
    env_key = "environment" if unit.is_pod else "env"
    if unit.is_pod:
        environment(work, unit, unit.value.get("environment"), (*unit.at, "environment"), app, *to)
    environment(work, unit, unit.main.get(env_key), (*unit.main_at, env_key), app, *to)
    marathon_variables(work, unit, unit.main, app, unit.position)
    resources(work, unit, _resources_of(unit), _resources_at(unit), app, *to)
    limits(work, {**_resources_of(unit), **unit.main}, unit.main_at, app, *to)
    security(work, unit)
    command(work, unit, unit.main, unit.main_at, app, *to)
    if unit.is_pod:
        _pod_parts(work, unit)
    else:
        _app_parts(work, unit)
    if "MESOS_SANDBOX" in json.dumps(app):
        sandbox(work, unit)
    constraints(work, unit)
    unreachable(work, unit)
    _kind_of_data(work, unit)
    rollout(work, unit)
    traffic_and_labels(work, unit, port=http_port(unit))
    _secrets(work, unit)


def _app_parts(work: Work, unit: Unit) -> None:
    health_of_app(work, unit)
    fetched: list[tuple[Location, Any]] = [
        *(((*unit.at, "fetch", index), item) for index, item in enumerate(sequence(unit.value.get("fetch")))),
        *(((*unit.at, "uris", index), item) for index, item in enumerate(sequence(unit.value.get("uris")))),
    ]
    fetch(work, unit, fetched)
    volumes_of_app(work, unit)
    docker_options(work, unit)
    linux(work, unit, within(unit.value, "container", "linuxInfo"), (*unit.at, "container", "linuxInfo"))
    if unit.value.get("container"):
        work.ledger.taken((*unit.at, "container", "type"))
    _network(work, unit)


def _pod_parts(work: Work, unit: Unit) -> None:
    app = work.app(unit)
    health_of_container(work, unit, unit.main, unit.main_at, app, "apps", unit.name)
    artifacts: list[tuple[Location, Any]] = []
    for index, container in enumerate(mappings(unit.value, "containers")):
        at = (*unit.at, "containers", index)
        artifacts += [((*at, "artifacts", place), one) for place, one in enumerate(mappings(container, "artifacts"))]
        linux(work, unit, container.get("linuxInfo"), (*at, "linuxInfo"))
        if index == unit.position:
            work.ledger.taken((*at, "name"), "apps", unit.name)
        else:
            _sidecar(work, unit, container, at)
        for label in mapping(container.get("labels")):
            why = "labels are those of the pod; write it under 'labels' of the app"
            work.ledger.missing((*at, "labels", label), why)
    fetch(work, unit, artifacts)
    linux(work, unit, unit.value.get("linuxInfo"), (*unit.at, "linuxInfo"))
    volumes_of_pod(work, unit)
    _network(work, unit)


def _sidecar(work: Work, unit: Unit, container: Mapping[str, Any], at: Location) -> None:
    sidecars = work.app(unit).setdefault("sidecars", {})
    given = text(container, "name") or "sidecar"
    name = own_name(given, {*sidecars, unit.name, *work.app(unit).get("init", {})})
    sidecar: dict[str, Any] = {}
    sidecars[name] = sidecar
    to = ("apps", unit.name, "sidecars", name)
    work.ledger.taken((*at, "name"), *to)
    image(work, unit, text(container, "image", "id"), (*at, "image", "id"), sidecar, *to, name=f"{unit.name}-{name}")
    work.take((*at, "image"), mapping(container.get("image")), ("kind",), *to, "image")
    environment(work, unit, unit.value.get("environment"), (*unit.at, "environment"), sidecar, *to)
    environment(work, unit, container.get("environment"), (*at, "environment"), sidecar, *to)
    marathon_variables(work, unit, container, sidecar, int(at[-1]), *to)
    resources(work, unit, mapping(container.get("resources")), (*at, "resources"), sidecar, *to)
    limits(work, {**mapping(container.get("resources")), **container}, at, sidecar, *to)
    command(work, unit, container, at, sidecar, *to)
    health_of_container(work, unit, container, at, sidecar, *to)
    if container.get("user") is not None:
        work.ledger.missing((*at, "user"), "all containers of a pod have one user, 'security.user' of the app")
    if within(container, "lifecycle", "killGracePeriodSeconds") is not None:
        why = "a sidecar ends after the app, whose 'rollout.finishWithin' it has too"
        work.ledger.missing((*at, "lifecycle", "killGracePeriodSeconds"), why)


def _image(work: Work, unit: Unit, app: dict[str, Any]) -> None:
    to = ("apps", unit.name)
    if unit.is_pod:
        image(work, unit, text(unit.main, "image", "id"), (*unit.main_at, "image", "id"), app, *to, name=unit.name)
        work.take((*unit.main_at, "image"), mapping(unit.main.get("image")), ("kind",), *to, "image")
    else:
        given = text(unit.value, "container", "docker", "image")
        image(work, unit, given, (*unit.at, "container", "docker", "image"), app, *to, name=unit.name)


def _replicas(work: Work, unit: Unit) -> None:
    given = number(unit.value, "scaling", "instances") if unit.is_pod else number(unit.value, "instances")
    key = (*unit.at, "scaling", "instances") if unit.is_pod else (*unit.at, "instances")
    to = ("apps", unit.name, "replicas")
    work.app(unit)["replicas"] = unit.replicas
    if given is None:
        why = "one, as Marathon runs; remove it for 3 to 10 by load"
        work.ledger.decided((*unit.at, "id"), *to, why=why)
    elif given == unit.replicas:
        work.ledger.taken(key, *to)
    else:
        work.ledger.decided(key, *to, why="an app has from 0 to 1000 replicas")
    if unit.is_pod:
        work.take((*unit.at, "scaling"), mapping(unit.value.get("scaling")), ("kind",), *to)


def _kind_of_data(work: Work, unit: Unit) -> None:
    """Add data of its own to each instance where Marathon had it so: a local volume stays with its instance."""
    app = work.app(unit)
    own = {name: one for name, one in app.get("volumes", {}).items() if one.get("kind") == "persistent"}
    if not own or unit.replicas <= 1 or any(one.get("shared") for one in own.values()):
        return
    app["kind"] = "stateful"
    app["start"] = "parallel"
    why = "each replica has a volume of its own, as each instance had; names and volumes stay with a replica"
    work.ledger.decided((*unit.at, "id"), "apps", unit.name, "kind", why=why)


def _network(work: Work, unit: Unit) -> None:
    """Note the network: ports of the host become ports of the pod."""
    host = "left out: ports are those of the pod, and no port of the node is opened; 'traffic' is the way in"
    for index, network in enumerate(mappings(unit.value, "networks")):
        at = (*unit.at, "networks", index)
        if text(network, "mode") == "host":
            work.ledger.dangerous((*at, "mode"), host)
        else:
            work.ledger.taken((*at, "mode"), text="each pod has an address of its own")
    docker = text(unit.value, "container", "docker", "network")
    if docker == "HOST":
        work.ledger.dangerous((*unit.at, "container", "docker", "network"), host)
    elif docker:
        at = (*unit.at, "container", "docker", "network")
        work.ledger.taken(at, text="each pod has an address of its own")


def _secrets(work: Work, unit: Unit) -> None:
    used = json.dumps([unit.value.get(key) for key in ("env", "environment", "containers", "container", "volumes")])
    for name in mapping(unit.value.get("secrets")):
        at = (*unit.at, "secrets", name)
        if f'"secret": {json.dumps(name)}' in used:
            work.ledger.taken(at, "apps", unit.name, "secrets")
        else:
            work.ledger.missing(at, "no variable and no volume uses it; write it under 'secrets' if the app reads it")


def _resources_of(unit: Unit) -> Mapping[str, Any]:
    return mapping(unit.main.get("resources")) if unit.is_pod else unit.value


def _resources_at(unit: Unit) -> Location:
    return (*unit.main_at, "resources") if unit.is_pod else unit.at
