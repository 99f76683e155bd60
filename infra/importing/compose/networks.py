"""Who may call whom: services on one network keep the way to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.importing.app_parts import ANYWHERE, MOST_CALLERS_OF_ALL
from infra.importing.compose.hosts import named_hosts
from infra.importing.compose.ports import serves, stores
from infra.importing.compose.service import Service, Stack
from infra.importing.compose.values import is_on, items
from infra.settings.partly import Location
from infra.values import mapping

KEY = "networks"
_BY_NETWORK = "they share a network; remove those that it does not call"
_BY_REASON = f"of more than {MOST_CALLERS_OF_ALL} apps, those that it names or depends on; add what it calls besides"
_OUTSIDE = "containers of the input reach the internet; remove it if the app calls nobody there"
_NETWORK_OF_NODE = "an app has a network of its own; its ports are under 'ports', and 'traffic' is the way in"
_ALIAS = (
    "another name, under which nobody finds the app here: where it stood in a host's place, the app's name does now; "
    "change what has it built in"
)


def map_networks(services: Sequence[Service], texts: Mapping[str, str]) -> None:
    """Write whom each app may call; `texts` has all that each service says, in which others are named."""
    by_reason = len(services) > MOST_CALLERS_OF_ALL
    known = {service.app: service for service in services}
    order = {app: index for index, app in enumerate(known)}
    networks = {service.app: _networks(service) for service in services}
    for service in services:
        wanted = _wanted(service, texts[service.name]) if by_reason or stores(service) else known.keys() - {service.app}
        called = [app for app in wanted if app in known and networks[app] & networks[service.app]]
        flows = [app for app in called if serves(known[app].settings)]
        _write_flows(service, sorted(flows, key=order.__getitem__), by_reason=by_reason)
        _note_networks(service)


def called_ports(stack: Stack, texts: Mapping[str, str]) -> dict[str, set[int]]:
    """Find the ports by which services name each other, by the names of the apps."""
    called: dict[str, set[int]] = {}
    for name, text in texts.items():
        for app, ports in named_hosts(text, stack.names).items():
            if app != stack.apps[name]:
                called.setdefault(app, set()).update(ports - {0})
    return called


def _wanted(service: Service, said: str) -> set[str]:
    """List the apps that a service has a reason to call: one that keeps data only those that it names with a port."""
    named = named_hosts(said, service.stack.names).items()
    needed = [*service.settings.get("dependsOn", ()), *_linked(service)]
    return {*needed, *(app for app, ports in named if any(ports) or not stores(service))} - {service.app}


def _linked(service: Service) -> list[str]:
    links = [str(link).partition(":")[0] for link in items(service.values.get("links"))]
    return [service.stack.apps[name] for name in links if name in service.stack.apps]


def _write_flows(service: Service, called: Sequence[str], *, by_reason: bool) -> None:
    flows = list(called)
    if _reaches_internet(service) and not stores(service):
        flows.append(ANYWHERE)
        service.added("allowTo", len(flows) - 1, why=_OUTSIDE)
    if flows:
        service.settings["allowTo"] = flows
    if called and not stores(service):
        service.added("allowTo", why=_BY_REASON if by_reason else _BY_NETWORK)


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
