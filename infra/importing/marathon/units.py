"""Apps and pods as the apps of a stack that they become, and the names by which they call each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.importing.marathon.ids import app_names, hosts_of, virtual_host
from infra.importing.marathon.ports import ports_of_app, ports_of_pod, virtual_addresses
from infra.importing.marathon.reader import Definitions
from infra.importing.marathon.work import Unit
from infra.values import mappings, sequence


def units_of(read: Definitions, group: str) -> dict[str, Unit]:
    """Return the apps and pods of all files by their ids; `group` is the one that holds them all."""
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


def hosts_of_units(units: Mapping[str, Unit]) -> dict[str, str]:
    """Return the apps of the stack by the names under which others know them."""
    hosts: dict[str, str] = {}
    for identifier, unit in units.items():
        for host in hosts_of(identifier):
            hosts.setdefault(host, unit.name)
        for port in unit.ports:
            for _, name, _ in virtual_addresses(port):
                hosts.setdefault(virtual_host(name), unit.name)
    return hosts


def _main_container(pod: Mapping[str, Any]) -> int:
    """Return the position of the container that is the app itself: the first that serves an endpoint."""
    containers = mappings(pod, "containers")
    return next((index for index, one in enumerate(containers) if sequence(one.get("endpoints"))), 0)
