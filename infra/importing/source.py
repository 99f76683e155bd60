"""What the files to import say, with file and line of each value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from infra.settings.partly import Location


@dataclass(frozen=True, kw_only=True)
class Source:
    """Plain values, merged from all files, and `place`, which tells `compose.yaml:12` of the value at a location."""

    values: Mapping[str, object]
    place: Callable[[Location], str]


def leaves(value: object, place: Location = ()) -> Iterator[Location]:
    """List the locations of all values that hold no others."""
    if isinstance(value, Mapping) and value:
        for key, item in cast("Mapping[object, object]", value).items():
            yield from leaves(item, (*place, str(key)))
    elif isinstance(value, list) and value:
        for index, item in enumerate(cast("list[object]", value)):
            yield from leaves(item, (*place, index))
    else:
        yield place
