"""A stack file from definitions of Marathon."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.importing.app_parts import ANYWHERE, MOST_CALLERS_OF_ALL
from infra.importing.draft import StackDraft
from infra.importing.findings import Ledger
from infra.importing.keys import Column, find_key
from infra.importing.marathon.container import docker_options, image, limits, linux, resources, rollout, security
from infra.importing.marathon.health import health_of_app, health_of_container
from infra.importing.marathon.ids import app_names, group_of_all, hosts_of, virtual_host
from infra.importing.marathon.keys import HOLDERS, KEYS, SAYS_NOTHING
from infra.importing.marathon.placement import constraints, unreachable
from infra.importing.marathon.ports import ServedPort, other_forms, ports_of_app, ports_of_pod, virtual_addresses
from infra.importing.marathon.reader import Definitions, absolute, read_definitions
from infra.importing.marathon.traffic import http_port, traffic_and_labels
from infra.importing.marathon.variables import environment, of_marathon, words
from infra.importing.marathon.volumes import fetch, replicas_of, sandbox, volumes_of_app, volumes_of_pod
from infra.importing.marathon.work import SANDBOX, Unit, Work
from infra.importing.names import own_name
from infra.importing.run import Imported
from infra.importing.source import leaves
from infra.settings.partly import Location
from infra.values import mapping, mappings, number, sequence, text, texts, within


def import_marathon(files: Sequence[Path], stack: str | None) -> Imported:
    """Read files of Marathon, and draft a stack from them.

    Raises:
        SettingsError: a file cannot be used.
    """
    read = read_definitions(files)
    group = group_of_all([*read.apps, *read.pods])
    name = own_name(stack or (group if group != "/" else files[0].stem))
    draft = StackDraft(name=name, origin=", ".join(path.name for path in files))
    units = _units(read, group)
    ledger = Ledger(KEYS, read.source)
    work = Work(draft=draft, ledger=ledger, place=read.source.place, units=units, hosts=_hosts(units))
    _note_what_says_nothing(work, read)
    for unit in units.values():
        _app(work, unit)
    for unit in units.values():
        _order(work, unit, read)
    _flows(work)
    return Imported(draft=draft, findings=work.ledger.findings())


def _units(read: Definitions, group: str) -> dict[str, Unit]:
    names = app_names([*read.apps, *read.pods], group)
    units: dict[str, Unit] = {}
    for identifier, value in read.apps.items():
        at = ("apps", identifier)
        ports = ports_of_app(value, at)
        units[identifier] = Unit(
            identifier=identifier, name=names[identifier], at=at, value=value, main=value, main_at=at, ports=ports
        )
    for identifier, value in read.pods.items():
        at = ("pods", identifier)
        ports = ports_of_pod(value, at)
        index = _main_container(value)
        containers = mappings(value, "containers")
        main: Mapping[str, Any] = containers[index] if containers else {}
        ordered = [port for port in ports if port.container == index] + [
            port for port in ports if port.container != index
        ]
        units[identifier] = Unit(
            identifier=identifier,
            name=names[identifier],
            at=at,
            value=value,
            main=main,
            main_at=(*at, "containers", index),
            ports=ordered,
        )
    return units


def _main_container(pod: Mapping[str, Any]) -> int:
    """Return the position of the container that is the app itself: the first that serves an endpoint."""
    containers = mappings(pod, "containers")
    return next((index for index, one in enumerate(containers) if sequence(one.get("endpoints"))), 0)


def _hosts(units: Mapping[str, Unit]) -> dict[str, str]:
    hosts: dict[str, str] = {}
    for identifier, unit in units.items():
        for host in hosts_of(identifier):
            hosts.setdefault(host, unit.name)
        for port in unit.ports:
            for _, name, _ in virtual_addresses(port):
                hosts.setdefault(virtual_host(name), unit.name)
    return hosts


def _note_what_says_nothing(work: Work, read: Definitions) -> None:
    """Note what the API answers for each app and means nothing: empty values, defaults, and states of the moment."""
    for leaf in leaves(read.source.values):
        if len(leaf) < 3:
            continue
        value: Any = read.source.values
        for step in leaf:
            value = value[step]
        known, holder = find_key(KEYS, leaf), find_key(HOLDERS, leaf)
        is_empty = value is None or value in ([], {}, "")
        if is_empty and holder is not None and holder[0] == leaf:
            work.ledger.taken(leaf, text="says nothing")
        elif (isinstance(leaf[-1], str) and value in SAYS_NOTHING.get(leaf[-1], ())) or (
            isinstance(leaf[-1], int) and [value] in SAYS_NOTHING.get(str(leaf[-2]), ())
        ):
            work.ledger.taken(leaf, text="what holds anyway")
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
    _ports(work, unit)
    env_key = "environment" if unit.is_pod else "env"
    if unit.is_pod:
        environment(work, unit, unit.value.get("environment"), (*unit.at, "environment"), app, *to)
    environment(work, unit, unit.main.get(env_key), (*unit.main_at, env_key), app, *to)
    _marathon_variables(work, unit, unit.main, app, _position(unit))
    resources(work, unit, _resources_of(unit), _resources_at(unit), app, *to)
    limits(work, {**_resources_of(unit), **unit.main}, unit.main_at, app, *to)
    security(work, unit)
    _command(work, unit, unit.main, unit.main_at, app, *to)
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
        if index != _position(unit):
            _sidecar(work, unit, container, at)
        if index == _position(unit):
            work.ledger.taken((*at, "name"), "apps", unit.name)
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
    _marathon_variables(work, unit, container, sidecar, int(at[-1]), *to)
    resources(work, unit, mapping(container.get("resources")), (*at, "resources"), sidecar, *to)
    limits(work, {**mapping(container.get("resources")), **container}, at, sidecar, *to)
    _command(work, unit, container, at, sidecar, *to)
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
    work.app(unit)["replicas"] = replicas_of(unit)
    if given is None:
        why = "one, as Marathon runs; remove it for 3 to 10 by load"
        work.ledger.decided((*unit.at, "id"), *to, why=why)
    elif given == replicas_of(unit):
        work.ledger.taken(key, *to)
    else:
        work.ledger.decided(key, *to, why="from 0 to 1000")
    if unit.is_pod:
        work.take((*unit.at, "scaling"), mapping(unit.value.get("scaling")), ("kind",), *to)


def _ports(work: Work, unit: Unit) -> None:
    app, main = work.app(unit), http_port(unit)
    if main is None:
        app["kind"] = "worker"
    else:
        app["port"] = main.number
        if main.service_port != main.number:
            app["servicePort"] = main.service_port
    more = {name: value for port in unit.ports if port is not main for name, value in _named(port)}
    if more:
        app["ports"] = more
    for port in unit.ports:
        is_main = port is main
        to = ("apps", unit.name, "port") if is_main else ("apps", unit.name, "ports", port.name)
        _note_port(work, unit, port, to)
    for place in () if unit.is_pod else other_forms(unit.value, unit.at):
        work.ledger.missing(place, "another form of ports, beside the one that is taken; keep one of them")


def _named(port: ServedPort) -> Iterator[tuple[str, Any]]:
    for protocol in port.protocols:
        name = port.name if len(port.protocols) == 1 or protocol == "tcp" else f"{port.name[:11]}-udp"
        value: dict[str, Any] = {"port": port.number}
        if protocol == "udp":
            value["protocol"] = "udp"
        if port.service_port != port.number:
            value["servicePort"] = port.service_port
        yield name, port.number if value == {"port": port.number} else value


def _note_port(work: Work, unit: Unit, port: ServedPort, to: Location) -> None:
    why = "a number of its own, which it is told as PORT; Mesos chose another on each agent"
    value = mapping(port.value)
    if not isinstance(port.value, Mapping):
        if port.is_chosen:
            work.ledger.decided(port.at, *to, why=why)
        else:
            work.ledger.taken(port.at, *to)
        return
    number_key = next((key for key in ("containerPort", "number", "port") if value.get(key) is not None), None)
    if port.is_chosen:
        work.ledger.decided((*port.at, number_key) if number_key else (*unit.at, "id"), *to, why=why)
    elif number_key:
        work.ledger.taken((*port.at, number_key), *to)
    work.take(port.at, value, ("name", "protocol"), *to)
    service = number(value, "servicePort")
    if service is not None and service in {0, port.service_port}:
        work.ledger.taken((*port.at, "servicePort"), *to[:2], "servicePort")
    elif service is not None:
        why = f"the Service has port {port.service_port}, under which others call it"
        work.ledger.decided((*port.at, "servicePort"), *to[:2], "servicePort", why=why)
    host = number(value, "hostPort")
    if host:
        why = "no port of a node is opened; the Service has it where nothing else says one"
        work.ledger.decided((*port.at, "hostPort"), *to, why=why)
    addresses = {key for key, _, _ in virtual_addresses(port)}
    for label in mapping(value.get("labels")):
        if label not in addresses:
            work.ledger.missing((*port.at, "labels", label), "nobody reads labels of a port here; leave it out")


def _marathon_variables(
    work: Work, unit: Unit, container: Mapping[str, Any], target: dict[str, Any], position: int, *to: str | int
) -> None:
    keys = ("cmd", "args", "env", "environment", "healthChecks", "healthCheck", "check", "exec")
    said = json.dumps([container.get(key) for key in keys])
    place = to or ("apps", unit.name)
    for name, value, why in of_marathon(work, unit, said, position):
        env = target.setdefault("env", {})
        if name not in env:
            env[name] = value
            work.ledger.decided((*unit.at, "id"), *place, "env", name, why=why)


def _command(
    work: Work, unit: Unit, container: Mapping[str, Any], at: Location, target: dict[str, Any], *to: str | int
) -> None:
    has_image = bool(text(container, "image", "id") or text(container, "container", "docker", "image"))
    command = mapping(within(container, "exec", "command"))
    shell = text(container, "cmd") or text(command, "shell")
    shell_at = (*at, "cmd") if text(container, "cmd") else (*at, "exec", "command", "shell")
    listed = texts(container, "args") if isinstance(container.get("args"), list) else texts(command, "argv")
    listed_at = (*at, "args") if container.get("args") else (*at, "exec", "command", "argv")
    variables = mapping(target.get("env"))
    if shell:
        starts_in_sandbox = not has_image and any(container.get(key) for key in ("fetch", "uris", "artifacts"))
        line = f"cd {SANDBOX}; {shell}" if starts_in_sandbox else shell
        target["command"] = words(work, unit, ["/bin/sh", "-c", line], shell_at, variables, *to, "command")
        if listed:
            work.ledger.missing(listed_at, "Marathon refuses cmd and args in one; cmd is taken")
    elif listed:
        overrides = within(container, "exec", "overrideEntrypoint") is True or not has_image
        key = "command" if overrides else "args"
        target[key] = words(work, unit, listed, listed_at, variables, *to, key)
    if within(container, "exec", "overrideEntrypoint") is not None:
        work.ledger.taken((*at, "exec", "overrideEntrypoint"), *to, "command")


def _kind_of_data(work: Work, unit: Unit) -> None:
    """Give each instance data of its own where Marathon did: a local volume stays with its instance."""
    app = work.app(unit)
    own = {name: one for name, one in app.get("volumes", {}).items() if one.get("kind") == "persistent"}
    if not own or replicas_of(unit) <= 1 or any(one.get("shared") for one in own.values()):
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


def _order(work: Work, unit: Unit, read: Definitions) -> None:
    """Take the dependencies of an app and of the groups that it lies in."""
    before: list[str] = []
    group = posixpath.dirname(unit.identifier)
    # Ids in a pod or an app are relative to its group, those in a group to the group itself.
    given = [((*unit.at, "dependencies"), unit.value, group)]
    given += [
        (("groups", one, "dependencies"), value, one)
        for one, value in read.groups.items()
        if unit.identifier.startswith(f"{one.rstrip('/')}/")
    ]
    for at, value, base in given:
        for index, dependency in enumerate(texts(value, "dependencies")):
            target = absolute(dependency, base)
            found = [
                other.name
                for identifier, other in work.units.items()
                if (identifier == target or identifier.startswith(f"{target.rstrip('/')}/")) and other is not unit
            ]
            if found:
                work.ledger.taken((*at, index), "apps", unit.name, "dependsOn")
            else:
                work.ledger.missing((*at, index), "none of these files defines it; import it too, or leave it out")
            before += [name for name in found if name not in before]
    if before:
        work.app(unit)["dependsOn"] = before


def _flows(work: Work) -> None:
    """Let each app call those that it could reach, and the world outside, as it could on Mesos."""
    serving = [unit.name for unit in work.units.values() if unit.ports]
    is_large = len(work.units) > MOST_CALLERS_OF_ALL
    for unit in work.units.values():
        app = work.app(unit)
        said = json.dumps([app.get(key) for key in ("command", "args", "env", "init", "sidecars", "health")])
        reachable = [
            name
            for name in serving
            if name != unit.name and (not is_large or name in app.get("dependsOn", ()) or _calls(said, name))
        ]
        app["allowTo"] = [*reachable, ANYWHERE]
        why = "all apps of the cluster and the internet, as on Mesos; keep those that it calls"
        if is_large:
            why = "the apps that its definition names, and the internet; add those that it finds by itself"
        work.ledger.decided((*unit.at, "id"), "apps", unit.name, "allowTo", why=why)


def _calls(said: str, name: str) -> bool:
    return any(
        f"{before}{name}{after}" in said for before in ("/", "@", '"', "=", " ", ",") for after in (":", '"', "/", ",")
    )


def _position(unit: Unit) -> int:
    return int(unit.main_at[-1]) if unit.is_pod else 0


def _resources_of(unit: Unit) -> Mapping[str, Any]:
    return mapping(unit.main.get("resources")) if unit.is_pod else unit.value


def _resources_at(unit: Unit) -> Location:
    return (*unit.main_at, "resources") if unit.is_pod else unit.at
