from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.apps.schedule import shortest_interval_seconds


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ("* * * * *", 60),
        ("*/5 * * * *", 300),
        ("*/7 * * * *", 240),
        ("0,10,59 * * * *", 60),
        ("10-20/5 * * * *", 300),
        ("5/20 * * * *", 1200),
        ("0 * * * *", 3600),
        ("30 */6 * * *", 6 * 3600),
        ("0 22,1 * * *", 3 * 3600),
        ("0 3 * * *", 86400),
        ("0 3 * * mon", 86400),
        ("@hourly", 3600),
        ("@weekly", 86400),
    ],
)
def test_known_schedules(schedule: str, seconds: int) -> None:
    assert shortest_interval_seconds(schedule) == seconds


def _fields(count: int) -> st.SearchStrategy[tuple[str, set[int]]]:
    values = st.sets(st.integers(0, count - 1), min_size=1, max_size=4)
    lists = values.map(lambda chosen: (",".join(map(str, sorted(chosen))), chosen))
    steps = st.integers(1, count).map(lambda step: (f"*/{step}", set(range(0, count, step))))
    return st.one_of(lists, steps)


@given(minute=_fields(60), hour=_fields(24))
def test_no_two_runs_are_closer(minute: tuple[str, set[int]], hour: tuple[str, set[int]]) -> None:
    midnight = datetime(2026, 1, 1)
    runs = [
        midnight + timedelta(days=day, hours=h, minutes=m)
        for day in (0, 1)
        for h in sorted(hour[1])
        for m in sorted(minute[1])
    ]
    closest = min((after - before).total_seconds() for before, after in pairwise(runs))
    assert shortest_interval_seconds(f"{minute[0]} {hour[0]} * * *") <= closest
