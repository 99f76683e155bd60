"""Who has a volume of the project: the app that names it first owns it, and others have it from there."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from infra.importing.compose.mounts import KEY, Mount, mounts_of
from infra.importing.compose.order import replicas_of
from infra.importing.compose.service import Service
from infra.importing.names import own_name
from infra.usual_images import folder_on_disk, settings_of_volume
from infra.values import text

_SOCKET = re.compile(r"(?:/var)?/run/|.*(?<![a-z])sock(?:et)?s?(?![a-z])", re.IGNORECASE)
_SOCKETS = (
    "several services have it, and it looks like a folder of sockets, by which only containers of one pod reach each "
    "other: let them call the app by its name and port, or write the one under 'sidecars' of the other; until then it "
    "is an empty folder of each"
)
_EMPTY_SIZE = "64Mi"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The app that has a volume, and what it is called there."""

    app: str
    volume: str


@dataclass(frozen=True, kw_only=True)
class Owners:
    """The volumes of a project while its services are mapped, by what they are in the input."""

    services: Mapping[str, int]
    """How many services have each, but for those that run beside another one in its pod."""
    first: dict[str, Owner] = field(default_factory=dict[str, Owner])


def owners_among(services: Iterable[Service]) -> Owners:
    """Count who has which volume; nobody owns one yet."""
    alone = [one for one in services if not text(one.values, "network_mode").startswith("service:")]
    used = ({source_of(service, mount) for mount in mounts_of(service)} for service in alone)
    return Owners(services=Counter(source for sources in used for source in sources))


def source_of(service: Service, mount: Mount) -> str:
    """Return what a mount is of: the name of a volume, or the whole path of a folder of the host."""
    if mount.kind != "bind":
        return mount.source
    return os.path.normpath(service.stack.project.folder / mount.source)


def is_twice(service: Service, mount: Mount, owners: Owners) -> bool:
    """Whether the app has the volume at another place already, which is reported then."""
    owner = owners.first.get(source_of(service, mount))
    if owner is None or owner.app != service.app:
        return False
    at = service.settings[KEY][owner.volume]["mount"]
    service.missing(mount.key, f"it is mounted at {at}, too; mount it once, at a folder that holds both")
    return True


def is_of_sockets(service: Service, mount: Mount, owners: Owners) -> bool:
    """Whether services share a volume to reach each other by sockets, for which each gets a folder of its own."""
    is_shared = owners.services.get(source_of(service, mount), 0) > 1
    if not is_shared or not (_SOCKET.match(f"{mount.target}/") or _SOCKET.match(mount.source)):
        return False
    service.settings.setdefault("writable", {})[mount.target] = _EMPTY_SIZE
    service.missing(mount.key, _SOCKETS)
    return True


def apart_from(service: Service, mount: Mount, owners: Owners) -> str:
    """Return what to know of a folder of the host above or below this one, which is another volume here."""
    own = PurePosixPath(source_of(service, mount))
    for source, owner in owners.first.items():
        other = PurePosixPath(source)
        is_related = own.is_relative_to(other) or other.is_relative_to(own)
        if own != other and other.is_absolute() and is_related:
            theirs = f"{owner.app}.{owner.volume} is a folder above or below it, and a disk of its own here"
            return f"; {theirs}: mount one of the two where both need the same files"
    return ""


def shared_by(volume: Mapping[str, Any]) -> str:
    """Return what it takes that an app has the volume of another one."""
    return f"{volume['from']} is shared: true, which its storage class must allow (ReadWriteMany)"


def write_volume(service: Service, mount: Mount, owners: Owners, volume: Mapping[str, Any]) -> tuple[str, Any]:
    """Write a volume of an app, which is `volume` where nobody has it yet; return its name and what was written."""
    source = source_of(service, mount)
    called = PurePosixPath(mount.target if mount.kind == "bind" else source).name
    name = own_name(called, taken=service.settings.get(KEY, {}))
    owner = owners.first.setdefault(source, Owner(app=service.app, volume=name))
    written: dict[str, Any] = {"mount": mount.target, **volume}
    if owner.app != service.app:
        theirs = service.stack.draft.apps[owner.app][KEY][owner.volume]
        theirs["shared"] = True
        if "claim" in volume:
            written["shared"] = True
        else:
            written = {"mount": mount.target, "from": f"{owner.app}.{owner.volume}"}
    elif "claim" not in volume and not service.is_task and replicas_of(service) > 1:
        written["shared"] = True
    if mount.read_only:
        written["readOnly"] = True
    service.settings.setdefault(KEY, {})[name] = written
    folder = folder_on_disk(service.settings["image"], mount.target)
    if folder and written.get("kind") == "persistent" and "subPath" not in written:
        written["subPath"] = folder
        service.added(KEY, name, "subPath", why="a new disk has a folder lost+found, beside which it does not start")
    for key, value in settings_of_volume(mount.target, service.settings.get("env", {})).items():
        service.settings.setdefault("env", {})[key] = value
        service.added("env", key, why="a new disk has a folder lost+found, in which initdb makes no database")
    return name, written
