"""How close together the runs of a schedule can be."""

from __future__ import annotations

from infra.settings.app.schedule import selected

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS

_MACRO_SECONDS = {"@hourly": HOUR_SECONDS}


def shortest_interval_seconds(schedule: str) -> int:
    """Return a lower bound, in seconds, of the time between two runs of `schedule` (five cron fields, or a macro).

    Minute and hour decide; restrictions to days only make runs rarer, so no schedule is taken to be rarer than daily.
    """
    if schedule.startswith("@"):
        return _MACRO_SECONDS.get(schedule, DAY_SECONDS)
    minutes, hours = (sorted(set(numbers)) for numbers in selected(schedule)[:2])
    if len(minutes) > 1:
        return 60 * _smallest_gap(minutes, 60)
    return HOUR_SECONDS * _smallest_gap(hours, 24)


def _smallest_gap(values: list[int], cycle: int) -> int:
    following = [*values[1:], values[0] + cycle]
    return min(after - value for value, after in zip(values, following, strict=True))
