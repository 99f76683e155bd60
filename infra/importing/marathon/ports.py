"""The ports of an app or a pod: what Mesos assigns on an agent is a fixed port of the container here."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from infra.importing.names import port_name
from infra.settings.partly import Location
from infra.usual_images import NOT_HTTP
from infra.values import mapping, mappings, number, sequence, text, texts, within

FIRST_FREE = 8080
"""The port that an app gets which took any that Mesos gave it."""
LEAST_UNPRIVILEGED = 1024


@dataclass(frozen=True, kw_only=True)
class ServedPort:
    """A port that a container serves."""

    name: str
    given_name: str
    """Empty where it has none."""
    number: int
    is_chosen: bool
    """Whether Mesos would have assigned the number."""
    service_port: int
    protocols: tuple[str, ...]
    at: Location
    value: Any
    known_as: tuple[int, ...] = ()
    """Numbers under which others may call it."""
    is_own_ports: bool = False
    """Whether the app reads the number from its variables."""
    container: int = 0
    """The position of the pod's container that serves it."""

    @property
    def is_tcp(self) -> bool:
        """Whether it takes connections."""
        return "tcp" in self.protocols

    @property
    def labels(self) -> Mapping[str, Any]:
        """Its labels, such as VIP_0."""
        return mapping(mapping(self.value).get("labels"))


_Given = tuple[Location, Any, bool, int]
"""Where a port stands, what stands there, whether the app reads its number from variables, and its container."""


def ports_of_app(value: Mapping[str, Any], at: Location) -> list[ServedPort]:
    """List the ports of an app, in the order by which `portIndex` counts."""
    given: list[_Given] = [(location, item, own, 0) for location, item, own in _given(value, at)]
    if not given and _needs_a_port(value):
        given = [((*at, "id"), None, True, 0)]
    return _numbered(given)


def ports_of_pod(value: Mapping[str, Any], at: Location) -> list[ServedPort]:
    """List the endpoints of all containers of a pod."""
    given: list[_Given] = [
        ((*at, "containers", index, "endpoints", place), endpoint, _is_host(value), index)
        for index, container in enumerate(mappings(value, "containers"))
        for place, endpoint in enumerate(mappings(container, "endpoints"))
    ]
    return _numbered(given)


def is_http(port: ServedPort, *, tcp_only: bool) -> bool:
    """Whether a port speaks HTTP, as far as its number and what the app's labels say."""
    return port.is_tcp and not tcp_only and port.number not in NOT_HTTP and port.service_port not in NOT_HTTP


def virtual_addresses(port: ServedPort) -> Iterator[tuple[str, str, int | None]]:
    """List the labels VIP_n of a port, each with the name and the port that it says."""
    yield from _virtual(port.labels)


def _virtual(labels: Mapping[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    for key, label in labels.items():
        match = re.fullmatch(r"/?([^:]+):(\d{1,5})", label) if isinstance(label, str) else None
        if match and re.fullmatch(r"VIP_?\d+", key):
            yield key, match[1], _port(int(match[2]))


def other_forms(value: Mapping[str, Any], at: Location) -> list[Location]:
    """List where ports stand that are not taken, as the definition says them in another form already."""
    return [location for location, _, _ in _forms(value, at)[1:]]


def _given(value: Mapping[str, Any], at: Location) -> Iterator[tuple[Location, Any, bool]]:
    """List where ports stand, whatever form the definition has; True where the app uses ports of the host."""
    for location, items, own in _forms(value, at)[:1]:
        yield from (((*location, index), item, own) for index, item in enumerate(items))


def _forms(value: Mapping[str, Any], at: Location) -> list[tuple[Location, Sequence[Any], bool]]:
    """List the forms in which a definition says ports, the one that counts first."""
    container = mapping(value.get("container"))
    forms: list[tuple[Location, Any, bool]] = [
        ((*at, "container", "portMappings"), container.get("portMappings"), False),
        ((*at, "container", "docker", "portMappings"), within(container, "docker", "portMappings"), False),
        ((*at, "ipAddress", "discovery", "ports"), within(value, "ipAddress", "discovery", "ports"), False),
        ((*at, "portDefinitions"), value.get("portDefinitions"), True),
        ((*at, "ports"), value.get("ports"), True),
    ]
    return [(location, sequence(items), own) for location, items, own in forms if sequence(items)]


def _needs_a_port(value: Mapping[str, Any]) -> bool:
    """Whether an app without ports counts on the one that Marathon gives it."""
    said = json.dumps([value.get(key) for key in ("cmd", "args", "env", "healthChecks", "check")])
    asked = [*mappings(value, "healthChecks"), *(mapping(within(value, "check", one)) for one in ("http", "tcp"))]
    by_port = any(one and not one.get("port") and text(one, "protocol") != "COMMAND" for one in asked)
    return by_port or re.search(r"\$\{?PORT(?:0|S|_\w+)?\b", said) is not None


def _is_host(pod: Mapping[str, Any]) -> bool:
    networks = mappings(pod, "networks")
    return not networks or any(text(network, "mode") == "host" for network in networks)


def _numbered(items: Sequence[_Given]) -> list[ServedPort]:
    taken = {found for _, item, _, _ in items if (found := _number(item))}
    names: set[str] = set()
    services: set[tuple[int, str]] = set()
    ports: list[ServedPort] = []
    numbers: set[tuple[int, tuple[str, ...]]] = set()
    for location, item, own, container in items:
        wanted = _number(item)
        protocols = _protocols(item)
        if wanted and (wanted, protocols) in numbers:
            wanted = 0
        found = wanted or next(one for one in (*_likely(item), *range(FIRST_FREE, 65536)) if one not in taken)
        taken.add(found)
        numbers.add((found, protocols))
        given_name = text(item, "name")
        base = port_name(given_name or NOT_HTTP.get(found) or f"port-{len(ports)}")
        numbered = (f"{base[:11]}-{index}" for index in itertools.count(2))
        name = next(one for one in itertools.chain([base], numbered) if one not in names | {"app"})
        names.add(name)
        port = ServedPort(
            name=name,
            given_name=given_name,
            number=found,
            is_chosen=not wanted,
            service_port=found,
            protocols=protocols,
            at=location,
            value=item,
            is_own_ports=own or not wanted,
            container=container,
        )
        wishes = [*(vip for _, _, vip in virtual_addresses(port)), _port(number(item, "servicePort"))]
        host = _port(number(item, "hostPort"))
        known = tuple(dict.fromkeys(one for one in (*wishes, host, found) if one))
        free = (one for one in (*known, found) if not {(one, protocol) for protocol in protocols} & services)
        service = next(free, found)
        services |= {(service, protocol) for protocol in protocols}
        ports.append(replace(port, service_port=service, known_as=known))
    return ports


def _likely(item: Any) -> list[int]:
    """List the ports of its VIPs, on which a server listens that does not ask for the port which Mesos gave it."""
    virtual = _virtual(mapping(mapping(item).get("labels")))
    return [port for _, _, port in virtual if port and port >= LEAST_UNPRIVILEGED]


def _number(item: Any) -> int | None:
    if isinstance(item, int) and not isinstance(item, bool):
        return _port(item)
    keys = ("containerPort", "number", "port")
    return next((found for key in keys if (found := _port(number(item, key)))), None)


def _port(found: float | None) -> int | None:
    return int(found) if found is not None and 1 <= found <= 65535 else None


def _protocols(item: Any) -> tuple[str, ...]:
    """Return tcp, udp or both: Marathon writes `udp,tcp`, and pods a list that may hold names of applications."""
    said = ",".join(texts(item, "protocol")).lower().split(",")
    found = tuple(one for one in ("tcp", "udp") if one in said)
    return found or ("tcp",)
