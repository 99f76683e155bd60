"""The ports of an app in the stack file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.importing.marathon.ports import ServedPort, other_forms, virtual_addresses
from infra.importing.marathon.traffic import http_port
from infra.importing.marathon.work import Unit, Work
from infra.settings.partly import Location
from infra.values import mapping, number


def ports(work: Work, unit: Unit) -> None:
    """Write the ports: the one that answers HTTP requests as `port`, the others under `ports`."""
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
