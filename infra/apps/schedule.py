"""How close together the runs of a schedule can be."""

from __future__ import annotations

import re

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS

_MACRO_SECONDS = {"@hourly": HOUR_SECONDS}


def shortest_interval_seconds(schedule: str) -> int:
    """Return a lower bound, in seconds, of the time between two runs of `schedule` (five cron fields, or a macro).

    Minute and hour decide; restrictions to days only make runs rarer, so no schedule is taken to be rarer than daily.
    """
    if schedule.startswith("@"):
        return _MACRO_SECONDS.get(schedule, DAY_SECONDS)
    minute, hour = schedule.split()[:2]
    minutes, hours = _values(minute, 60), _values(hour, 24)
    if len(minutes) > 1:
        return 60 * _smallest_gap(minutes, 60)
    return HOUR_SECONDS * _smallest_gap(hours, 24)


def _smallest_gap(values: list[int], cycle: int) -> int:
    following = [*values[1:], values[0] + cycle]
    return min(after - value for value, after in zip(values, following, strict=True))


def _values(field: str, count: int) -> list[int]:
    return sorted({value for part in field.split(",") for value in _range(part, count)})


def _range(part: str, count: int) -> range:
    span, _, step = part.partition("/")
    every = int(step or 1)
    if re.fullmatch(r"[*?]", span):
        return range(0, count, every)
    first, _, last = span.partition("-")
    # A start with a step and no end goes on to the end of the cycle.
    end = int(last) if last else count - 1 if step else int(first)
    return range(int(first), end + 1, every)
