"""Services that share the network of another one: they are sidecars of its app where that says the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from infra.importing.compose.ports import serves
from infra.importing.compose.service import Service
from infra.importing.compose.values import items
from infra.importing.findings import Finding
from infra.importing.keys import Column
from infra.settings.partly import Location
from infra.values import text

KEY = "network_mode"
_SHARED = "service:"
_OF_SIDECAR = ("image", "command", "args", "env", "files", "resources")
_OF_APP = ("secrets", "ports", "dependsOn")
"""What the app gets, as its pod has it once."""
_OF_POD = {"kind", "build", "security", "replicas", "health", "port", "volumes", *_OF_SIDECAR, *_OF_APP}
"""All that the app of a sidecar-to-be may say; whatever else it says would be lost."""
_STARTS = "it shares the app's pod, and so its network; it starts before the app, and stops after it"
_HEALTH = (
    "the app starts only after a sidecar that is asked has answered, which this one may do only when the app runs; "
    "write it under 'health' of the sidecar if it needs nothing of the app"
)
_PROCESSES = "there is no key: the containers of a pod do not see each other's processes"
_ALONE = "the containers of a pod share it: write this one under 'sidecars' of that app"
_SEEN = "all containers of the app's pod see it at that place"
_IPC = "the containers of a pod share it"


def fold_sidecars(services: Mapping[str, Service]) -> dict[str, Service]:
    """Write services that share the network of another one as its sidecars; return those that are apps."""
    apps = dict(services)
    for name, service in services.items():
        mode = text(service.values, KEY)
        for key in ("pid", "ipc"):
            if text(service.values, key).startswith(_SHARED):
                service.missing((key,), _PROCESSES if key == "pid" else _ALONE)
        if not mode.startswith(_SHARED):
            continue
        host = services.get(mode.removeprefix(_SHARED))
        reason = "it is no service that is imported" if host is None else next(_reasons(service, host), "")
        if host is None or reason:
            service.missing(
                (KEY,),
                f"it shares the network of another container, and is no sidecar of it here, as {reason}; write it "
                "under 'sidecars' of that app, or let it be found by its name",
            )
        else:
            _fold(service, host, services)
            del apps[name]
    return apps


def _reasons(service: Service, host: Service) -> Iterator[str]:
    """List why a service cannot be a sidecar of another one."""
    if host is service or text(host.values, KEY).startswith(_SHARED):
        yield f"{host.app} has no network of its own"
        return
    own, app = service.settings, host.settings
    other = sorted({*own} - _OF_POD)
    if service.is_task or host.is_task:
        yield "one of the two runs to its end"
    if service.values.get("ports"):
        yield f"it publishes ports; {host.app} does that for both"
    if other:
        yield f"a sidecar has no {', '.join(other)}"
    if own.get("replicas") != app.get("replicas"):
        yield "the two have other numbers of replicas"
    if own.get("security") != app.get("security"):
        yield "the two run as other users, or with other rights: make 'security' the same"
    for name, volume in own.get("volumes", {}).items():
        if not (_has_volume(app, host.app, volume) or _has_room(app, name, volume)):
            yield f"{host.app} has something else at {volume['mount']}, or another volume {name}"
    if not _can_share_secrets(own, app):
        yield "both have a variable or a file of the same name, one of them from a secret"


def _has_volume(app: Mapping[str, Any], name: str, volume: Mapping[str, Any]) -> bool:
    """Whether an app mounts a volume where its sidecar expects it."""
    return any(
        one["mount"] == volume["mount"] and volume.get("from") == f"{name}.{called}" and "readOnly" not in volume
        for called, one in app.get("volumes", {}).items()
    )


def _has_room(app: Mapping[str, Any], name: str, volume: Mapping[str, Any]) -> bool:
    """Whether an app can have a volume of its sidecar: all containers of a pod see a volume at one place."""
    mounts = [one["mount"] for one in app.get("volumes", {}).values()]
    taken = [*mounts, *app.get("files", {}), *app.get("writable", {})]
    mount = f"{volume['mount']}/"
    is_free = not any(f"{one}/".startswith(mount) or mount.startswith(f"{one}/") for one in taken)
    return is_free and name not in app.get("volumes", {})


def _can_share_secrets(own: Mapping[str, Any], app: Mapping[str, Any]) -> bool:
    mine, theirs = own.get("secrets", {}), app.get("secrets", {})
    both = {**theirs, **mine}
    variables = {text(one, "env") for one in both.values()} - {""}
    names = [text(one, "env") for one in both.values() if text(one, "env")]
    is_same = all(theirs[name] == one for name, one in mine.items() if name in theirs)
    return is_same and len(names) == len(variables) and not variables & {*own.get("env", {}), *app.get("env", {})}


def _fold(service: Service, host: Service, services: Mapping[str, Service]) -> None:
    draft, own, app = service.stack.draft, service.settings, host.settings
    place: Location = ("apps", host.app, "sidecars", service.app)
    app.setdefault("sidecars", {})[service.app] = {key: own[key] for key in _OF_SIDECAR if key in own}
    if "secrets" in own:
        app["secrets"] = {**app.get("secrets", {}), **own["secrets"]}
    _write_ports(service, host)
    _write_volumes(service, host, services)
    app["dependsOn"] = [*app.get("dependsOn", ()), *own.get("dependsOn", ())]
    del draft.apps[service.app]
    for other in services.values():
        _depend_on(other, service.app, host.app)
    moved = {_moved(at, service.app, place): comment for at, comment in draft.comments.items()}
    draft.comments = {at: comment for at, comment in moved.items() if at}
    service.stack.ledger.change(lambda finding: _changed(finding, service, host, place))
    service.stack.ledger.decided(service.key(KEY), *place, why=_STARTS)
    if service.values.get("ipc") == service.values[KEY]:
        service.stack.ledger.change(lambda finding: None if finding.key == service.key("ipc") else finding)
        service.stack.ledger.taken(service.key("ipc"), *place, text=_IPC)


def _write_ports(service: Service, host: Service) -> None:
    """Let the app serve what its sidecar serves: the address is that of the pod."""
    own, app = service.settings, host.settings
    served = [app.get("port"), *app.get("ports", {}).values()]
    more = {**own.get("ports", {}), **({f"port-{own['port']}": own["port"]} if "port" in own else {})}
    for name, port in more.items():
        if port not in served and name not in app.get("ports", {}):
            app.setdefault("ports", {})[name] = port
    if not serves(app):
        app["kind"] = "worker"


def _write_volumes(service: Service, host: Service, services: Mapping[str, Service]) -> None:
    """Add to the app the volumes of its sidecar that it has not itself, and let others share them from there."""
    volumes, app = service.settings.get("volumes", {}), host.settings
    same = {name: one for name, one in volumes.items() if _has_volume(app, host.app, one)}
    more = {name: one for name, one in volumes.items() if name not in same}
    _keep_alone(host, same, services)
    if more:
        app["volumes"] = {**app.get("volumes", {}), **more}
    for other in services.values():
        for volume in other.stack.draft.apps.get(other.app, {}).get("volumes", {}).values():
            if volume.get("from", "").partition(".")[0] == service.app:
                volume["from"] = f"{host.app}.{volume['from'].partition('.')[2]}"


def _keep_alone(host: Service, volumes: Mapping[str, Any], services: Mapping[str, Service]) -> None:
    """Let a volume that only the sidecar shares be one that a single pod has."""
    sources = {volume["from"].partition(".")[2] for volume in volumes.values()}
    for name in sources:
        used = [
            volume
            for other in services.values()
            for volume in other.stack.draft.apps.get(other.app, {}).get("volumes", {}).values()
            if volume.get("from") == f"{host.app}.{name}" and volume not in volumes.values()
        ]
        if not used and host.settings.get("replicas") == 1:
            host.settings["volumes"][name].pop("shared", None)


def _depend_on(other: Service, sidecar: str, app: str) -> None:
    """Let whoever waits for the sidecar wait for its app, which does not wait for itself."""
    settings = other.stack.draft.apps.get(other.app)
    if settings is None or "dependsOn" not in settings:
        return
    named = [app if name == sidecar else name for name in settings["dependsOn"]]
    settings["dependsOn"] = [name for name in dict.fromkeys(named) if name != other.app]
    if not settings["dependsOn"]:
        del settings["dependsOn"]


def _moved(at: Location, app: str, place: Location) -> Location:
    """Return where a value of the service's app is now; nothing for one that the pod has once."""
    if at[:2] != ("apps", app):
        return at
    rest = at[2:]
    if not rest or rest[0] in _OF_SIDECAR:
        return (*place, *rest)
    return (*place[:2], *rest) if rest[0] in _OF_APP else ()


def _changed(finding: Finding, service: Service, host: Service, place: Location) -> Finding | None:
    """Return what became of a key of the service now that it is a sidecar."""
    if finding.to[:2] != ("apps", service.app):
        return finding
    if "volumes" in finding.to[2:3] and finding.key:
        is_own = finding.to[3:4] and finding.to[3] in host.settings.get("volumes", {})
        to = (*place[:2], *(finding.to[2:] if is_own else ("volumes",)))
        return replace(finding, to=to, text=f"{finding.text}; {_SEEN}" if finding.text else "")
    if "dependsOn" in finding.to[2:3] and _names(service.values.get("depends_on"), finding.key[-1], host.name):
        return replace(finding, column=Column.DECIDED, to=place, text=_STARTS)
    if "health" in finding.to[2:3]:
        return replace(finding, column=Column.MISSING, to=(), text=_HEALTH) if finding.key else None
    to = _moved(finding.to, service.app, place)
    return replace(finding, to=to) if to or finding.key else None


def _names(depends: object, step: str | int, name: str) -> bool:
    """Whether a step of `depends_on` names a service."""
    return step == name or (isinstance(step, int) and items(depends)[step : step + 1] == [name])
