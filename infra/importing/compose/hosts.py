"""Host names: how services call each other, which holds where an app is called otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from infra.importing.compose.service import Service
from infra.importing.compose.values import items
from infra.settings.partly import Location

_BEFORE = r"(?:(?<=://)|(?<=@)|(?<=^)|(?<=[=,\s;\"'\[(]))"
_OF_A_HOST = re.compile(r"host|server|addr|endpoint|broker|peer|seed|upstream|node|^-h$", re.IGNORECASE)
_IN_ADDRESS = r"(?<=://)[\w.-]+(?![^/\s\"']*@)|(?<=@)[\w.-]+(?=$|[:/,?;\s\"'])"
_BEFORE_PORT = rf"{_BEFORE}[\w.-]+(?=:[0-9]{{2,5}}\b)|(?<=//)[\w.-]+(?=:[0-9]{{2,5}}\b)"
_PLACES = re.compile(f"{_IN_ADDRESS}|{_BEFORE_PORT}")
"""Where a host stands, whatever the text is: in an address, and before a port."""
_ALONE = re.compile(rf"{_PLACES.pattern}|(?:(?<=^)|(?<=,))[\w.-]+(?=$|,)")
"""And as a word of a list."""
_AFTER = r"(?=$|[:/,;\s\"'\])?])"
_ANY = re.compile(rf"{_BEFORE}([\w.-]+){_AFTER}(?::([0-9]{{1,5}}))?")
_ONLY_DOCKER = {
    "127.0.0.11": (
        "127.0.0.11 is Docker's DNS: write that of the cluster, such as kube-dns.kube-system.svc.cluster.local, and "
        "hosts that it is asked for as APP.NAMESPACE.svc.cluster.local"
    ),
    "host.docker.internal": (
        "host.docker.internal is the machine that runs Docker: write the name of who answers there, and let 'allowTo' "
        "open the way to it"
    ),
}
_OF_DOCKER = re.compile("|".join(map(re.escape, _ONLY_DOCKER)))
"""Names and addresses that only Docker knows (docs.docker.com/engine/network, docs.docker.com/desktop/features)."""
_TASKS = "tasks."
"""Before a service, it is Swarm's name of all its replicas."""


def with_own_hosts(service: Service, key: Location, text: str, *, name: str = "", to: Location = ()) -> str:
    """Return a text in which host names of this project are those of its apps; the report tells what was changed.

    `name` is that of its variable or option: where it speaks of no host, a word alone is none. `to` is where it stands
    in the app.
    """
    hosts = service.stack.hosts
    pattern = _ALONE if _OF_A_HOST.search(name) else _PLACES
    changed = pattern.sub(lambda match: hosts.get(match[0], match[0]), text)
    if changed != text:
        place = ("apps", service.app, *to)
        service.stack.ledger.decided(service.key(*key), *place, why="host names in it are those of the apps here")
    for found in dict.fromkeys(_OF_DOCKER.findall(text)):
        service.missing(key, f"in {to[-1] if to else name or key[-1]}, {_ONLY_DOCKER[found]}")
    return changed


def with_hosts_of_file(service: Service, key: Location, path: str, content: str) -> str:
    """Return the content of a file in which host names are those of the apps; what may be one still is reported."""
    changed = with_own_hosts(service, key, content, to=("files", path))
    left = [name for name in _rest(changed) if name in service.stack.hosts]
    if left:
        meant = ", ".join(f"{name} ({service.stack.hosts[name]})" for name in left)
        service.missing(
            key, f"{path}: it names {meant} where no host is sure to stand: write the name of the app there"
        )
    return changed


def _rest(content: str) -> list[str]:
    """List the words of a file, each once, that look like the name of a service rather than like one of a language."""
    return list(dict.fromkeys(re.findall(r"(?<![\w.-])\w+[_.][\w.-]*\w(?![\w.-])", content)))


def other_names(services: Mapping[str, Mapping[str, Any]], apps: Mapping[str, str]) -> dict[str, str]:
    """List the names by which services are called besides the one of their app."""
    found: dict[str, str] = {}
    for service, values in services.items():
        for name in (service, *_names(values), f"{_TASKS}{service}"):
            if name != apps[service] and name not in apps.values():
                found.setdefault(name, apps[service])
    return {name: app for name, app in found.items() if re.fullmatch(r"[\w.-]+", name)}


def named_hosts(text: str, names: Mapping[str, str]) -> dict[str, set[int]]:
    """Find the apps whose hosts a text names, each with the ports; 0 stands for none.

    `names` has the names of hosts, each with its app.
    """
    found: dict[str, set[int]] = {}
    for host, port in _ANY.findall(text):
        app = names.get(host)
        if app is not None:
            found.setdefault(app, set()).add(int(port or 0))
    return found


def _names(values: Mapping[str, Any]) -> Iterator[str]:
    for key in ("container_name", "hostname"):
        if isinstance(values.get(key), str):
            yield values[key]
    networks = values.get("networks")
    if isinstance(networks, Mapping):
        for network in cast("Mapping[str, Any]", networks).values():
            if isinstance(network, Mapping):
                yield from map(str, items(cast("Mapping[str, Any]", network).get("aliases")))
