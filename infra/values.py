"""Reading plain values that may be missing, empty or of another shape than a schema says.

They come from stack files, states and API servers as `dict` and `list`. Properties reach a rule of the policy pack as
mappings and sequences that are neither, with whole numbers as floats, and raise where a value is not known yet.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast


def words(table: str) -> tuple[str, ...]:
    """Return the words of a table that is written as text."""
    return tuple(table.split())


def mapping(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is a mapping, else an empty one."""
    return cast("Mapping[str, Any]", value) if _is_mapping(value.__class__) else {}


def sequence(value: Any) -> Sequence[Any]:
    """Return `value` if it is a list, else an empty one."""
    return cast("Sequence[Any]", value) if _is_list(value.__class__) else ()


# Rules read a million values of a stack, of a few types: each type is asked once, as that takes long.
@cache
def _is_mapping(kind: type[Any]) -> bool:
    return issubclass(kind, Mapping)


@cache
def _is_list(kind: type[Any]) -> bool:
    return issubclass(kind, Sequence) and not issubclass(kind, str | bytes)


def within(value: Any, *keys: str) -> Any:
    """Return what lies at the end of nested keys, or None."""
    for key in keys:
        if not _is_mapping(value.__class__):
            return None
        value = value.get(key)
    return value


def mappings(value: Any, *keys: str) -> list[Mapping[str, Any]]:
    """Return the mappings of the list at the end of nested keys."""
    return [item for item in sequence(within(value, *keys)) if _is_mapping(item.__class__)]


def text(value: Any, *keys: str) -> str:
    """Return the text at the end of nested keys, or an empty one."""
    found = within(value, *keys)
    return found if isinstance(found, str) else ""


def texts(value: Any, *keys: str) -> list[str]:
    """Return the texts of the list at the end of nested keys; a single text counts as a list of one."""
    found = within(value, *keys)
    return [found] if isinstance(found, str) else [item for item in sequence(found) if isinstance(item, str)]


def number(value: Any, *keys: str) -> float | None:
    """Return the finite number at the end of nested keys, also one written as text, or None."""
    found = within(value, *keys)
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        read = float(found)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def is_true(value: Any, *keys: str) -> bool:
    """Return whether the flag at the end of nested keys is on, also where it is written as text."""
    found = within(value, *keys)
    return found is True or (isinstance(found, str) and found.lower() == "true")


def is_false(value: Any, *keys: str) -> bool:
    """Return whether the flag at the end of nested keys is off, and not only missing."""
    found = within(value, *keys)
    return found is False or (isinstance(found, str) and found.lower() == "false")


def document(value: Any, *keys: str) -> Mapping[str, Any]:
    """Return the JSON document at the end of nested keys, or an empty one where there is none."""
    found = within(value, *keys)
    if not isinstance(found, str):
        return mapping(found)
    try:
        return mapping(json.loads(found))
    except ValueError:
        return {}
