"""Ports of containers and Services."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.parts import Part
from infra.importing.names import port_name
from infra.usual_images import NOT_HTTP

_PROTOCOLS = ("http", "https", "grpc", "grpc-web", "http2", "h2c", "web", "ws")


@dataclass(kw_only=True)
class Served:
    """A port of the containers, and the port of the Service in front of it."""

    number: int
    name: str = ""
    service_port: int | None = None
    protocol: str = "TCP"
    application: str = ""
    """What it speaks, where the input says so."""
    parts: list[Part] = field(default_factory=list[Part])

    @property
    def is_http(self) -> bool:
        """Whether HTTP or gRPC is spoken there, by what its name, its number or the Service says."""
        said = self.application.rpartition("/")[2] or self.name.partition("-")[0]
        if said in _PROTOCOLS:
            return True
        return (
            self.protocol == "TCP"
            and self.number not in NOT_HTTP
            and self.service_port not in NOT_HTTP
            and said != "tcp"
        )


def served_ports(app: App) -> list[Served]:
    """List the ports of an app: those of its Services first, in their order, then what its containers name besides."""
    found: list[Served] = []
    services = sorted(
        app.workload.services, key=lambda one: (one.name != app.name, one.spec["clusterIP"].text == "None")
    )
    for service in services:
        for port in service.spec["ports"].items():
            _add_of_service(app, port, found)
    containers = [*app.workload.spec["containers"].items()]
    containers += [one for one in app.workload.spec["initContainers"].items() if one["restartPolicy"].text == "Always"]
    for container in sorted(containers, key=lambda one: one.place != app.workload.main.place):
        for port in container["ports"].items():
            number = port["containerPort"].number
            if number is None:
                continue
            protocol = port["protocol"].text or "TCP"
            known = _find(found, number, protocol)
            if known is None:
                known = Served(number=number, protocol=protocol)
                found.append(known)
            known.name = port["name"].text or known.name
            known.parts += [port["containerPort"], port["protocol"], port["name"]]
            for key in ("hostPort", "hostIP"):
                app.dangerous(port[key], "no port of a node is opened; 'traffic' is the way in from outside")
    return found


def _add_of_service(app: App, port: Part, found: list[Served]) -> None:
    target = port["targetPort"] if port["targetPort"].given else port["port"]
    number = app.workload.port_number(target)
    if number is None and port["port"].number is not None:
        number = port["port"].number
        what = f"no container has a port called {target.text}; {number} is taken"
        app.took(target, "port", why=what)
    if number is None:
        app.missing(port, "it names no port; leave it out")
        return
    protocol = port["protocol"].text or "TCP"
    known = _find(found, number, protocol)
    taken = [one for one in found if one.service_port == port["port"].number and one.protocol == protocol]
    if known is not None and known.service_port not in {None, port["port"].number}:
        what = (
            f"{known.service_port} leads to {number} too; a port of the container has one of the Service, so use that"
        )
        app.missing(port["port"], what)
        known.parts += [port["targetPort"], port["name"], port["protocol"], port["appProtocol"]]
        return
    if known is None:
        known = Served(number=number, protocol=protocol)
        found.append(known)
    if not taken or taken == [known]:
        known.service_port = port["port"].number
    known.name = known.name or port["name"].text
    known.application = known.application or port["appProtocol"].text
    known.parts += [port[key] for key in ("port", "targetPort", "name", "protocol", "appProtocol")]


def _find(found: list[Served], number: int, protocol: str) -> Served | None:
    return next((one for one in found if (one.number, one.protocol) == (number, protocol)), None)


def draft_ports(app: App, served: list[Served], first: Served | None) -> None:
    """Draft the ports, the first of which stands under `port`; without one, all stand under `ports`."""
    names: set[str] = set() if first is None else {"app"}
    for one in served:
        if one.protocol not in {"TCP", "UDP"}:
            for part in one.parts:
                app.missing(part, f"{one.protocol} is neither TCP nor UDP, which are the protocols here")
            continue
        if one is first:
            app.said["port"] = one.number
            if one.service_port not in {None, one.number}:
                app.said["servicePort"] = one.service_port
            for part in one.parts:
                app.took(part, "servicePort" if part.place[-1] == "port" else "port")
            continue
        name = _free(port_name(one.name or NOT_HTTP.get(one.number, f"port-{one.number}")), names)
        names.add(name)
        settings: dict[str, Any] = {"port": one.number}
        if one.protocol == "UDP":
            settings["protocol"] = "udp"
        if one.service_port not in {None, one.number}:
            settings["servicePort"] = one.service_port
        app.section("ports")[name] = one.number if len(settings) == 1 else settings
        for part in one.parts:
            app.took(part, "ports", name)


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[:12].rstrip('-')}-{number}"
    return free
