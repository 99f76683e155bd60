"""Rules between the applications of a stack: names, flows from one to another, public addresses, and shared volumes.

They are checked on what can be read of each app in the plain values of the stack file, so that one app's mistake does
not hide another's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from infra.settings.app.lent_volumes import volume_errors
from infra.settings.app.peers import LOAD_BALANCER, SELF, Flow, Peer
from infra.settings.app.ports import Port, Ports, ServedPort, find_port, served_ports
from infra.settings.app.traffic import TrafficSettings
from infra.settings.app.volumes import VolumeSettings
from infra.settings.model import FieldError, repeated
from infra.settings.nearest import nearest
from infra.settings.partly import Location
from infra.values import mapping

_RESERVED_NAMES = {
    LOAD_BALANCER: "means the platform's load balancer in allowFrom",
    "default": "is the name of the service account that every namespace has",
    "localhost": "is every container's own name for itself",
    SELF: "means the pods of an app among themselves in allowTo",
}

_WITHOUT_PORTS = ("cron", "job")


@dataclass(frozen=True, kw_only=True)
class _App:
    """What can be read of one application; None stands for what cannot."""

    kind: str
    served: Sequence[ServedPort] | None
    traffic: Mapping[Location, TrafficSettings]
    """Its public addresses that can be read, each with its place below the app."""
    allow_to: Sequence[Peer | None]
    allow_from: Sequence[Peer | None]
    helpers: Sequence[Location]
    volumes: Mapping[str, VolumeSettings]
    depends_on: Sequence[str]


def interaction_errors(apps: object) -> Iterator[FieldError]:
    """Find the rules that are broken between `apps`, a mapping of names to plain values; locations are below the root.

    What is no mapping has none here, because the models refuse it.
    """
    known = {str(name): _read(mapping(value)) for name, value in mapping(apps).items()}
    for name in known:
        if name in _RESERVED_NAMES:
            yield FieldError(("apps", name), f"the name {name} {_RESERVED_NAMES[name]}; choose another")
    for name, app in known.items():
        for place in app.helpers:
            if place[-1] == name:
                yield FieldError(("apps", name, *place), "is the name of the app's own container; choose another")
    yield from _flow_errors(known)
    yield from _address_errors(known)
    stateful = frozenset(name for name, app in known.items() if app.kind == "stateful")
    yield from volume_errors({name: app.volumes for name, app in known.items()}, stateful)
    for name in stateful:
        if f"{name}-peers" in known:
            message = f"{name}-peers is the Service by which the replicas of {name} find each other; choose another"
            yield FieldError(("apps", f"{name}-peers"), message)
    yield from _order_errors({name: app.depends_on for name, app in known.items()})


def _flow_errors(apps: Mapping[str, _App]) -> Iterator[FieldError]:
    for name, app in apps.items():
        yield from _own_name_errors("allowTo", app.allow_to, name)
        yield from _own_name_errors("allowFrom", app.allow_from, name)
        for index, peer in enumerate(app.allow_to):
            message = peer and _target_error(peer, name, apps)
            if message:
                yield FieldError(("apps", name, "allowTo", index), message)
            elif peer is not None:
                for error in _port_errors(peer, name, apps):
                    yield error.below("apps", name, "allowTo", index)
        for index, peer in enumerate(app.allow_from):
            message = peer and _peer_error(peer, name, apps)
            if message:
                yield FieldError(("apps", name, "allowFrom", index), message)


def _own_name_errors(key: str, peers: Sequence[Peer | None], name: str) -> Iterator[FieldError]:
    """Find a peer that is the app itself by its name, and stands there as `self` too."""
    alike = [
        peer.model_copy(update={"app": SELF}) if peer and peer.app == name and peer.namespace is None else peer
        for peer in peers
    ]
    for index in repeated(alike):
        if alike[index] is not None and peers[index] not in peers[:index]:
            yield FieldError(("apps", name, key, index), f"{name} is the app itself, as self is too; remove one")


def _port_errors(peer: Peer, caller: str, apps: Mapping[str, _App]) -> Iterator[FieldError]:
    """Find ports of a peer in `allowTo` that it does not serve; locations are below the peer."""
    target = caller if peer.app == SELF else peer.app
    if target is None or peer.namespace is not None:
        for place in peer.named_ports():
            message = f"{peer.ports[place]} is a name, which only an app of this stack has; write the number"
            yield FieldError(("ports", place), message)
        return
    served = apps[target].served
    for place, reference in enumerate(peer.ports if served else ()):
        if find_port(reference, served or ()) is None:
            message = f"{reference} is no port of {target}, which has {', '.join(map(str, served or ()))}"
            yield FieldError(("ports", place), message)


def _target_error(peer: Peer, caller: str, apps: Mapping[str, _App]) -> str | None:
    if peer.load_balancer:
        return f"{LOAD_BALANCER} goes in allowFrom only; name the app or the network that is to be called"
    error = _peer_error(peer, caller, apps)
    if error or peer.app is None or peer.namespace is not None or peer.app in {SELF, caller}:
        return error
    target = apps[peer.app]
    if target.served != ():
        return None
    if target.kind in _WITHOUT_PORTS:
        return f"{peer.app} is of kind {target.kind}, which serves no port"
    return f"{peer.app} serves no port; name those that it serves under its 'ports'"


def _peer_error(peer: Peer, own_name: str, apps: Mapping[str, _App]) -> str | None:
    if peer.app is None or peer.namespace is not None or peer.app in {SELF, own_name}:
        return None
    if peer.app not in apps:
        return _not_an_app(peer.app, apps)
    return None


def _not_an_app(name: str, apps: Collection[str]) -> str:
    near = nearest(name, apps)
    hint = f"did you mean '{near}'?" if near else f"the apps are {', '.join(sorted(apps))}"
    return f"{name[:60]!r} is not an app of this stack; {hint}"


def _order_errors(depends_on: Mapping[str, Sequence[str]]) -> Iterator[FieldError]:
    for name, others in depends_on.items():
        for index, other in enumerate(others):
            if other not in depends_on:
                yield FieldError(("apps", name, "dependsOn", index), _not_an_app(other, depends_on))
    try:
        in_order(depends_on)
    except CycleError as error:
        # The sorter lists a circle against its direction.
        circle = list(reversed(error.args[1]))
        message = f"{' -> '.join(circle)} wait for each other, so that none would start; remove one of them"
        yield FieldError(("apps", circle[0], "dependsOn"), message)


def in_order(depends_on: Mapping[str, Sequence[str]]) -> list[str]:
    """List the names so that each comes after those that it depends on; those that are not listed are left out.

    Raises:
        graphlib.CycleError: some depend on each other.
    """
    known = {name: [other for other in others if other in depends_on] for name, others in depends_on.items()}
    return list(TopologicalSorter(known).static_order())


def _address_errors(apps: Mapping[str, _App]) -> Iterator[FieldError]:
    owners: dict[str, str] = {}
    for name, app in apps.items():
        for place, traffic in app.traffic.items():
            # Without HTTP the address is the load balancer's port, and has no host or path.
            for address in traffic.addresses if traffic.is_http else ():
                if address in owners:
                    other = f"{owners[address]} too; give each app its own"
                    whose = "this app already; remove one" if owners[address] == name else other
                    message = f"{address} is the address of {whose}"
                    yield FieldError(("apps", name, *place), message)
                owners.setdefault(address, name)


def _read(app: Mapping[str, object]) -> _App:
    return _App(
        kind=str(app.get("kind", "web")),
        served=_served(app),
        traffic=_traffic(app.get("traffic")),
        allow_to=_peers(app.get("allowTo")),
        allow_from=_peers(app.get("allowFrom")),
        helpers=[(key, str(name)) for key in ("init", "sidecars") for name in mapping(app.get(key))],
        volumes=_volumes(app.get("volumes")),
        depends_on=[item for item in _items(app.get("dependsOn")) if isinstance(item, str)],
    )


def _traffic(value: object) -> dict[Location, TrafficSettings]:
    several: dict[Location, object] = {("traffic", index): item for index, item in enumerate(_items(value))}
    read = {place: _valid(_TRAFFIC, item) for place, item in (several or {("traffic",): value}).items()}
    return {place: traffic for place, traffic in read.items() if traffic is not None}


def _volumes(value: object) -> dict[str, VolumeSettings]:
    read = {str(name): _valid(_VOLUME, volume) for name, volume in mapping(value).items()}
    return {name: volume for name, volume in read.items() if volume is not None}


def _served(app: Mapping[str, object]) -> Sequence[ServedPort] | None:
    """Read the ports of an app; None where some of them cannot be read, or one is missing, which its model says."""
    port, service_port, more = app.get("port"), app.get("servicePort"), mapping(app.get("ports") or {})
    if port is None and not more and app.get("kind", "web") == "web":
        return None
    try:
        return served_ports(
            _PORT.validate_python(port), _PORT.validate_python(service_port), _PORTS.validate_python(more)
        )
    except ValidationError:
        return None


def _peers(value: object) -> list[Peer | None]:
    return [_valid(_FLOW, item) for item in _items(value)]


def _items(value: object) -> Sequence[object]:
    return cast(Sequence[object], value) if isinstance(value, list | tuple) else ()


def _valid(adapter: TypeAdapter[_T], value: object) -> _T | None:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None


_T = TypeVar("_T")
_FLOW: TypeAdapter[Peer] = TypeAdapter(Flow)
_TRAFFIC = TypeAdapter(TrafficSettings)
_VOLUME = TypeAdapter(VolumeSettings)
_PORT: TypeAdapter[int | None] = TypeAdapter(Port | None)
_PORTS: TypeAdapter[Ports] = TypeAdapter(Ports)
