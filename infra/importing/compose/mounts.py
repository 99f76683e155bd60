"""What a service mounts, whatever form it is written in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.importing.compose.service import Service
from infra.importing.compose.values import is_on, items
from infra.settings.partly import Location
from infra.values import mapping, text

KEY = "volumes"


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One volume of a service, whatever form it is written in."""

    key: Location
    kind: str
    source: str
    target: str
    read_only: bool
    options: Mapping[str, Any]


def mounts_of(service: Service) -> Iterator[Mount]:
    """List what a service mounts under `volumes`."""
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
                target=normal_path(target),
                read_only=is_on(fields.get("read_only")),
                options=fields,
            )
        else:
            yield _short(key, str(item))


def normal_path(path: str) -> str:
    """Return an absolute path without what says nothing in it; another one as it is."""
    return posixpath.normpath(path).replace("//", "/") if path.startswith("/") else path


def _short(key: Location, item: str) -> Mount:
    parts = re.sub(r"^([A-Za-z]):(?=[\\/])", r"\1\0", item).split(":")
    parts = [part.replace("\0", ":") for part in parts]
    source, target = ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    modes = parts[2].split(",") if len(parts) > 2 else []
    is_path = source.startswith((".", "/", "~", "$")) or bool(re.match(r"[A-Za-z]:|\\\\", source)) or "/" in source
    kind = "npipe" if source.startswith("\\\\.\\pipe") else "bind" if is_path else "volume"
    return Mount(key=key, kind=kind, source=source, target=normal_path(target), read_only="ro" in modes, options={})
