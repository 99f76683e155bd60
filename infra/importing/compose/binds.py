"""Mounted paths of the host: files of the checkout become `files`, folders for data volumes, and the rest stays out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from infra.importing.app_parts import USUAL_SIZE
from infra.importing.compose.files import TOO_MUCH, is_inside, read_file, read_folder
from infra.importing.compose.hosts import with_hosts_of_file
from infra.importing.compose.mounts import KEY, Mount
from infra.importing.compose.owned import (
    Owners,
    apart_from,
    is_of_sockets,
    is_twice,
    shared_by,
    source_of,
    write_volume,
)
from infra.importing.compose.service import Service
from infra.secret_texts.texts import in_file
from infra.values import text

_HOST = (
    "no path of a node is mounted; write a volume of kind: persistent, and copy what is in it, or put it into the image"
)
_SOCKET = "who has the socket of Docker has the node; what an app needs of the cluster, it asks of the API server"
_SYSTEM = re.compile(
    r"/(?:$|(?:bin|boot|dev|etc|lib|lib64|proc|root|rootfs|run|sbin|sys|tmp|usr|var)(?:/|$)|host)|[A-Za-z]:|\\\\|\$"
)
"""Paths of the system of a host, and what may lead anywhere."""
_DATA = re.compile(r"/var/(?:lib|opt|www)/(?!docker\b|kubelet\b|container|cni\b|dbus\b|systemd\b|rancher\b)\w")
"""Where programs of a host keep data, but for what runs containers."""
_SEEN_THROUGH = re.compile(r"/(?:dev|proc|sys|host|rootfs|run|var/run)(?:/|$)|/(?:etc|var|usr)$")
"""Where a container looks at the system of its host."""
_KEY = re.compile(r"key|\.(?:pem|p12|pfx|jks)$", re.IGNORECASE)
"""Names of files that hold keys."""
_CLOCK = "the time zone of the machine; write TZ under 'env'"
_SOURCE = "the source code while it is developed; the image has it, as the build copies it"
_LARGE = f"{TOO_MUCH}: put it into the image, or onto a volume of kind: persistent"
_OUTSIDE = "it lies outside of the project's folder, and is not read; write its content under 'files'"
_HOLDS_ONE = (
    "it looks like it holds a secret, which no stack file does; keep it in a Secret, and mount that by 'secrets'"
)
_NEW = {"size": USUAL_SIZE, "kind": "persistent"}
_IN_SOURCE = {
    "package.json", "pyproject.toml", "requirements.txt", "go.mod", "Cargo.toml", "pom.xml", "composer.json",
    "Gemfile", "Dockerfile",
}  # fmt: skip
_CODE = {
    ".py", ".js", ".jsx", ".ts", ".tsx", ".go", ".rs", ".java", ".rb", ".cs", ".php", ".vue", ".svelte", ".html",
    ".css",
}  # fmt: skip


def map_bind(service: Service, mount: Mount, owners: Owners) -> None:
    """Write what becomes of a path of the host that a service mounts."""
    folder = service.stack.project.folder
    source = Path(mount.source)
    if mount.source.endswith("docker.sock"):
        service.dangerous(mount.key, _SOCKET)
    elif mount.source in {"/etc/localtime", "/etc/timezone"}:
        service.decided(mount.key, why=_CLOCK)
    elif source.is_absolute() or mount.source.startswith(("~", "$")) or re.match(r"[A-Za-z]:|\\\\", mount.source):
        _map_path_of_host(service, mount, owners)
    elif not is_inside(folder, source):
        service.missing(mount.key, _OUTSIDE)
    elif (folder / source).is_file():
        _map_file(service, mount, read_file(folder, source))
    elif (folder / source).is_dir():
        _map_folder(service, mount, folder / source, owners)
    elif source_of(service, mount) in owners.first:
        _map_data(service, mount, owners)
    elif mount.read_only or re.search(r"\.\w{1,6}$", posixpath.basename(mount.target)):
        is_key = _KEY.search(posixpath.basename(mount.target)) is not None
        instead = "keep it in a Secret, and mount that by 'secrets'" if is_key else "write what is in it under 'files'"
        service.missing(mount.key, f"there is no such file; {instead} as {mount.target}")
    else:
        _map_data(service, mount, owners)


def _map_path_of_host(service: Service, mount: Mount, owners: Owners) -> None:
    if not _is_data(mount) and source_of(service, mount) not in owners.first:
        service.dangerous(mount.key, _HOST)
    elif not is_twice(service, mount, owners):
        service.dangerous(mount.key, _HOST)
        name, volume = write_volume(service, mount, owners, _NEW)
        shared = f", which {volume['from']} is" if "from" in volume else ""
        why = f"a new volume, instead of {mount.source} of the host{shared}; copy what is in it"
        service.added(KEY, name, why=why + apart_from(service, mount, owners))


def _map_file(service: Service, mount: Mount, content: str | None) -> None:
    if content is None:
        service.missing(mount.key, _LARGE)
    elif in_file(mount.target, content):
        service.missing(mount.key, _HOLDS_ONE)
    else:
        own = with_hosts_of_file(service, mount.key, mount.target, content)
        service.settings.setdefault("files", {})[mount.target] = own
        service.taken(mount.key, "files", mount.target, text="" if mount.read_only else "the app cannot write to it")


def _map_folder(service: Service, mount: Mount, folder: Path, owners: Owners) -> None:
    content = read_folder(service.stack.project.folder, folder.relative_to(service.stack.project.folder))
    if _is_source(service, folder, content):
        service.decided(mount.key, why=_SOURCE)
    elif content == {} and not mount.read_only:
        _map_data(service, mount, owners)
    elif content is None:
        service.missing(mount.key, _LARGE)
    else:
        secret = [name for name, text_ in content.items() if in_file(name, text_)]
        for name, one in content.items():
            if name not in secret:
                path = posixpath.join(mount.target, name)
                own = with_hosts_of_file(service, mount.key, path, one)
                service.settings.setdefault("files", {})[path] = own
        if secret:
            service.missing(mount.key, f"{', '.join(secret)}: {_HOLDS_ONE}")
        else:
            text_ = (
                f"{len(content)} files" if mount.read_only else f"{len(content)} files; the app cannot write to them"
            )
            service.taken(mount.key, "files", text=text_)


def _is_source(service: Service, folder: Path, content: Mapping[str, str] | None) -> bool:
    """Whether a folder is the code of the service itself, which its image has."""
    build = service.values.get("build")
    if build is None:
        return False
    context = build if isinstance(build, str) else text(build, "context") or "."
    built = (service.stack.project.folder / context).resolve()
    mounted = folder.resolve()
    is_related = mounted.is_relative_to(built) or built.is_relative_to(mounted)
    has_code = any((folder / name).exists() for name in _IN_SOURCE) or any(
        Path(name).suffix in _CODE for name in content or ()
    )
    return is_related and (content is None or has_code)


def _is_data(mount: Mount) -> bool:
    """Whether a path of the host is a folder for data, and not a part of its system or a file."""
    is_file = re.search(r"\.\w{1,6}$", posixpath.basename(mount.target)) is not None
    is_system = _SYSTEM.match(mount.source) and not _DATA.match(mount.source)
    return not (mount.read_only or is_file or is_system or _SEEN_THROUGH.match(mount.target))


def _map_data(service: Service, mount: Mount, owners: Owners) -> None:
    if is_of_sockets(service, mount, owners) or is_twice(service, mount, owners):
        return
    name, volume = write_volume(service, mount, owners, _NEW)
    why = "a folder of the host for data, which is a volume here; copy what is in it, and raise the size"
    if "from" in volume:
        why = f"a folder of the host that several apps have; {shared_by(volume)}"
    service.decided(mount.key, KEY, name, why=why + apart_from(service, mount, owners))
