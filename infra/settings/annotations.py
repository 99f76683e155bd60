"""What the annotation of a settings field allows: the one place that takes Python's type hints apart.

A location is as pydantic reports it: keys as written, list indexes, and the tags of union members.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import Tag

from infra.settings.model import Model
from infra.settings.partly import Location


def members(annotation: Any) -> list[tuple[str | None, Any]]:
    """List what an annotation may be, without `Annotated` and `None`; members of a tagged union come with their tag."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        tag = next((item.tag for item in metadata if isinstance(item, Tag)), None)
        return [(tag or inner_tag, member) for inner_tag, member in members(inner)]
    if get_origin(annotation) in {Union, UnionType}:
        return [found for member in get_args(annotation) for found in members(member)]
    return [] if annotation in {None, type(None)} else [(None, annotation)]


def fields(model: type[Model]) -> dict[str, Any]:
    """Map the keys of a section, as written in YAML, to the annotations of their values."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def is_section(annotation: Any) -> TypeGuard[type[Model]]:
    """Whether a value is a mapping with fixed keys."""
    return isinstance(annotation, type) and issubclass(annotation, Model)


def map_types(annotation: Any) -> tuple[Any, Any] | None:
    """Return the types of the keys and the values of a mapping with free keys."""
    return get_args(annotation) if get_origin(annotation) is dict else None


def item_type(annotation: Any) -> Any | None:
    """Return the type of the items of a list."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


def choices(annotation: Any) -> tuple[Any, ...]:
    """Return the values of a fixed choice."""
    return get_args(annotation) if get_origin(annotation) is Literal else ()


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
