"""The order of things as an SVG chart: what is made when, and what everything else waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from infra.plan.plan import Plan
from infra.plan.schedule import ScheduledResource, clock
from infra.plan.svg import Drawing, box, path, text, width

WIDTH = 1160
LABEL_WIDTH = 300
ROW_HEIGHT = 24
BAR_HEIGHT = 14
TOP = 30
SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class TimelineRow:
    """Steps of one kind that start and end together."""

    label: str
    start: float
    end: float
    critical: bool
    """Whether the last app to serve waits for one of them."""


def rows(plan: Plan) -> list[TimelineRow]:
    """List what takes long, in order of time."""
    critical = {step.resource.urn for step in plan.slowest_chain}
    return [_row(list(group), critical) for _, group in groupby(plan.schedule.slow_steps, key=lambda step: step.bar)]


def timeline(plan: Plan) -> Drawing:
    """Draw one bar per row over minutes."""
    listed = rows(plan)
    total = max(plan.schedule.total_seconds, 1)
    scale = (WIDTH - LABEL_WIDTH - 70) / total
    height = TOP + len(listed) * ROW_HEIGHT + 12
    serving = LABEL_WIDTH + plan.serving_seconds * scale
    shapes = _grid(total, scale, height, free_until=serving - 60)
    for index, row in enumerate(listed):
        y = TOP + index * ROW_HEIGHT
        x = LABEL_WIDTH + row.start * scale
        length = max((row.end - row.start) * scale, 3)
        style = "critical" if row.critical else "parallel"
        shapes += [
            text(LABEL_WIDTH - 14, y + 17, row.label, _label_style(row), anchor="end", room=LABEL_WIDTH - 20),
            box(x, y + 6, length, BAR_HEIGHT, f"bar {style}", radius=4),
            text(x + length + 6, y + 17, f"{row.end - row.start:g} s", "tiny soft"),
        ]
    shapes += [
        path(f"M{serving:g} {TOP - 6}V{height - 4:g}", "line serving"),
        *_serving_flag(serving, plan.serving_seconds),
    ]
    return Drawing(style="timeline", label="Order of things in minutes", width=WIDTH, height=height, shapes=shapes)


def _label_style(row: TimelineRow) -> str:
    return "small" if row.critical else "small soft"


def _row(steps: Sequence[ScheduledResource], critical: set[str]) -> TimelineRow:
    names = ", ".join(sorted(step.resource.name for step in steps))
    first = steps[0]
    count = f"{len(steps)} " if len(steps) > 1 else ""
    return TimelineRow(
        label=f"{count}{first.resource.kind} {names}",
        start=first.start,
        end=first.end,
        critical=any(step.resource.urn in critical for step in steps),
    )


def _grid(total: float, scale: float, height: float, *, free_until: float) -> list[str]:
    minutes = int(total // SECONDS_PER_MINUTE) + 1
    shapes: list[str] = []
    for minute in range(0, minutes + 1, 1 if minutes <= 20 else 5):
        x = LABEL_WIDTH + minute * SECONDS_PER_MINUTE * scale
        if x <= free_until:
            shapes += [
                path(f"M{x:g} {TOP - 4}V{height - 4:g}", "line grid"),
                text(x, TOP - 12, f"{minute} min" if minute == 0 else str(minute), "tiny soft", anchor="middle"),
            ]
    return shapes


def _serving_flag(x: float, seconds: float) -> list[str]:
    label = f"serving {clock(seconds)}"
    room = width(label, 11) + 14
    left = min(x - room / 2, WIDTH - room - 2)
    return [
        box(left, 2, room, 19, "flag", radius=5),
        text(left + room / 2, 15.5, label, "small flagged", anchor="middle"),
    ]
