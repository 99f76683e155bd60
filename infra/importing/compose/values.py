"""Values as Compose writes them: durations, sizes, and lists that may be mappings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from infra.settings.scalars import bytes_text

_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "ns": 1e-9}
_BYTES = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}


def seconds_of(value: object) -> int | None:
    """Read a duration such as `1m30s`, as whole seconds, rounded up; None for what is none."""
    if not isinstance(value, str) or not value:
        return None
    parts = re.findall(r"([0-9]*\.?[0-9]+)(ns|us|µs|ms|s|m|h|d)", value)
    if "".join(map("".join, parts)) != value:
        return None
    return math.ceil(sum(float(number) * _SECONDS[unit] for number, unit in parts))


def size_of(value: object) -> int | None:
    """Read a size such as `512m` or `1gb` (units of 1024), in bytes; None for what is none."""
    if isinstance(value, bool):
        return None
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgtp]?)(?:i?b)?|([0-9]+)", str(value).strip().lower())
    if match is None:
        return None
    return int(float(match[1] or match[3]) * _BYTES[match[2] or ""])


def size_text(size: int) -> str:
    """Write a size as a stack file does, rounded up to whole mebibytes."""
    return bytes_text(math.ceil(size / 2**20) * 2**20)


def number_of(value: object) -> float | None:
    """Read a number that may be a text; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def is_on(value: object) -> bool:
    """Whether a switch is on, as a boolean or its text."""
    return value is True or (isinstance(value, str) and value.lower() in {"true", "yes", "on", "1"})


def items(value: object) -> list[Any]:
    """Return a list; a single value is a list of one, none is empty."""
    if value is None:
        return []
    return list(cast("list[Any]", value)) if isinstance(value, list | tuple) else [value]


def pairs(value: object) -> Iterator[tuple[str | int, str, Any]]:
    """List names and values of a mapping, or of a list of `name=value`, each with its step in the input."""
    if isinstance(value, Mapping):
        for name, one in cast("Mapping[str, Any]", value).items():
            yield name, str(name), one
        return
    for index, item in enumerate(items(value)):
        name, sign, one = str(item).partition("=")
        yield index, name, one if sign else None
