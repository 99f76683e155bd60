"""Rules between the applications of a stack: names, flows from one to another, and public addresses.

They are judged on what can be read of each app, so that one app's mistake does not hide another's: finished settings
are taken as well as plain values straight from the stack file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from infra.settings.app.application import CronSettings, WebSettings, WorkerSettings
from infra.settings.app.traffic import LOAD_BALANCER, Flow, Peer, TrafficSettings
from infra.settings.model import FieldError, Location
from infra.settings.nearest import nearest

_RESERVED_NAMES = {
    LOAD_BALANCER: "means the platform's load balancer in allowFrom",
    "default": "is the name of the service account that every namespace has",
    "localhost": "is every container's own name for itself",
}


@dataclass(frozen=True, kw_only=True)
class _App:
    """What can be read of one application; None stands for what cannot."""

    kind: str
    port: object
    traffic: TrafficSettings | None
    allow_to: Sequence[Peer | None]
    allow_from: Sequence[Peer | None]
    helpers: Sequence[Location]


def interaction_errors(apps: object) -> list[FieldError]:
    """Find the rules that are broken between `apps`, a mapping of names to settings or to plain values.

    The errors name keys below `apps`. What is no mapping at all has none: the models say so.
    """
    if not isinstance(apps, Mapping):
        return []
    known = {str(name): _read(value) for name, value in cast(Mapping[Any, Any], apps).items()}
    return [*_name_errors(known), *_flow_errors(known), *_address_errors(known)]


def _name_errors(apps: Mapping[str, _App]) -> list[FieldError]:
    reserved = [
        FieldError((name,), f"the name {name} {_RESERVED_NAMES[name]}; choose another")
        for name in apps
        if name in _RESERVED_NAMES
    ]
    helpers = [
        FieldError((name, *place), "is the name of the app's own container; choose another")
        for name, app in apps.items()
        for place in app.helpers
        if place[-1] == name
    ]
    return reserved + helpers


def _flow_errors(apps: Mapping[str, _App]) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, app in apps.items():
        for index, peer in enumerate(app.allow_to):
            message = peer and _target_flaw(peer, name, apps)
            if message:
                errors.append(FieldError((name, "allowTo", index), message))
        for index, peer in enumerate(app.allow_from):
            message = peer and _app_flaw(peer, name, apps)
            if message:
                errors.append(FieldError((name, "allowFrom", index), message))
    return errors


def _target_flaw(peer: Peer, caller: str, apps: Mapping[str, _App]) -> str | None:
    if peer.load_balancer:
        return f"{LOAD_BALANCER} goes in allowFrom only; name the app or the network that is to be called"
    flaw = _app_flaw(peer, caller, apps)
    if flaw or peer.app is None:
        return flaw
    kind = apps[peer.app].kind
    return f"{peer.app} is of kind {kind}, which serves no port" if kind in {"worker", "cron"} else None


def _app_flaw(peer: Peer, own_name: str, apps: Mapping[str, _App]) -> str | None:
    if peer.app is None:
        return None
    if peer.app == own_name:
        return f"{peer.app} is this app itself; name another"
    if peer.app not in apps:
        near = nearest(peer.app, apps)
        hint = f"did you mean '{near}'?" if near else f"the apps are {', '.join(sorted(apps))}"
        return f"{peer.app[:60]!r} is not an app of this stack; {hint}"
    return None


def _address_errors(apps: Mapping[str, _App]) -> list[FieldError]:
    errors: list[FieldError] = []
    owners: dict[str, str] = {}
    for name, app in apps.items():
        # A TCP app has the load balancer's port as its address, and no host or path.
        if app.traffic is None or app.traffic.protocol == "tcp":
            continue
        address = _address(app.traffic, app.port)
        if address in owners:
            message = f"{address} is the address of {owners[address]} too; give each app its own"
            errors.append(FieldError((name, "traffic"), message))
        owners.setdefault(address, name)
    return errors


def _address(traffic: TrafficSettings, port: object) -> str:
    if traffic.protocol == "tcp":
        return f"TCP port {port}"
    # An Ingress and an ALB compare paths by their segments, so /api and /api/ are one.
    return f"{traffic.host or 'any host'}{traffic.path.rstrip('/') or '/'}"


def _read(value: object) -> _App:
    if isinstance(value, WebSettings | WorkerSettings | CronSettings):
        return _App(
            kind=value.kind,
            port=value.port if isinstance(value, WebSettings) else None,
            traffic=value.traffic if isinstance(value, WebSettings) else None,
            allow_to=value.allow_to,
            allow_from=value.allow_from if isinstance(value, WebSettings) else (),
            helpers=[("init", name) for name in value.init] + [("sidecars", name) for name in value.sidecars],
        )
    plain = _mapping(value)
    return _App(
        kind=str(plain.get("kind", "web")),
        port=plain.get("port"),
        traffic=_traffic(plain.get("traffic")),
        allow_to=_peers(plain.get("allowTo")),
        allow_from=_peers(plain.get("allowFrom")),
        helpers=[(key, str(name)) for key in ("init", "sidecars") for name in _mapping(plain.get(key))],
    )


def _mapping(value: object) -> Mapping[Any, object]:
    return cast(Mapping[Any, object], value) if isinstance(value, Mapping) else {}


def _traffic(value: object) -> TrafficSettings | None:
    try:
        return TrafficSettings.model_validate(value)
    except ValidationError:
        return None


def _peers(value: object) -> list[Peer | None]:
    return [_peer(item) for item in cast(Sequence[object], value)] if isinstance(value, list | tuple) else []


def _peer(value: object) -> Peer | None:
    try:
        return _FLOW.validate_python(value)
    except ValidationError:
        return None


_FLOW: TypeAdapter[Peer] = TypeAdapter(Flow)
