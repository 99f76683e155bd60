"""What is left of a section in which something is wrong, for the rules that do not need that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, cast

from pydantic import BaseModel

T = TypeVar("T")
Location = tuple[str | int, ...]
"""The way to a value: keys as they are written in YAML, and list indexes."""


class UnreadError(AttributeError):
    """A rule needs what could not be read: it says nothing more."""


class SomeOf(Mapping[str, object]):
    """A mapping of which not every value could be read. Who goes through it meets the others at its end."""

    def __init__(self, read: Mapping[str, object], names: Sequence[str]) -> None:
        self.readable = read
        self.names = names

    def __getitem__(self, name: str) -> object:
        if name in self.names and name not in self.readable:
            raise UnreadError(name)
        return self.readable[name]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        yield from self.readable
        raise UnreadError

    def __len__(self) -> int:
        return len(self.names)

    def with_left(self, name: str, left: object | None) -> SomeOf:
        """Return the same mapping with what is `left` of one value."""
        rest = {key: value for key, value in self.readable.items() if key != name}
        return SomeOf(rest if left is None else rest | {name: left}, self.names)


class Readable(dict[int, BaseModel]):
    """What could be read of each section of some plain values, by the identity of the section."""

    def keep(self, section: Mapping[str, object], read: BaseModel, broken: Sequence[Location]) -> None:
        """Keep what was read of a section, without what is `broken` below it."""
        left: object | None = read
        for place in broken:
            left = without(left, place)
        if isinstance(left, BaseModel):
            self[id(section)] = left

    def section(self, value: object) -> object | None:
        """Return what could be read of a section, or of each section of a mapping; None for nothing."""
        if id(value) in self or not isinstance(value, Mapping):
            return self.get(id(value))
        sections = {str(name): self.get(id(item)) for name, item in cast("Mapping[str, object]", value).items()}
        read = {name: section for name, section in sections.items() if section is not None}
        return read if len(read) == len(sections) else SomeOf(read, list(sections))


def those_read(values: Mapping[str, T]) -> Mapping[str, T]:
    """Return the values of a mapping that could be read."""
    return cast("Mapping[str, T]", values.readable) if isinstance(values, SomeOf) else values


def names_of(values: Mapping[str, object]) -> list[str]:
    """List the names of a mapping, of what could not be read too."""
    return list(values.names) if isinstance(values, SomeOf) else list(values)


def without(value: object, place: Location) -> object | None:
    """Return a section without what is at `place` below it; None where nothing is left."""
    if not place:
        return None
    key, below = str(place[0]), place[1:]
    if isinstance(value, BaseModel):
        return _model_without(value, key, below)
    if not isinstance(value, Mapping):
        return None
    named = cast("Mapping[str, object]", value)
    some = named if isinstance(named, SomeOf) else SomeOf(named, list(named))
    return some.with_left(key, without(some.readable.get(key), below))


def _model_without(model: BaseModel, key: str, below: Location) -> BaseModel | None:
    name = next((name for name, field in type(model).model_fields.items() if (field.alias or name) == key), None)
    if name is None:
        return None
    rest = model.model_copy()
    left = without(vars(model).get(name), below)
    if left is None:
        vars(rest).pop(name, None)
    else:
        vars(rest)[name] = left
    return rest
