"""Which keys a place of the stack file may hold, read from the models.

A location is as pydantic reports it: keys as written, list indexes, and the tags of union members.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from infra.settings.annotations import fields, is_section, item_type, map_types, members
from infra.settings.model import Location, Model


def is_tag(part: str | int) -> bool:
    """Whether a part of a location is no key, but the tag of a union's member (`<web>`)."""
    return isinstance(part, str) and re.fullmatch(r"<.*>", part) is not None


def without_tags(location: Iterable[str | int]) -> Location:
    """Leave the tags of union members out of a location."""
    return tuple(part for part in location if not is_tag(part))


def keys_at(model: type[Model], location: Location) -> list[str]:
    """List the keys, as written in YAML, of the section at `location` below `model`; empty where it is no section."""
    return [key for section in _sections(_at(model, location)) for key in fields(section)]


def kinds_with_key(model: type[Model], location: Location) -> list[str]:
    """List the other members of a tagged union (`web`) that know the key at the end of `location`."""
    place, key = location[:-1], location[-1]
    if not place or not is_tag(place[-1]):
        return []
    return [
        tag.strip("<>")
        for tag, member in members(_at(model, place[:-1]))
        if tag and tag != place[-1] and any(key in fields(section) for section in _sections(member))
    ]


def _at(annotation: Any, location: Location) -> Any:
    for part in location:
        annotation = _below(annotation, part)
    return annotation


def _below(annotation: Any, part: str | int) -> Any:
    if is_tag(part):
        return next((member for tag, member in members(annotation) if tag == part), None)
    for _, member in members(annotation):
        if is_section(member):
            return fields(member).get(str(part))
        map_of = map_types(member)
        if map_of:
            return map_of[1]
        return item_type(member)
    return None


def _sections(annotation: Any) -> list[type[Model]]:
    return [member for _, member in members(annotation) if is_section(member)]
