"""Volumes: named ones are persistent, files of the checkout become `files`, and paths of the host stay out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.importing.app_parts import USUAL_SIZE
from infra.importing.compose.files import is_inside, read_file, read_folder
from infra.importing.compose.order import replicas_of
from infra.importing.compose.service import Service
from infra.importing.compose.values import is_on, items, pairs, size_of, size_text
from infra.importing.names import own_name
from infra.importing.usual_images import usual_image
from infra.secret_texts.texts import in_file
from infra.settings.partly import Location
from infra.values import mapping, text

KEY = "volumes"
_SIZE = (
    "the input gives no size; raise it to what the data needs. Docker fills a new volume "
    "from the image, Kubernetes does not"
)
_HOST = (
    "no path of a node is mounted; write a volume of kind: persistent, and copy what is in it, or put it into the image"
)
_SOCKET = "who has the socket of Docker has the node; what an app needs of the cluster, it asks of the API server"
_SYSTEM = re.compile(
    r"/(?:$|(?:bin|boot|dev|etc|lib|lib64|proc|root|rootfs|run|sbin|sys|tmp|usr|var)(?:/|$)|host)|[A-Za-z]:|\\\\|\$"
)
"""Paths of the system of a host, and what may lead anywhere."""
_SEEN_THROUGH = re.compile(r"/(?:dev|proc|sys|host|rootfs|run|var/run)(?:/|$)|/(?:etc|var|usr)$")
"""Where a container looks at the system of its host."""
_CLOCK = "the time zone of the machine; write TZ under 'env'"
_SOURCE = "the source code while it is developed; the image has it, as the build copies it"
_LEAST_BYTES = 2**20
"""A number below means gigabytes, as drivers of disks of a cloud take it (such as rexray/ebs)."""
_LARGE = "too much, or no text: put it into the image, or onto a volume of kind: persistent"
_OUTSIDE = "it lies outside of the project's folder, and is not read; write its content under 'files'"
_IN_IMAGE = "the image's own folder is there; what must outlive the pod, write as a volume of kind: persistent"
_HOLDS_ONE = (
    "it looks like it holds a secret, which no stack file does; keep it in a Secret, and mount that by 'secrets'"
)
_IN_SOURCE = {
    "package.json",
    "pyproject.toml",
    "requirements.txt",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "composer.json",
    "Gemfile",
    "Dockerfile",
}
_CODE = {
    ".py",
    ".js",
    ".jsx",
    ".ts",
    ".tsx",
    ".go",
    ".rs",
    ".java",
    ".rb",
    ".cs",
    ".php",
    ".vue",
    ".svelte",
    ".html",
    ".css",
}


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One volume of a service, whatever form it is written in."""

    key: Location
    kind: str
    source: str
    target: str
    read_only: bool
    options: Mapping[str, Any]


def map_volumes(service: Service, owners: dict[str, tuple[str, str]]) -> None:
    """Write the volumes of a service; `owners` keeps the app and the volume that have each named one first."""
    for mount in _mounts(service):
        target = mount.target
        if not target.startswith("/") or ".." in target.split("/") or target == "/":
            service.missing(mount.key, "is no absolute path in the container; write it as 'mount'")
        elif mount.kind == "volume" and mount.source:
            _map_named(service, mount, owners)
        elif mount.kind == "volume":
            service.decided(mount.key, why=_IN_IMAGE)
        elif mount.kind == "bind":
            _map_bind(service, mount)
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


def map_volumes_of_project(values: Mapping[str, object], used: Mapping[str, tuple[str, str]], service: Service) -> None:
    """Note what becomes of the volumes at the top."""
    ledger = service.stack.ledger
    for name in mapping(values.get(KEY)):
        value = mapping(mapping(values.get(KEY)).get(name))
        if name not in used:
            ledger.decided((KEY, name), why="no app that is imported has it")
            continue
        place = ("apps", used[name][0], KEY, used[name][1])
        if not value:
            ledger.taken((KEY, name), *place)
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


def _mounts(service: Service) -> Iterator[Mount]:
    value = service.values.get(KEY)
    for index, item in enumerate(items(value)):
        key: Location = (KEY, index) if isinstance(value, list) else (KEY,)
        if isinstance(item, Mapping):
            fields = mapping(item)
            source, target = text(fields, "source"), text(fields, "target")
            kind = text(fields, "type") or "volume"
            yield Mount(
                key=key,
                kind=kind,
                source=source,
                target=_normal(target),
                read_only=is_on(fields.get("read_only")),
                options=fields,
            )
        else:
            yield _short(key, str(item))


def _short(key: Location, item: str) -> Mount:
    parts = re.sub(r"^([A-Za-z]):(?=[\\/])", r"\1\0", item).split(":")
    parts = [part.replace("\0", ":") for part in parts]
    source, target = ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    modes = parts[2].split(",") if len(parts) > 2 else []
    is_path = source.startswith((".", "/", "~", "$")) or bool(re.match(r"[A-Za-z]:|\\\\", source)) or "/" in source
    kind = "npipe" if source.startswith("\\\\.\\pipe") else "bind" if is_path else "volume"
    return Mount(key=key, kind=kind, source=source, target=_normal(target), read_only="ro" in modes, options={})


def _normal(path: str) -> str:
    return posixpath.normpath(path).replace("//", "/") if path.startswith("/") else path


def _map_named(service: Service, mount: Mount, owners: dict[str, tuple[str, str]]) -> None:
    settings, stack = service.settings, service.stack
    name = own_name(mount.source, taken=settings.get(KEY, {}))
    volume: dict[str, Any] = {"mount": mount.target}
    top = mapping(mapping(stack.project.source.values.get(KEY)).get(mount.source))
    owner = owners.get(mount.source)
    if owner is not None and owner[0] == service.app:
        service.missing(
            mount.key,
            f"it is mounted at {settings[KEY][owner[1]]['mount']}, too; mount it once, at a folder that holds both",
        )
        return
    if is_on(top.get("external")) or isinstance(top.get("external"), Mapping):
        volume["claim"] = own_name(text(top, "external", "name") or text(top, "name") or mount.source)
        if owner is not None:
            volume["shared"] = stack.draft.apps[owner[0]][KEY][owner[1]]["shared"] = True
    elif owner is not None:
        volume["from"] = f"{owner[0]}.{owner[1]}"
        stack.draft.apps[owner[0]][KEY][owner[1]]["shared"] = True
    else:
        size = _size(top)
        volume |= {"size": size or USUAL_SIZE, "kind": "persistent"}
        if not service.is_task and replicas_of(service) > 1:
            volume["shared"] = True
    owners.setdefault(mount.source, (service.app, name))
    if mount.read_only and ("kind" in volume or "claim" in volume or "from" in volume):
        volume["readOnly"] = True
    settings.setdefault(KEY, {})[name] = volume
    _note_named(service, mount, name, volume)
    _postgres(service, mount.target)


def _note_named(service: Service, mount: Mount, name: str, volume: Mapping[str, Any]) -> None:
    to = (KEY, name)
    if "from" in volume:
        service.decided(
            mount.key,
            *to,
            why=(
                f"several apps have it, so {volume['from']} is shared: true, which its "
                "storage class must allow (ReadWriteMany)"
            ),
        )
    elif "claim" in volume:
        service.decided(mount.key, *to, why=f"it is there already, as claim {volume['claim']}")
    else:
        service.decided(mount.key, *to, why=_SIZE)
    subpath = text(mount.options, "volume", "subpath")
    if subpath and isinstance(mount.key[-1], int):
        service.missing((*mount.key, "volume", "subpath"), "mount the volume at a folder that holds both")


def _size(volume: Mapping[str, Any]) -> str | None:
    options = mapping(volume.get("driver_opts"))
    given = re.search(r"(?:^|,)size=(\w+)", text(options, "o"))
    written = given[1] if given else str(options.get("size", ""))
    size = size_of(f"{written}g" if written.isdigit() and int(written) < _LEAST_BYTES else written)
    return size_text(size) if size else None


def _postgres(service: Service, target: str) -> None:
    usual = usual_image(service.settings["image"])
    if usual is None or usual.port != 5432 or target != "/var/lib/postgresql/data":
        return
    env = service.settings.setdefault("env", {})
    if "PGDATA" not in env:
        env["PGDATA"] = f"{target}/pgdata"
        service.added("env", "PGDATA", why="a new disk has a folder lost+found, in which initdb makes no database")


def _map_bind(service: Service, mount: Mount) -> None:
    folder = service.stack.project.folder
    source = Path(mount.source)
    if mount.source.endswith("docker.sock"):
        service.dangerous(mount.key, _SOCKET)
    elif mount.source in {"/etc/localtime", "/etc/timezone"}:
        service.decided(mount.key, why=_CLOCK)
    elif source.is_absolute() or mount.source.startswith(("~", "$")) or re.match(r"[A-Za-z]:|\\\\", mount.source):
        service.dangerous(mount.key, _HOST)
        if _is_data(mount):
            name = _write_data(service, mount)
            service.added(KEY, name, why=f"a new volume, instead of {mount.source} of the host; copy what is in it")
    elif not is_inside(folder, source):
        service.missing(mount.key, _OUTSIDE)
    elif (folder / source).is_file():
        _map_file(service, mount, read_file(folder, source))
    elif (folder / source).is_dir():
        _map_folder(service, mount, folder / source)
    elif mount.read_only or re.search(r"\.\w{1,6}$", posixpath.basename(mount.target)):
        service.missing(mount.key, f"there is no such file; write what is in it under 'files' as {mount.target}")
    else:
        _map_data(service, mount)


def _map_file(service: Service, mount: Mount, content: str | None) -> None:
    if content is None:
        service.missing(mount.key, _LARGE)
    elif in_file(mount.target, content):
        service.missing(mount.key, _HOLDS_ONE)
    else:
        service.settings.setdefault("files", {})[mount.target] = content
        service.taken(mount.key, "files", mount.target, text="" if mount.read_only else "the app cannot write to it")


def _map_folder(service: Service, mount: Mount, folder: Path) -> None:
    content = read_folder(service.stack.project.folder, folder.relative_to(service.stack.project.folder))
    if _is_source(service, folder, content):
        service.decided(mount.key, why=_SOURCE)
    elif content == {} and not mount.read_only:
        _map_data(service, mount)
    elif content is None:
        service.missing(mount.key, _LARGE)
    else:
        secret = [name for name, text_ in content.items() if in_file(name, text_)]
        for name, one in content.items():
            if name not in secret:
                service.settings.setdefault("files", {})[posixpath.join(mount.target, name)] = one
        if secret:
            service.missing(mount.key, f"{', '.join(secret)}: {_HOLDS_ONE}")
        else:
            service.taken(mount.key, "files", text=f"{len(content)} files")


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
    return not (mount.read_only or is_file or _SYSTEM.match(mount.source) or _SEEN_THROUGH.match(mount.target))


def _map_data(service: Service, mount: Mount) -> None:
    name = _write_data(service, mount)
    why = "a folder of the host for data, which is a volume here; copy what is in it, and raise the size"
    service.decided(mount.key, KEY, name, why=why)


def _write_data(service: Service, mount: Mount) -> str:
    """Write a volume in the place of a folder of the host, and return its name."""
    name = own_name(posixpath.basename(mount.target), taken=service.settings.get(KEY, {}))
    volume: dict[str, Any] = {"mount": mount.target, "size": USUAL_SIZE, "kind": "persistent"}
    if not service.is_task and replicas_of(service) > 1:
        volume["shared"] = True
    service.settings.setdefault(KEY, {})[name] = volume
    _postgres(service, mount.target)
    return name


def _map_tmpfs_key(service: Service) -> None:
    value = service.values.get("tmpfs")
    for index, item in enumerate(items(value)):
        path, _, options = str(item).partition(":")
        size = next((one for _, name, one in pairs(options.split(",")) if name == "size"), None)
        _map_tmpfs(service, ("tmpfs", index) if isinstance(value, list) else ("tmpfs",), _normal(path), size)
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
