"""Ways in from outside: Ingresses, routes of the Gateway API, and Services that open ports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.importing.app_parts import example_host
from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.parts import Object, Part
from infra.importing.kubernetes.ports import Served
from infra.importing.kubernetes.world import World

_NGINX = "nginx.ingress.kubernetes.io/"
_CLASS = "kubernetes.io/ingress.class"
_REGULAR = re.compile(r"\.?[(\[|?*+\\^$].*")
_BY_INGRESS = "traffic stops at the Service until nightowl:platform.ingress names the controller of the cluster"
_NAMED_ELSEWHERE = {
    "cert-manager.io/cluster-issuer": "write it as nightowl:platform.ingress.clusterIssuer",
    "cert-manager.io/issuer": "make a ClusterIssuer, and write it as nightowl:platform.ingress.clusterIssuer",
}
_OPENED = ("LoadBalancer", "NodePort")


@dataclass(kw_only=True)
class Route:
    """Hosts and paths that lead to one port of an app."""

    port: str
    """Number or name of the Service's port."""
    hosts: list[str] = field(default_factory=list[str])
    paths: list[Any] = field(default_factory=list[Any])
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    pairs: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    parts: list[Part] = field(default_factory=list[Part])


def routes_to(app: App) -> list[Route]:
    """List the ways to an app that Ingresses and routes describe, one for each port."""
    found: dict[str, Route] = {}
    names = {one.name for one in app.workload.services}
    for ingress in app.world.of_kind("Ingress"):
        for host, path, backend in _paths(ingress):
            service, port = _backend(backend)
            if service.text in names:
                route = found.setdefault(_number(app, service.text, port), Route(port=_number(app, service.text, port)))
                _add(route, host.text, path["path"].text or "/", exact=path["pathType"].text == "Exact")
                route.parts += [host, path["path"], path["pathType"], service, port, backend["service"]]
                _annotated(route, ingress)
    for kind in ("HTTPRoute", "GRPCRoute"):
        for one in app.world.of_kind(kind):
            _gateway(app, one, kind, names, found)
    return list(found.values())


def _number(app: App, service: str, port: Part) -> str:
    """Return the number of the container's port behind a port of a Service."""
    for one in app.workload.services:
        if one.name == service:
            for entry in one.spec["ports"].items():
                if port.text in {entry["port"].text, entry["name"].text} or not port.given:
                    target = entry["targetPort"] if entry["targetPort"].given else entry["port"]
                    return str(app.workload.port_number(target) or entry["port"].number)
    return port.text


def _paths(ingress: Object) -> Iterator[tuple[Part, Part, Part]]:
    """List host, path and backend of each rule, also of the form that Kubernetes 1.19 and older have."""
    for rule in ingress.spec["rules"].items():
        for path in rule.at("http", "paths").items():
            yield rule["host"], path, path["backend"]
    for key in ("defaultBackend", "backend"):
        if ingress.spec[key].given:
            yield Part(None, ingress.spec.place), Part(None, ingress.spec.place), ingress.spec[key]


def _backend(backend: Part) -> tuple[Part, Part]:
    if backend["serviceName"].given:
        return backend["serviceName"], backend["servicePort"]
    port = backend.at("service", "port")
    return backend.at("service", "name"), port["number"] if port["number"].given else port["name"]


def _add(route: Route, host: str, path: str, *, exact: bool) -> None:
    prefix = _REGULAR.sub("", path).rstrip("/") or "/"
    entry: Any = {"path": path, "exact": True} if exact else prefix
    if host and host not in route.hosts:
        route.hosts.append(host)
    if entry not in route.paths:
        route.paths.append(entry)
    route.pairs.add((host, str(entry)))


def _annotated(route: Route, ingress: Object) -> None:
    notes = ingress.annotations
    if "true" in {notes.get(f"{_NGINX}force-ssl-redirect"), notes.get(f"{_NGINX}ssl-redirect")}:
        route.more["redirect"] = "https"
    if notes.get(f"{_NGINX}affinity") == "cookie":
        seconds = notes.get(f"{_NGINX}session-cookie-max-age", "")
        route.more["sticky"] = f"{min(int(seconds), 7 * 86400)}s" if seconds.isdigit() and int(seconds) else "1h"
    if notes.get(f"{_NGINX}backend-protocol", "").upper() in {"GRPC", "GRPCS"}:
        route.more["protocol"] = "grpc"
        route.more.pop("redirect", None)


def _gateway(app: App, one: Object, kind: str, names: set[str], found: dict[str, Route]) -> None:
    for rule in one.spec["rules"].items():
        for backend in rule["backendRefs"].items():
            if backend["name"].text not in names:
                continue
            port = _number(app, backend["name"].text, backend["port"])
            route = found.setdefault(port, Route(port=port))
            if kind == "GRPCRoute":
                route.more["protocol"] = "grpc"
            matches = list(rule["matches"].items()) or [Part(None, rule.place)]
            for match in matches:
                path = match["path"] if kind == "HTTPRoute" else Part(None, match.place)
                for host in list(one.spec["hostnames"].items()) or [Part(None, one.spec.place)]:
                    _add(route, host.text, path["value"].text or "/", exact=path["type"].text == "Exact")
                    route.parts.append(host)
                route.parts += [path["value"], path["type"]]
            route.parts += [backend["name"], backend["port"]]


def draft_traffic(app: App, routes: list[Route], first: Served) -> None:
    """Draft the addresses of an app."""
    usual = example_host(app.world.draft.name, app.name)
    addresses: list[dict[str, Any]] = []
    for route in routes:
        address: dict[str, Any] = dict(route.more)
        hosts = [host for host in route.hosts if _is_host(host)]
        why = ""
        if len(hosts) < len(route.hosts):
            hosts = hosts or [usual]
            why = "it is no name that DNS knows; replace it by a host of yours"
        address |= {"host": hosts[0]} if len(hosts) == 1 else {"hosts": hosts} if hosts else {}
        if route.paths != ["/"]:
            one = len(route.paths) == 1 and isinstance(route.paths[0], str)
            address |= {"path": route.paths[0]} if one else {"paths": route.paths}
        if route.port != str(first.number):
            address["port"] = int(route.port) if route.port.isdigit() else route.port
        if len(route.pairs) < max(len(route.hosts), 1) * len(route.paths):
            why = "each host takes all of the paths; an address of an app has both"
        addresses.append(address)
        for part in route.parts:
            app.took(part, "traffic", why=why if part.place[-1] in {"host", "path"} else "")
    if not addresses:
        addresses = _opened(app, first, usual)
    if addresses:
        app.said["traffic"] = addresses[0] if len(addresses) == 1 else addresses


def _is_host(text: str) -> bool:
    pattern = r"(?:\*\.)?(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\.)+(?![0-9]+$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
    return re.fullmatch(pattern, text) is not None


def _opened(app: App, first: Served, usual: str) -> list[dict[str, Any]]:
    for service in app.workload.services:
        kind = service.spec["type"]
        if kind.text not in _OPENED:
            continue
        if first.is_http:
            why = f"replace {usual} by a host of yours; {_BY_INGRESS}"
            app.took(kind, "traffic", why=why)
            return [{"host": usual}]
        if kind.text == "LoadBalancer" and first.protocol == "TCP":
            app.took(
                kind, "traffic", why="whole connections are forwarded, on EKS; on other clusters it is reached inside"
            )
            return [{"protocol": "tcp"}]
        app.took(
            kind,
            "ports",
            why="it is served inside only; write kind: web, port and traffic: {protocol: tcp} to publish it",
        )
    return []


def note_routes(world: World) -> None:
    """Note what Ingresses and routes say besides hosts and paths."""
    for ingress in world.of_kind("Ingress"):
        for key, part in ingress.part.at("metadata", "annotations").entries():
            _note_annotation(world, key, part)
        for host, path, backend in _paths(ingress):
            _note_backend(world, _backend(backend)[0], host, path if path.given else backend)
    for route in world.of_kind("HTTPRoute", "GRPCRoute"):
        for rule in route.spec["rules"].items():
            for backend in rule["backendRefs"].items():
                _note_backend(world, backend["name"], backend["name"])


def _note_backend(world: World, service: Part, *parts: Part) -> None:
    """Note the parts of a way that leads to a Service without a workload."""
    if service.given and world.served_by(service.text) is None:
        for part in (one for one in parts if one.given):
            world.ledger.missing(part.place, f"no workload of the input is behind Service {service.text}")


def _note_annotation(world: World, key: str, part: Part) -> None:
    name = key.removeprefix(_NGINX)
    if key == _CLASS:
        world.ledger.decided(part.place, why="write it as className below nightowl:platform.ingress")
    elif key in _NAMED_ELSEWHERE:
        world.ledger.missing(part.place, _NAMED_ELSEWHERE[key])
    elif name in {"affinity", "session-cookie-max-age"}:
        world.ledger.decided(part.place, why="it is 'traffic.sticky'")
    elif name in {"ssl-redirect", "force-ssl-redirect"}:
        world.ledger.decided(part.place, why="it is 'traffic.redirect'")
    elif name == "backend-protocol":
        world.ledger.decided(part.place, why="gRPC is 'traffic.protocol'; a container that speaks TLS has no key")
    elif name in {"rewrite-target", "app-root", "configuration-snippet", "server-snippet"}:
        world.ledger.missing(
            part.place, "there is no key: an app gets requests as they come; let it serve under that path"
        )
    elif name in {"whitelist-source-range"}:
        world.ledger.missing(
            part.place, "write the networks as 'allowFrom', or as allowFrom below nightowl:loadBalancer"
        )
    else:
        world.ledger.missing(
            part.place, "there is no key: 'protocol', 'sticky' and 'redirect' of 'traffic' say what there is"
        )
