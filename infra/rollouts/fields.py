"""Parts of Kubernetes objects that may be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

Json = dict[str, Any]
"""A Kubernetes object."""


def section(item: Mapping[str, Any], *path: str) -> Json:
    """Return the map at `path`, or an empty one where there is none."""
    found: Any = item
    for key in path:
        found = cast(Mapping[str, Any], found).get(key)
        if not isinstance(found, Mapping):
            return {}
    return cast(Json, found)


def entries(item: Mapping[str, Any], *path: str) -> list[Json]:
    """Return the list of maps at `path`, or an empty one where there is none."""
    found = section(item, *path[:-1]).get(path[-1])
    return [cast(Json, entry) for entry in cast(Iterable[Any], found or []) if isinstance(entry, dict)]


def condition(item: Mapping[str, Any], kind: str) -> Json:
    """Return the condition `kind` of the object's status, or an empty map."""
    return next((found for found in entries(item, "status", "conditions") if found.get("type") == kind), Json())


def text(item: Mapping[str, Any], *path: str) -> str:
    """Return the text at `path`, or an empty one."""
    found = section(item, *path[:-1]).get(path[-1])
    return found if isinstance(found, str) else ""


def number(item: Mapping[str, Any], *path: str, default: int = 0) -> int:
    """Return the whole number at `path`, or `default`."""
    found = section(item, *path[:-1]).get(path[-1])
    return found if isinstance(found, int) else default
