"""Every key of a stack file, as the models have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from infra.settings.annotations import fields, is_section, item_type, map_types, members
from infra.settings.model import Model
from infra.settings.stack import StackSettings

EACH = "*"
"""Stands for any name, or any item of a list."""


@cache
def every_key(platform: str) -> tuple[str, ...]:
    """List the keys that have a value of their own, in the order of the models: `network.cidr`, `apps.*.image`.

    `platform` is the kind of platform whose keys are meant. A section is not listed, its keys are. Where several kinds
    of app have a key, it is listed once.
    """
    return tuple(dict.fromkeys(_keys(StackSettings, (), f"<{platform}>")))


def keys_in(document: Any, keys: Iterable[str]) -> set[str]:
    """Return which of `keys` a stack file, without the namespace of its sections, uses."""
    by_length: dict[int, list[tuple[str, list[str]]]] = {}
    for key in keys:
        by_length.setdefault(key.count(".") + 1, []).append((key, key.split(".")))
    return {
        key
        for place in _places(document)
        for key, parts in by_length.get(len(place), [])
        if all(part in (EACH, name) for part, name in zip(parts, place, strict=True))
    }


def _places(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, item in items:
        yield from _places(item, (*place, str(name)))


def _keys(model: type[Model], place: tuple[str, ...], platform: str) -> Iterator[str]:
    for key, annotation in fields(model).items():
        yield from _below(annotation, (*place, key), platform)


def _below(annotation: Any, place: tuple[str, ...], platform: str) -> Iterator[str]:
    of_platform = [member for tag, member in members(annotation) if place != ("platform",) or tag == platform]
    plain = False
    for member in of_platform:
        inner = map_types(member)
        item = inner[1] if inner else item_type(member)
        if is_section(member):
            yield from _keys(member, place, platform)
        elif item is not None and any(is_section(one) for _, one in members(item)):
            yield from _below(item, (*place, EACH), platform)
        else:
            plain = True
    if plain:
        yield ".".join(place)
