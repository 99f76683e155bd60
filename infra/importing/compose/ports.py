"""Ports: which ones a service serves, and which of them are for the outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from infra.importing.app_parts import example_host
from infra.importing.compose.dockerfile import Dockerfile
from infra.importing.compose.labels import Route
from infra.importing.compose.service import Service
from infra.importing.compose.values import items
from infra.importing.names import port_name
from infra.settings.partly import Location
from infra.usual_images import NOT_HTTP, keeps_data, serves_fastcgi, starts_server, usual_image

KEY = "ports"
TLS_PORTS = {443: "https", 8443: "https-alt", 9443: "https-other"}
MOST_PORTS = 20
"""Of one range: more are no list of services, but room for connections of media or transfers."""
_LOOPBACK = {"127.0.0.1", "::1", "[::1]", "localhost"}
_SHORT = re.compile(
    r"(?:(?P<address>\[[^\]]*\]|[^:]*):)??(?:(?P<published>[0-9-]*):)?(?P<target>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>\w+))?"
)
_ITSELF = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0):([0-9]{2,5})\b")
_INSIDE = "it is for the machine itself there; apps reach the port inside the cluster, as allowTo says"
_UNKNOWN = (
    "no port of it is known, so nobody can call it; if it serves one, write it as 'port' and remove 'kind' (--look-up "
    "asks the registry)"
)
_RANGE = f"a range of more than {MOST_PORTS} ports; write those that are called under 'ports'"


@dataclass(frozen=True, kw_only=True)
class Served:
    """One port that a service serves."""

    number: int
    key: Location
    """Where it stands, below the service; empty for one that it does not name."""
    protocol: str = "tcp"
    published: bool = False
    name: str = ""
    of_php: bool = False
    """Whether it is the port of PHP's FastCGI."""
    why: str = ""
    """How it is known, where the service does not name it."""

    @property
    def is_http(self) -> bool:
        """Whether HTTP is spoken there, by custom."""
        return self.protocol == "tcp" and not (self.number in NOT_HTTP or self.number in TLS_PORTS or self.of_php)


def map_ports(service: Service, called: Mapping[str, set[int]], route: Route | None) -> None:
    """Write the ports of a service, and the address of those that are published.

    `called` has the ports by which other services name each service, and `route` is what labels of Traefik say.
    """
    ports = [_spoken(service, port) for port in _all(service, called, route)]
    if service.is_task:
        for port in (port for port in ports if port.key):
            service.missing(port.key, "a job serves no port; remove it, or write the app as a worker")
        return
    if not ports and service.dockerfile == Dockerfile() and usual_image(service.settings["image"]) is None:
        service.added("kind", why=_UNKNOWN)
    web = next((port for port in ports if port.is_http and (port.published or route)), None)
    web = web or next((port for port in ports if port.is_http and not stores(service)), None)
    settings = service.settings
    if web is None:
        settings["kind"] = "worker"
    else:
        settings["port"] = web.number
        _note(service, web, ("port",))
    for port in ports:
        if port is not web:
            _write_more(service, port)
    if web is not None and (web.published or route):
        _write_traffic(service, [port for port in ports if port.published and port.is_http], web, route)


def serves(settings: Mapping[str, Any]) -> bool:
    """Whether an app of the draft serves a port."""
    return "port" in settings or bool(settings.get("ports"))


def stores(service: Service) -> bool:
    """Whether a service keeps data for others: its image does, and its command starts the server of the image."""
    words = [*service.settings.get("command", ()), *service.settings.get("args", ())]
    return keeps_data(service.settings["image"]) and starts_server(words)


def _spoken(service: Service, port: Served) -> Served:
    images = (service.settings["image"], service.dockerfile.base)
    return replace(port, of_php=any(serves_fastcgi(image, port.number) for image in images))


def _write_more(service: Service, port: Served) -> None:
    ports: dict[str, Any] = service.settings.setdefault("ports", {})
    usual = "fastcgi" if port.of_php else NOT_HTTP.get(port.number) or TLS_PORTS.get(port.number)
    base = port_name(port.name or usual or f"port-{port.number}")
    name = base if base not in ports else port_name(f"p-{port.number}-{port.protocol}")
    ports[name] = port.number if port.protocol == "tcp" else {"port": port.number, "protocol": "udp"}
    _note(service, port, ("ports", name))


def _note(service: Service, port: Served, to: Location) -> None:
    if not port.key:
        service.added(*to, why=port.why)
    elif port.published and not port.is_http:
        why = "it is served inside the cluster only; write traffic: { protocol: tcp } with kind: web to publish it"
        if port.number in TLS_PORTS:
            why = (
                "HTTPS of its own is served inside only; the platform has the certificates of the hosts under 'traffic'"
            )
        service.decided(port.key, *to, why=why)
    else:
        service.taken(port.key, *to)


def _write_traffic(service: Service, published: list[Served], web: Served, route: Route | None) -> None:
    draft = service.stack.draft
    if route is not None:
        service.settings["traffic"] = route.traffic
        return
    traffic: list[dict[str, Any]] = [{"host": example_host(draft.name, service.app)}]
    for port in published:
        if port.number != web.number:
            traffic.append({"host": example_host(draft.name, f"{service.app}-{port.number}"), "port": port.number})
    service.settings["traffic"] = traffic[0] if len(traffic) == 1 else traffic
    service.comment("replace: its name in DNS", "traffic")
    for port in (port for port in published if port.key):
        service.decided(
            port.key,
            "traffic",
            why="published: an app has a host name instead of a port of the machine; replace it by yours",
        )


def _all(service: Service, called: Mapping[str, set[int]], route: Route | None) -> list[Served]:
    """List the ports, each once; those that are published come first."""
    found: dict[tuple[int, str], Served] = {}
    for port in [*_published(service), *_exposed(service), *_known(service, called, route)]:
        before = found.get((port.number, port.protocol))
        if before is None:
            found[port.number, port.protocol] = port
        elif port.key and port.key != before.key:
            service.taken(port.key, text="is there already")
    return sorted(found.values(), key=lambda port: not port.published)


def _published(service: Service) -> Iterator[Served]:
    for index, item in enumerate(items(service.values.get(KEY))):
        key: Location = (KEY, index) if isinstance(service.values[KEY], list) else (KEY,)
        fields = _fields(item)
        numbers = _numbers(fields.get("target"))
        protocol = str(fields.get("protocol") or "tcp").lower()
        if not numbers or protocol not in {"tcp", "udp"}:
            service.missing(key, "is no port that can be read, of tcp or udp; write it under 'ports'")
            continue
        if len(numbers) > MOST_PORTS:
            service.missing(key, _RANGE)
            continue
        address = str(fields.get("host_ip") or "")
        for number in numbers:
            yield Served(
                number=number,
                key=key,
                protocol=protocol,
                published=address not in _LOOPBACK,
                name=str(fields.get("name") or ""),
            )
        if address in _LOOPBACK:
            service.decided(key, why=_INSIDE)
    if KEY in service.values and not service.values[KEY]:
        service.taken((KEY,), text="has none")


def _exposed(service: Service) -> Iterator[Served]:
    for index, item in enumerate(items(service.values.get("expose"))):
        key: Location = ("expose", index) if isinstance(service.values["expose"], list) else ("expose",)
        number, _, protocol = str(item).partition("/")
        numbers = _numbers(number)
        if not numbers or len(numbers) > MOST_PORTS or protocol not in {"", "tcp", "udp"}:
            service.missing(key, "is no port that can be read, of tcp or udp; write it under 'ports'")
        for one in numbers if len(numbers) <= MOST_PORTS else ():
            yield Served(number=one, key=key, protocol=protocol or "tcp")
    if "expose" in service.values and not service.values["expose"]:
        service.taken(("expose",), text="has none")


def _known(service: Service, called: Mapping[str, set[int]], route: Route | None) -> Iterator[Served]:
    """List the ports that a service does not name: its image, or who calls it, does."""
    if route is not None and route.port:
        yield Served(number=route.port, key=(), why="labels of Traefik name it")
    usual = usual_image(service.settings["image"]) or usual_image(service.dockerfile.base)
    is_told = _is_told(service)
    is_own = not is_told and not _runs_something_else(service)
    if service.dockerfile.ports and is_own:
        for number in service.dockerfile.ports:
            yield Served(number=number, key=(), why="EXPOSE of the Dockerfile names it")
    elif usual is not None and usual.port is not None and (is_own or (stores(service) and not is_told)):
        yield Served(number=usual.port, key=(), why="it is the port that this image serves")
    for number in sorted(called.get(service.app, ())):
        if number:
            yield Served(number=number, key=(), why="another service calls it there")
    if not is_told and usual is None and not service.dockerfile.ports:
        for number in _asked(service):
            yield Served(number=number, key=(), why="its health check asks there")


def _asked(service: Service) -> Iterator[int]:
    """List the ports at which a health check asks the service itself."""
    check = " ".join(map(str, items(service.get("healthcheck", "test"))))
    for number in dict.fromkeys(_ITSELF.findall(check)):
        yield from _numbers(number)


def _is_told(service: Service) -> bool:
    """Whether the service says itself what it serves."""
    return bool(service.values.get(KEY) or service.values.get("expose"))


def _runs_something_else(service: Service) -> bool:
    """Whether a command takes the place of the image's, which is what serves the image's ports."""
    first = next(iter(service.settings.get("args", ())), "")
    return "command" in service.settings or bool(first and not first.startswith("-"))


def _fields(item: object) -> Mapping[str, Any]:
    if isinstance(item, Mapping):
        return cast("Mapping[str, Any]", item)
    match = _SHORT.fullmatch(str(item).strip())
    if match is None:
        return {}
    return {"target": match["target"], "host_ip": match["address"], "protocol": match["protocol"]}


def _numbers(value: object) -> range:
    match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", str(value).strip())
    if match is None or isinstance(value, bool):
        return range(0)
    first, last = int(match[1]), int(match[2] or match[1])
    return range(first, last + 1) if 0 < first <= last < 65536 else range(0)
