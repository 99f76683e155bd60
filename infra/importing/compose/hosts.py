"""Host names: how services call each other, which holds where an app is called otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from infra.importing.compose.service import Service
from infra.importing.compose.values import items
from infra.settings.partly import Location

_BEFORE = r"(?:(?<=://)|(?<=@)|(?<=^)|(?<=[=,\s;\"'\[(]))"
_OF_A_HOST = re.compile(r"host|server|addr|endpoint|broker|peer|seed|upstream|node|^-h$", re.IGNORECASE)
_AFTER = r"(?=$|[:/,;\s\"'\])?])"


def with_own_hosts(service: Service, key: Location, text: str, *, name: str = "") -> str:
    """Return a text in which host names of this project are those of its apps; the report tells what was changed.

    `name` is that of its variable or option: where it speaks of no host, a word alone is none.
    """
    hosts = service.stack.hosts
    if not hosts or not any(name in text for name in hosts):
        return text
    pattern = _hosts(tuple(hosts), alone=bool(_OF_A_HOST.search(name)))
    changed = pattern.sub(lambda match: hosts[match[0]], text)
    if changed != text:
        service.stack.ledger.decided(
            (*service.key(), *key), "apps", service.app, why="host names in it are those of the apps here"
        )
    return changed


def other_names(services: Mapping[str, Mapping[str, Any]], apps: Mapping[str, str]) -> dict[str, str]:
    """List the names by which services are called besides the one of their app."""
    found: dict[str, str] = {}
    for service, values in services.items():
        for name in (service, *_names(values)):
            if name != apps[service] and name not in apps.values():
                found.setdefault(name, apps[service])
    return {name: app for name, app in found.items() if re.fullmatch(r"[\w.-]+", name)}


def mentions(text: str, host: str) -> list[int]:
    """List the ports with which a host is named in a text; 0 stands for none."""
    if host not in text:
        return []
    found = re.findall(rf"{_BEFORE}{re.escape(host)}{_AFTER}(?::([0-9]{{1,5}}))?", text)
    return [int(port or 0) for port in found]


@lru_cache(maxsize=8)
def _hosts(names: tuple[str, ...], *, alone: bool) -> re.Pattern[str]:
    """Return what finds a host: in an address, before a port, and `alone` as a word of a list."""
    one = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    places = [
        rf"(?:(?<=://)|(?<=@))(?:{one})(?=$|[:/,?])",
        rf"(?:(?<=^)|(?<=[=,\s])|(?<=//))(?:{one})(?=:[0-9]{{2,5}}\b)",
    ]
    if alone:
        places.append(rf"(?:(?<=^)|(?<=,))(?:{one})(?=$|,)")
    return re.compile("|".join(places))


def _names(values: Mapping[str, Any]) -> Iterator[str]:
    for key in ("container_name", "hostname"):
        if isinstance(values.get(key), str):
            yield values[key]
    networks = values.get("networks")
    if isinstance(networks, Mapping):
        for network in cast("Mapping[str, Any]", networks).values():
            if isinstance(network, Mapping):
                yield from map(str, items(cast("Mapping[str, Any]", network).get("aliases")))
