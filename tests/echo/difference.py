"""What differs between the inputs of a resource and those that it had, path by path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
INDEX = re.compile(r"\[\d+\]")


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths as the engine writes them, each with ADD, DELETE or UPDATE."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _of_member(old, new, key, f"{path}{_step(key, first=not path)}")
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _of_member(dict(enumerate(old)), dict(enumerate(new)), index, f"{path}[{index}]")
    elif old != new:
        yield path, "UPDATE"


def without_indices(path: str) -> str:
    """The path with every `[0]` left out."""
    return INDEX.sub("", path)


def _of_member(old: Mapping[Any, Any], new: Mapping[Any, Any], key: Any, path: str) -> Iterator[tuple[str, str]]:
    if key not in new:
        yield path, "DELETE"
    elif key not in old:
        yield path, "ADD"
    else:
        yield from differences(old[key], new[key], path)


def _step(key: str, *, first: bool) -> str:
    if not PLAIN_KEY.fullmatch(key):
        return f'["{key}"]'
    return key if first else f".{key}"
