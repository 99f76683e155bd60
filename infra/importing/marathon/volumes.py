"""Volumes, and the sandbox with what Mesos fetches into it."""

from __future__ import annotations

import math
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from infra.importing.app_parts import USUAL_SIZE, add_secret
from infra.importing.draft import Step
from infra.importing.marathon.work import SANDBOX, Unit, Work
from infra.importing.names import own_name
from infra.secret_texts.texts import in_text
from infra.settings.partly import Location
from infra.settings.scalars import bytes_text
from infra.usual_images import settings_of_volume
from infra.values import is_true, mapping, mappings, number, text

FETCHER = "docker.io/library/busybox:1.38.0"
_SYSTEM = re.compile(
    r"/(?:(?:bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|usr|var/run|var/lib/docker)(?:/|$))?$|"
    r"/(?:bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|usr|var/run|var/lib/docker)/"
)
"""Folders of a machine that hold no application's data."""
_CREDENTIALS = re.compile(r"(?:^|/)(?:docker[\w.-]*\.tar\.gz|\.dockercfg|\.docker)$")
_ARCHIVES = (
    ((".tgz", ".tar.gz"), "tar -xzf"), ((".tbz2", ".tar.bz2"), "tar -xjf"), ((".txz", ".tar.xz"), "tar -xJf"),
    ((".tar",), "tar -xf"), ((".zip", ".jar.zip"), "unzip -qo"), ((".gz",), "gunzip -f"),
)  # fmt: skip


def volumes_of_app(work: Work, unit: Unit) -> None:
    """Take the volumes of an app's container."""
    container = mapping(unit.value.get("container"))
    for index, volume in enumerate(mappings(container, "volumes")):
        at = (*unit.at, "container", "volumes", index)
        mount = text(volume, "containerPath")
        _volume(work, unit, volume, at, mount, is_read_only=text(volume, "mode") == "RO")
        if volume.get("mode") is not None:
            work.ledger.taken((*at, "mode"))
        if volume.get("containerPath") is not None and not any(volume.get(one) for one in ("hostPath", "secret")):
            work.ledger.taken((*at, "containerPath"), "apps", unit.name, "volumes")


def volumes_of_pod(work: Work, unit: Unit) -> None:
    """Take the volumes of a pod, each at the first place where a container mounts it."""
    mounts: dict[str, tuple[str, bool]] = {}
    for place, container in enumerate(mappings(unit.value, "containers")):
        for index, mount in enumerate(mappings(container, "volumeMounts")):
            at = (*unit.at, "containers", place, "volumeMounts", index)
            name, path = text(mount, "name"), text(mount, "mountPath")
            first = mounts.setdefault(name, (path, is_true(mount, "readOnly")))
            if first[0] == path:
                work.take(at, mount, ("name", "mountPath", "readOnly"), "apps", unit.name, "volumes", own_name(name))
            else:
                why = f"a volume is at one path in all containers, {first[0]}; let this one look there"
                work.ledger.missing(at, why)
    for index, volume in enumerate(mappings(unit.value, "volumes")):
        at = (*unit.at, "volumes", index)
        path, is_read_only = mounts.get(text(volume, "name"), ("", False))
        if path:
            _volume(work, unit, volume, at, path, is_read_only=is_read_only)
            work.take(at, volume, ("name",), "apps", unit.name, "volumes", own_name(text(volume, "name")))
        else:
            work.ledger.missing(at, "no container mounts it; leave it out")


def fetch(work: Work, unit: Unit, artifacts: Sequence[tuple[Location, Any]]) -> None:
    """Take what Mesos fetches: an init container loads it into the sandbox."""
    lines: list[str] = []
    for at, artifact in artifacts:
        uri = artifact if isinstance(artifact, str) else text(artifact, "uri")
        key = at if isinstance(artifact, str) else (*at, "uri")
        reason = _not_fetched(uri)
        if reason:
            work.ledger.missing(at, reason)
            continue
        lines.append(_fetched(uri, mapping(artifact)))
        why = "a container fetches it into the sandbox before the app starts; better: put it into the image"
        work.ledger.decided(key, "apps", unit.name, "init", "fetch", why=why)
        work.take(at, mapping(artifact), ("extract", "executable", "destPath"), "apps", unit.name, "init", "fetch")
    if lines:
        command = "; ".join(["set -e", f"cd {SANDBOX}", *lines])
        work.app(unit).setdefault("init", {})["fetch"] = {"image": FETCHER, "command": ["sh", "-c", command]}
        sandbox(work, unit)


def sandbox(work: Work, unit: Unit) -> None:
    """Add to an app the folder that Mesos gives a task."""
    volumes = work.app(unit).setdefault("volumes", {})
    volumes.setdefault("sandbox", {"mount": SANDBOX, "size": USUAL_SIZE})


def _volume(work: Work, unit: Unit, volume: Mapping[str, Any], at: Location, path: str, *, is_read_only: bool) -> None:
    mount = posixpath.normpath(posixpath.join(SANDBOX, path))
    host = text(volume, "hostPath") or text(volume, "host")
    if text(volume, "secret"):
        _secret(work, unit, text(volume, "secret"), at, mount)
    elif host:
        _host(work, unit, host, at, mount, is_pod="host" in volume, is_read_only=is_read_only)
    elif volume.get("persistent") is not None or volume.get("external") is not None:
        _persistent(work, unit, volume, at, mount, is_read_only=is_read_only)
    elif text(volume, "name"):
        _add(work, unit, text(volume, "name"), {"mount": mount, "size": USUAL_SIZE})
    else:
        work.ledger.missing(at, "says no place where it is kept; write a volume by hand")


def _persistent(
    work: Work, unit: Unit, volume: Mapping[str, Any], at: Location, mount: str, *, is_read_only: bool
) -> None:
    own, external = mapping(volume.get("persistent")), mapping(volume.get("external"))
    name = text(volume, "name") or text(external, "name") or posixpath.basename(mount)
    draft: dict[str, Any] = {"mount": mount, "size": USUAL_SIZE, "kind": "persistent"}
    mebibytes = number(own, "size") or (number(external, "size") or 0) * 1024
    if mebibytes:
        draft["size"] = size_text(mebibytes)
    if is_read_only:
        draft["readOnly"] = True
    if is_true(external, "shared") or (external and unit.replicas > 1):
        draft["shared"] = True
    name = _add(work, unit, name, draft)
    to = ("apps", unit.name, "volumes", name)
    kind = "persistent" if "persistent" in volume else "external"
    work.take((*at, kind), mapping(volume.get(kind)), ("size", "name", "shared"), *to)
    if not mebibytes:
        work.ledger.decided((*unit.at, "id"), *to, "size", why="the input says no size of it; 1Gi is a start")
    if external:
        what = f"{unit.name}: copy the data of the external volume {name} into its new claim, if it is needed"
        work.draft.steps.append(Step(what=what, command=""))


def _host(work: Work, unit: Unit, host: str, at: Location, mount: str, *, is_pod: bool, is_read_only: bool) -> None:
    key = (*at, "host" if is_pod else "hostPath")
    path_key = (*at, "name" if is_pod else "containerPath")
    if not host.startswith("/"):
        folder = posixpath.dirname(mount) if "." in posixpath.basename(mount) else mount
        if folder in {"/", ""} or _SYSTEM.match(folder):
            why = f"a file of the sandbox, which is {SANDBOX}/{posixpath.basename(host)} here; let the app look there"
            work.ledger.missing(key, why)
            work.ledger.missing(path_key, "nothing is mounted there; see hostPath")
            return
        name = _add(work, unit, posixpath.basename(host), {"mount": folder, "size": USUAL_SIZE})
        why = "a folder of the sandbox, which is a scratch volume"
        if "fetch" in mapping(work.app(unit).get("init")) or folder != mount:
            why += f"; what is fetched lies in {SANDBOX}, so let the app look there"
        work.ledger.decided(key, "apps", unit.name, "volumes", name, why=why)
        work.ledger.taken(path_key, "apps", unit.name, "volumes", name)
        return
    work.ledger.dangerous(key)
    is_data = not is_read_only and not _SYSTEM.match(host) and unit.replicas <= 1
    if is_data and not host.endswith(".sock"):
        volume = {"mount": mount, "size": USUAL_SIZE, "kind": "persistent"}
        name = _add(work, unit, posixpath.basename(mount), volume)
        why = "a disk that follows the pod, instead of a folder of one machine; correct its size"
        work.ledger.decided(path_key, "apps", unit.name, "volumes", name, why=why)
    else:
        work.ledger.missing(path_key, "nothing is mounted there; see hostPath")


def _secret(work: Work, unit: Unit, declared: str, at: Location, mount: str) -> None:
    source = text(mapping(mapping(unit.value.get("secrets")).get(declared)), "source") or declared
    name = add_secret(work.draft, unit.name, key=declared, of=f"{source} of the secret store")
    why = f"the file is /run/secrets/{name} instead of {mount}; point the app there"
    work.ledger.decided((*at, "secret"), "apps", unit.name, "secrets", name, why=why)
    if not unit.is_pod:
        work.ledger.decided((*at, "containerPath"), "apps", unit.name, "secrets", name, why=why)


def _add(work: Work, unit: Unit, name: str, draft: dict[str, Any]) -> str:
    volumes = work.app(unit).setdefault("volumes", {})
    free = own_name(name or "data", volumes)
    volumes[free] = draft
    env = mapping(work.app(unit).get("env"))
    for key, value in settings_of_volume(draft["mount"], env).items() if draft.get("kind") == "persistent" else ():
        work.app(unit)["env"] = {**env, key: value}
        why = "a new disk has a folder lost+found, in which initdb makes no database"
        work.ledger.decided((*unit.at, "id"), "apps", unit.name, "env", key, why=why)
    return free


def size_text(mebibytes: float) -> str:
    """Write a size as a stack file does: whole mebibytes, and 4 of them at least."""
    return bytes_text(max(math.ceil(mebibytes), 4) * 2**20)


def _not_fetched(uri: str) -> str:
    """Return why an artifact is not fetched; empty where it is."""
    if _CREDENTIALS.search(uri):
        return "credentials of a registry: name a Secret of type kubernetes.io/dockerconfigjson in 'pullSecrets'"
    if not re.match(r"https?://[^\s]+$", uri):
        return "no address that every node can fetch; put the file into the image, or into 'files'"
    if in_text(uri):
        return "its address holds a secret; put the file into the image"
    return ""


def _fetched(uri: str, artifact: Mapping[str, Any]) -> str:
    file = text(artifact, "destPath") or posixpath.basename(uri.split("?", maxsplit=1)[0].rstrip("/")) or "fetched"
    file = posixpath.normpath(f"/{file}").lstrip("/")
    name = shlex.quote(file)
    parts: list[str] = []
    if "/" in file:
        parts.append(f"mkdir -p {shlex.quote(posixpath.dirname(file))}")
    parts.append(f"wget -qO {name} {shlex.quote(uri)}")
    if is_true(artifact, "executable"):
        parts.append(f"chmod +x {name}")
    elif artifact.get("extract") is not False:
        parts += [f"{command} {name}" for ends, command in _ARCHIVES if file.endswith(ends)][:1]
    return "; ".join(parts)
