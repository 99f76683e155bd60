"""When a cron app runs."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator

from infra.settings.scalars import Notation

_MACROS = {"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}
_DAYS_PER_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, kw_only=True)
class _Field:
    name: str
    low: int
    high: int
    words: Mapping[str, int] = field(default_factory=dict[str, int])


def _words(text: str, first: int) -> dict[str, int]:
    return {word: number for number, word in enumerate(text.split(), first)}


_FIELDS = (
    _Field(name="minute", low=0, high=59),
    _Field(name="hour", low=0, high=23),
    _Field(name="day of month", low=1, high=31),
    _Field(name="month", low=1, high=12, words=_words("jan feb mar apr may jun jul aug sep oct nov dec", 1)),
    _Field(name="day of week", low=0, high=6, words=_words("sun mon tue wed thu fri sat", 0)),
)


def check_schedule(value: str) -> str:
    """Accept five cron fields or a macro such as `@hourly`, as the CronJob controller does (robfig/cron ParseStandard).

    Raises:
        ValueError: another number of fields, a field out of its range, or a date that never comes (30 February).
    """
    if value in _MACROS:
        return value
    texts = value.split()
    if len(texts) != len(_FIELDS) or value.startswith(("TZ=", "CRON_TZ=")):
        raise ValueError(
            "is not a schedule: write five fields (minute hour day month weekday), or @hourly, @daily, ..."
        )
    chosen = selected(value)
    for text, numbers, one in zip(texts, chosen, _FIELDS, strict=True):
        if not numbers:
            raise ValueError(f"has no {one.name} {text!r}: it goes from {one.low} to {one.high}")
    _, _, days, months, _ = chosen
    if texts[4] in {"*", "?"} and min(days) > max(_DAYS_PER_MONTH[month - 1] for month in months):
        raise ValueError("names a date that never comes")
    return value


def selected(schedule: str) -> list[Sequence[int]]:
    """List the numbers that each of the five fields of a schedule selects: minutes, hours and so on."""
    return [_chosen(text, field) for text, field in zip(schedule.split(), _FIELDS, strict=True)]


def _chosen(text: str, one: _Field) -> Sequence[int]:
    """List the numbers that a field selects, or none where it is wrong."""
    parts = [_range(part, one) for part in text.split(",")]
    return [] if any(not part for part in parts) else [number for part in parts for number in part]


def _range(part: str, one: _Field) -> range:
    match = re.fullmatch(r"(?:([*?])|([0-9A-Za-z]{1,3})(?:-([0-9A-Za-z]{1,3}))?)(?:/([1-9][0-9]{0,3}))?", part)
    if not match:
        return range(0)
    every, first, last, step = match.groups()
    low = one.low if every else _number(first, one)
    high = one.high if every or (step and not last) else _number(last or first, one)
    if low is None or high is None or not one.low <= low <= high <= one.high:
        return range(0)
    return range(low, high + 1, int(step or 1))


def _number(text: str, one: _Field) -> int | None:
    return int(text) if re.fullmatch("[0-9]+", text) else one.words.get(text.lower())


def check_time_zone(value: str) -> str:
    """Accept a name of the IANA time zone database.

    Raises:
        ValueError: no such zone.
    """
    known = zoneinfo.available_timezones()
    if value in known or (not known and re.fullmatch(r"[A-Z][A-Za-z]+(/[A-Z][A-Za-z_+0-9-]*)*", value)):
        return value
    near = difflib.get_close_matches(value, known, n=1)
    raise ValueError(
        f"is not a time zone; {f'did you mean {near[0]}?' if near else 'write a name such as Europe/Berlin'}"
    )


Schedule = Annotated[str, AfterValidator(check_schedule), Notation("cron schedule")]
TimeZone = Annotated[str, AfterValidator(check_time_zone), Notation("time zone")]
