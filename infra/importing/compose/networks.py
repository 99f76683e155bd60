"""Who may call whom: services on one network keep the way to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.importing.app_parts import ANYWHERE, MOST_CALLERS_OF_ALL
from infra.importing.compose.hosts import mentions
from infra.importing.compose.ports import serves
from infra.importing.compose.service import Service
from infra.importing.compose.values import is_on, items
from infra.importing.usual_images import keeps_data
from infra.settings.partly import Location
from infra.values import mapping

KEY = "networks"
_BY_NETWORK = "they share a network; remove those that it does not call"
_BY_REASON = f"of more than {MOST_CALLERS_OF_ALL} apps, those that it names or depends on; add what it calls besides"
_OUTSIDE = "containers of the input reach the internet; remove it if the app calls nobody there"
_NETWORK_OF_NODE = "an app has a network of its own; its ports are under 'ports', and 'traffic' is the way in"
_ALIAS = (
    "another name, under which nobody finds the app here: where it stood in a host's place, the app's name does now"
)


def map_networks(services: Sequence[Service], texts: Mapping[str, str]) -> None:
    """Write whom each app may call; `texts` has all that each service says, in which others are named."""
    by_reason = len(services) > MOST_CALLERS_OF_ALL
    for service in services:
        _write_flows(service, services, texts[service.name], by_reason=by_reason)
        _note_networks(service)


def called_ports(services: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str]) -> dict[str, set[int]]:
    """Find the ports by which services name each other."""
    return {
        name: {port for other, text in texts.items() if other != name for port in mentions(text, name)} - {0}
        for name in services
    }


def _write_flows(service: Service, services: Sequence[Service], said: str, *, by_reason: bool) -> None:
    flows: list[str] = []
    is_store = keeps_data(service.settings["image"])
    for other in services:
        if other is service or not serves(other.settings) or not _share(service, other):
            continue
        if not (by_reason or is_store) or _is_named(service, other, said):
            flows.append(other.app)
    if _reaches_internet(service) and not is_store:
        flows.append(ANYWHERE)
        service.added("allowTo", len(flows) - 1, why=_OUTSIDE)
    if flows:
        service.settings["allowTo"] = flows
    if any(flow != ANYWHERE for flow in flows) and not is_store:
        service.added("allowTo", why=_BY_REASON if by_reason else _BY_NETWORK)


def _is_named(service: Service, other: Service, said: str) -> bool:
    """Whether a service names another one: in what it says, with a port if it keeps data, or as one that it needs."""
    ports = [*mentions(said, other.name), *mentions(said, other.app)]
    links = [str(link).partition(":")[0] for link in items(service.values.get("links"))]
    is_called = any(ports) if keeps_data(service.settings["image"]) else bool(ports)
    return is_called or other.app in service.settings.get("dependsOn", ()) or other.name in links


def _note_networks(service: Service) -> None:
    value = service.values.get(KEY)
    if KEY in service.values and not value:
        service.taken((KEY,), "allowTo", text="has none")
    for name, fields in mapping(value).items():
        if "aliases" in mapping(fields):
            service.decided((KEY, name, "aliases"), why=_ALIAS)
        elif not mapping(fields):
            service.taken((KEY, name), "allowTo")
    for index in range(0 if isinstance(value, Mapping) else len(items(value))):
        service.taken((KEY, index), "allowTo")
    mode = service.values.get("network_mode")
    if mode == "host":
        service.dangerous(("network_mode",), _NETWORK_OF_NODE)
    elif mode in ("none", "bridge", "default"):
        service.taken(("network_mode",), "allowTo")
    elif mode is not None and not str(mode).startswith("service:"):
        service.missing(
            ("network_mode",), "it shares the network of another container: write it under 'sidecars' of that app"
        )
    links = service.values.get("links")
    for index, link in enumerate(items(links)):
        key: Location = ("links", index) if isinstance(links, list) else ("links",)
        if ":" in str(link):
            service.decided(key, "allowTo", why=_ALIAS)
        else:
            service.taken(key, "allowTo")
    if "links" in service.values and not links:
        service.taken(("links",), "allowTo", text="has none")


def _share(one: Service, other: Service) -> bool:
    return bool(_networks(one) & _networks(other))


def _networks(service: Service) -> set[str]:
    mode = service.values.get("network_mode")
    if mode == "none":
        return set()
    of = str(mode).removeprefix("service:") if str(mode).startswith("service:") else service.name
    value = mapping(mapping(service.stack.project.source.values.get(service.section)).get(of)).get(KEY)
    return set(map(str, mapping(value) if isinstance(value, Mapping) else items(value))) or {"default"}


def _reaches_internet(service: Service) -> bool:
    top = mapping(service.stack.project.source.values.get(KEY))
    return any(not is_on(mapping(top.get(name)).get("internal")) for name in _networks(service))
