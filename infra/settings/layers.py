"""A stack file on top of the base files that it extends: what they say together, and where each value stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from infra.settings.bases import parse_bases
from infra.settings.model import Location, path_text
from infra.settings.problems import Problem, SettingsError, key_text

EXTENDS = "nightowl:extends"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The configuration of one file: what it says, and in which line, by locations such as `("nightowl:apps", "web")`.

    `file` is how messages call it; empty where nobody knows from which file a value comes.
    """

    file: str
    config: Mapping[str, object]
    lines: Mapping[Location, int]

    def place(self, location: Location = ()) -> str:
        """Return file and line of a value; of what came by an alias, those of what holds it."""
        known = (location[:length] for length in range(len(location), 0, -1))
        line = next((self.lines[one] for one in known if one in self.lines), None)
        return self.file if line is None or not self.file else f"{self.file}:{line}"


@dataclass(frozen=True, kw_only=True)
class Layers:
    """The files of one stack: the lowest first, its own last."""

    all: Sequence[Layer]

    @property
    def own(self) -> Layer:
        """The stack's own file."""
        return self.all[-1]

    @cached_property
    def config(self) -> dict[str, object]:
        """What the files say together, without `nightowl:extends`.

        Mappings are merged key by key, anything else replaces what was there, and nothing (`null`) removes it.
        """
        config: dict[str, object] = {}
        for layer in self.all:
            config = _laid_over(config, layer.config)
        config.pop(EXTENDS, None)
        return config

    def holder(self, location: Location) -> Layer | None:
        """Return the file from which a value comes; None where no file has it."""
        return next((layer for layer in reversed(self.all) if _has(layer.config, location)), None)

    def place(self, location: Location) -> str:
        """Return file and line of a value; of one that is nowhere, those of what should hold it."""
        for length in range(len(location), 0, -1):
            layer = self.holder(location[:length])
            if layer is not None:
                return layer.place(location[:length])
        return self.own.file

    def located(self, error: SettingsError) -> SettingsError:
        """Return the same error with the file and the line of each value that is wrong."""
        return SettingsError(self.placed(error.problems))

    def placed(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return the same problems, each with the file and the line of the value."""
        return tuple(one if one.place else replace(one, place=self.place_of(one.key)) for one in problems)

    def place_of(self, key: str) -> str:
        """Return file and line of a key as messages write it; of one that is nowhere, those of what should hold it."""
        return self.place(self._location(key))

    @contextmanager
    def locating(self) -> Generator[None]:
        """Name file and line of what is found wrong inside."""
        try:
            yield
        except SettingsError as error:
            raise self.located(error) from None

    def _location(self, key: str) -> Location:
        """Find the location of a key as messages write it, or of the nearest section above it."""
        ends = [len(key), *(match.start() for match in re.finditer(r"[.\[]", key))]
        for end in sorted(ends, reverse=True):
            if key[:end] in self._locations:
                return self._locations[key[:end]]
        return ()

    @cached_property
    def _locations(self) -> dict[str, Location]:
        return {key_of(place): place for layer in self.all for place in _places(layer.config)}


def layers_on(own: Layer, read: Callable[[str], Layer | None]) -> Layers:
    """Put a file on top of those that it extends, and these on theirs; each file counts once, where it is first named.

    `read` gives the file of a name, or None where there is none.

    Raises:
        SettingsError: a file is not there, files extend one another in a circle, or `read` refuses one.
    """
    ordered: list[Layer] = []
    seen: set[str] = set()

    def add(layer: Layer, chain: tuple[str, ...]) -> None:
        for name in _extended(layer):
            if name in chain:
                raise _refused(layer, f"goes in a circle: {' > '.join([*chain, name])}; remove one of them")
            if name not in seen:
                seen.add(name)
                base = read(name)
                if base is None:
                    folder = layer.file.rpartition("/")[0] or "the folder of this file"
                    raise _refused(layer, f"there is no {name}.yaml in {folder}; name a file that is there")
                add(base, (*chain, name))
        ordered.append(layer)

    add(own, ())
    return Layers(all=tuple(ordered))


def _extended(layer: Layer) -> tuple[str, ...]:
    if EXTENDS not in layer.config:
        return ()
    try:
        return parse_bases(layer.config[EXTENDS])
    except ValueError as error:
        raise _refused(layer, str(error)) from None


def _refused(layer: Layer, message: str) -> SettingsError:
    return SettingsError([Problem(EXTENDS, message, layer.place((EXTENDS,)))])


def _laid_over(lower: Mapping[str, object], upper: Mapping[str, object]) -> dict[str, object]:
    result = dict(lower)
    for key, value in upper.items():
        below = lower.get(key)
        if value is None and key in lower:
            del result[key]
        elif isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = _laid_over(cast(Mapping[str, object], below), cast(Mapping[str, object], value))
        else:
            result[key] = value
    return result


def _has(value: object, location: Location) -> bool:
    for step in location:
        if isinstance(value, Mapping) and step in value:
            value = cast(Mapping[object, object], value)[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(cast(list[object], value)):
            value = cast(list[object], value)[step]
        else:
            return False
    return True


def _places(value: object, place: Location = ()) -> Iterator[Location]:
    if place:
        yield place
    if isinstance(value, Mapping):
        for key, item in cast(Mapping[object, object], value).items():
            yield from _places(item, (*place, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(cast(list[object], value)):
            yield from _places(item, (*place, index))


def key_of(place: Location) -> str:
    """Write a location as messages do: what is below a key starts with its namespace."""
    namespace, colon, name = str(place[0]).partition(":")
    return key_text(namespace, (name, *place[1:])) if colon else f"{namespace}{path_text(place[1:])}"
