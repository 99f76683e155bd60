"""Folders that a container may write to until it ends: the short form of scratch volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import BeforeValidator

from infra.settings.app.environment import ContainerPath
from infra.settings.scalars import MEBIBYTE, Bytes, Notation, bytes_text

DEFAULT_BYTES = 64 * MEBIBYTE
"""Enough for sockets, process ids and what a runtime unpacks."""


def _with_sizes(value: Any) -> Any:
    """Read `[/a, {/b: 1Gi}]` as `{/a: 64Mi, /b: 1Gi}`, and `/a` as `[/a]`."""
    if isinstance(value, str):
        return _paths(value)
    if not isinstance(value, list | tuple):
        return value
    sizes: dict[Any, Any] = {}
    for item in cast("list[object] | tuple[object, ...]", value):
        for path, size in _paths(item).items():
            if path in sizes:
                raise ValueError(f"has {path} twice; remove one")
            sizes[path] = size
    return sizes


def _paths(item: object) -> Mapping[Any, Any]:
    if isinstance(item, str):
        return {item: bytes_text(DEFAULT_BYTES)}
    if isinstance(item, Mapping) and item:
        return cast("Mapping[Any, Any]", item)
    raise ValueError("has an item that is no path; write paths such as /tmp, or {/var/cache: 1Gi}")


Writable = Annotated[
    dict[ContainerPath, Bytes],
    BeforeValidator(
        _with_sizes,
        json_schema_input_type=dict[ContainerPath, Bytes] | tuple[ContainerPath | dict[ContainerPath, Bytes], ...],
    ),
    Notation("path, list of paths, or map of path to size", lambda sizes: "`[]`" if not sizes else str(sizes)),
]
