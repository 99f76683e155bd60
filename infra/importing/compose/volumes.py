"""Volumes: named ones are persistent, and temporary ones lie on the disk of the node."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from infra.importing.app_parts import USUAL_SIZE
from infra.importing.compose.binds import map_bind
from infra.importing.compose.mounts import KEY, Mount, mounts_of, normal_path
from infra.importing.compose.owned import Owners, is_of_sockets, is_twice, shared_by, write_volume
from infra.importing.compose.service import Service
from infra.importing.compose.values import is_on, items, pairs, size_of, size_text
from infra.importing.names import own_name
from infra.settings.partly import Location
from infra.values import mapping, text

_SIZE = (
    "the input gives no size; raise it to what the data needs. Docker fills a new volume "
    "from the image, Kubernetes does not"
)
_LEAST_BYTES = 2**20
"""A number below means gigabytes, as drivers of disks of a cloud take it (such as rexray/ebs)."""
_IN_IMAGE = "the image's own folder is there; what must outlive the pod, write as a volume of kind: persistent"


def map_volumes(service: Service, owners: Owners) -> None:
    """Write the volumes of a service; `owners` keeps who has each one first."""
    for mount in mounts_of(service):
        target = mount.target
        if not target.startswith("/") or ".." in target.split("/") or target == "/":
            service.missing(mount.key, "is no absolute path in the container; write it as 'mount'")
        elif mount.kind == "volume" and mount.source:
            _map_named(service, mount, owners)
        elif mount.kind == "volume":
            service.decided(mount.key, why=_IN_IMAGE)
        elif mount.kind == "bind":
            map_bind(service, mount, owners)
        elif mount.kind == "tmpfs":
            _map_tmpfs(service, mount.key, target, mapping(mount.options.get("tmpfs")).get("size"))
        else:
            service.missing(
                mount.key,
                (
                    f"volumes of type {mount.kind} are not there; put it into the image, or "
                    "write a volume of kind: persistent"
                ),
            )
    _map_tmpfs_key(service)
    if KEY in service.values and not service.values[KEY]:
        service.taken((KEY,), KEY, text="has none")


def map_volumes_of_project(values: Mapping[str, object], owners: Owners, service: Service) -> None:
    """Note what becomes of the volumes at the top."""
    ledger = service.stack.ledger
    for name in mapping(values.get(KEY)):
        value = mapping(mapping(values.get(KEY)).get(name))
        owner = owners.first.get(name)
        if owner is None:
            is_used = name in owners.services
            ledger.decided((KEY, name), why="no app has it" if is_used else "no app that is imported has it")
            continue
        place = ("apps", owner.app, KEY, owner.volume)
        if not value:
            ledger.taken((KEY, name), *place)
        if value.get("driver") == "local" and "driver_opts" not in value:
            ledger.taken((KEY, name, "driver"), *place, text="it is the default")
        for key in ("external", "name", "x-size"):
            if key in value:
                ledger.taken((KEY, name, key), *place)
        if is_on(value.get("external")) or isinstance(value.get("external"), Mapping):
            ledger.decided(
                (KEY, name, "external"),
                *place,
                "claim",
                why="a PersistentVolumeClaim of that name must be in the namespace",
            )


def _map_named(service: Service, mount: Mount, owners: Owners) -> None:
    if is_of_sockets(service, mount, owners) or is_twice(service, mount, owners):
        return
    top = mapping(mapping(service.stack.project.source.values.get(KEY)).get(mount.source))
    if is_on(top.get("external")) or isinstance(top.get("external"), Mapping):
        volume = {"claim": own_name(text(top, "external", "name") or text(top, "name") or mount.source)}
    else:
        volume = {"size": _size(top) or USUAL_SIZE, "kind": "persistent"}
    name, written = write_volume(service, mount, owners, volume)
    _note_named(service, mount, name, written)


def _note_named(service: Service, mount: Mount, name: str, volume: Mapping[str, Any]) -> None:
    to = (KEY, name)
    if "from" in volume:
        service.decided(
            mount.key,
            *to,
            why=f"several apps have it, so {shared_by(volume)}",
        )
    elif "claim" in volume:
        shared = (
            "; several apps have it, which its storage class must allow (ReadWriteMany)" if "shared" in volume else ""
        )
        service.decided(mount.key, *to, why=f"it is there already, as claim {volume['claim']}{shared}")
    else:
        service.decided(mount.key, *to, why=_SIZE)
    subpath = text(mount.options, "volume", "subpath")
    if subpath and isinstance(mount.key[-1], int):
        service.settings[KEY][name]["subPath"] = subpath
        service.taken((*mount.key, "volume", "subpath"), *to, "subPath")


def _size(volume: Mapping[str, Any]) -> str | None:
    options = mapping(volume.get("driver_opts"))
    given = re.search(r"(?:^|,)size=(\w+)", text(options, "o"))
    written = given[1] if given else str(options.get("size", ""))
    size = size_of(f"{written}g" if written.isdigit() and int(written) < _LEAST_BYTES else written)
    return size_text(size) if size else None


def _map_tmpfs_key(service: Service) -> None:
    value = service.values.get("tmpfs")
    for index, item in enumerate(items(value)):
        path, _, options = str(item).partition(":")
        size = next((one for _, name, one in pairs(options.split(",")) if name == "size"), None)
        _map_tmpfs(service, ("tmpfs", index) if isinstance(value, list) else ("tmpfs",), normal_path(path), size)
    if "tmpfs" in service.values and not value:
        service.taken(("tmpfs",), "writable", text="has none")


def _map_tmpfs(service: Service, key: Location, path: str, given: object) -> None:
    size = size_of(given) if given is not None else None
    if path == "/dev/shm":  # noqa: S108  # the path in the container
        service.settings["shm"] = size_text(size or 64 * 2**20)
        service.taken(key, "shm")
        return
    if not path.startswith("/") or path == "/":
        service.missing(key, "is no absolute path in the container; write it under 'writable'")
        return
    service.settings.setdefault("writable", {})[path] = size_text(size) if size and size >= 4 * 2**20 else "64Mi"
    service.decided(key, "writable", path, why="it lies on the node's disk, and is empty at each start, too")
