"""The plain values that a stack file may hold, before anything is made of them."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, cast

from infra.settings.model import FieldError
from infra.settings.partly import Location

DEEPEST_NESTING = 20
MOST_VALUES = 20_000
"""Keys, scalars, mappings and sequences. An app has about fifty, so a stack file of four hundred apps has fewer. YAML
aliases can make a small file expand to any number."""
LARGEST_WHOLE_NUMBER = 2**63 - 1
"""Kubernetes, and Go, which reads the file for Pulumi, count in 64 bits."""
_CHANGED_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC")
"""What Pulumi makes of a date without quotes (Go's time.Time as text)."""


def plain_errors(value: object) -> list[FieldError]:
    """Find what no key of a stack file can hold: keys that are no text, numbers without a value, encrypted values."""
    errors: list[FieldError] = []
    stack: list[tuple[Location, object]] = [((), value)]
    seen = 0
    while stack:
        location, current = stack.pop()
        seen += 1
        if seen > MOST_VALUES:
            return [FieldError((), f"has more than {MOST_VALUES:,} values; an alias may repeat itself")]
        if len(location) > DEEPEST_NESTING:
            errors.append(FieldError(location[:3], f"is nested more than {DEEPEST_NESTING} levels deep"))
            continue
        message = _error(current)
        if message:
            errors.append(FieldError(location, message))
        else:
            stack.extend(_below(location, current))
    return errors


class Unusable:
    """Stands where a value was that no key can hold, and is held by none either."""


def without_errors(values: Mapping[str, object], places: Collection[Location]) -> dict[str, object]:
    """Return the same values with `Unusable` at `places`, so that the others can be checked."""
    return {key: _with_unusable((key,), value, places) for key, value in values.items()}


def _with_unusable(location: Location, value: object, places: Collection[Location]) -> object:
    if location in places:
        return Unusable()
    if isinstance(value, Mapping):
        items = cast(Mapping[str, object], value).items()
        return {key: _with_unusable((*location, key), item, places) for key, item in items}
    if isinstance(value, list | tuple):
        items = enumerate(cast(Sequence[object], value))
        return [_with_unusable((*location, index), item, places) for index, item in items]
    return value


def holds_encrypted(value: object) -> bool:
    """Whether a value holds what `pulumi config set --secret` writes: a mapping with `secure` alone."""
    return next(encrypted_places(value), None) is not None


def encrypted_places(value: object, place: Location = ()) -> Iterator[Location]:
    """Find the locations of such mappings in a value, below its own `place`."""
    if isinstance(value, Mapping):
        entries = cast(Mapping[object, object], value)
        if set(entries) == {"secure"}:
            yield place
            return
        for key, item in entries.items():
            yield from encrypted_places(item, (*place, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(cast(list[object], value)):
            yield from encrypted_places(item, (*place, index))


def _error(value: object) -> str | None:
    if isinstance(value, Mapping):
        return _mapping_error(cast(Mapping[object, object], value))
    if isinstance(value, str):
        return _text_error(value)
    if isinstance(value, int | float):
        return _number_error(value)
    if value is None or isinstance(value, list | tuple):
        return None
    return _of_yaml_alone(value)


def _of_yaml_alone(value: object) -> str:
    if isinstance(value, datetime.date):
        return "is a date, which YAML would change; put it in quotes"
    if isinstance(value, bytes):
        return "is binary, which no key takes; put it into the image, or on a volume"
    return f"is a {type(value).__name__}, which no key takes; put it in quotes"


def _number_error(number: float) -> str | None:
    if isinstance(number, float):
        return None if math.isfinite(number) else "is not a number"
    return None if abs(number) <= LARGEST_WHOLE_NUMBER else "is a number with more than 64 bits"


def _mapping_error(mapping: Mapping[object, object]) -> str | None:
    if set(mapping) == {"secure"}:
        return "is encrypted; settings name where a secret is kept (apps.<name>.secrets) and never hold it"
    for key in mapping:
        if not isinstance(key, str):
            shown = f" {key}" if isinstance(key, bool | int | float | datetime.date | None) else ""
            return f"the key{shown[:20]} is not a text; put it in quotes"
        message = _text_error(key)
        if message:
            return f"a key {message}"
    return None


def _text_error(text: str) -> str | None:
    if _CHANGED_DATE.fullmatch(text):
        return "is a date that YAML has changed; put it in quotes"
    if "\0" in text:
        return "has a character with the code 0, which no container can read"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "has half of a Unicode surrogate pair"
    return None


def _below(location: Location, value: object) -> list[tuple[Location, object]]:
    if isinstance(value, Mapping):
        return [((*location, str(key)), item) for key, item in cast(Mapping[object, object], value).items()]
    if isinstance(value, list | tuple):
        return [((*location, index), item) for index, item in enumerate(cast(Sequence[object], value))]
    return []


def take(values: Any, location: Location) -> tuple[dict[str, Any], Any]:
    """Take the value at `location` out of plain values; return the mapping that held it, and the value."""
    section = values
    for part in location[:-1]:
        section = section[part]
    return section, section.pop(location[-1])
