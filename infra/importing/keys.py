"""Where the keys of another format go: one table for each format, which the report and docs/import.md are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from infra.settings.partly import Location

ANY = "*"
"""Stands in a path for a name or the place in a list."""


class Column(StrEnum):
    """What becomes of a key, in the order of the report."""

    DANGEROUS = "dangerous"
    MISSING = "no equivalent"
    DECIDED = "decided for you"
    TAKEN = "taken over"


@dataclass(frozen=True, kw_only=True)
class Key:
    """What becomes of one key of another format."""

    column: Column
    to: str = ""
    """The key of the stack file, such as `apps.X.image`; empty where there is none."""
    text: str = ""
    """Why it was decided so, or what to do instead."""


Keys = Mapping[str, Key]
"""By path, such as `services.*.image`. A path stands for all that is below it and has no line of its own."""


def taken(to: str, text: str = "") -> Key:
    """Return a key that means the same in the stack file."""
    return Key(column=Column.TAKEN, to=to, text=text)


def decided(to: str, why: str) -> Key:
    """Return a key whose meaning is not quite what the stack file says, with the reason."""
    return Key(column=Column.DECIDED, to=to, text=why)


def missing(what_to_do: str) -> Key:
    """Return a key that the stack file cannot say."""
    return Key(column=Column.MISSING, text=what_to_do)


def dangerous(what_to_do: str) -> Key:
    """Return a key by which a container gets hold of its node, and which is therefore left out."""
    return Key(column=Column.DANGEROUS, text=what_to_do)


def find_key(keys: Keys, location: Location) -> tuple[Location, Key] | None:
    """Find the most exact entry for a location, or for what it lies in, with the part of the location that it names."""
    for length in range(len(location), 0, -1):
        for path in _paths(location[:length]):
            if path in keys:
                return location[:length], keys[path]
    return None


def _paths(location: Location) -> list[str]:
    """List the paths that name a location, the most exact first: any step but the first may be a name."""
    found = [str(location[0])]
    for step in location[1:]:
        steps = [ANY] if isinstance(step, int) else [step, ANY]
        found = [f"{path}.{one}" for path in found for one in steps]
    return found
