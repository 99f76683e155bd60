"""The order of things as an SVG chart: what is made when, and what everything else waits for."""

from __future__ import annotations

from itertools import count

from infra.plan.plan import Plan
from infra.plan.schedule import clock
from infra.plan.svg import Drawing, box, path, text, width

WIDTH = 1160
LABEL_WIDTH = 300
ROW_HEIGHT = 24
BAR_HEIGHT = 14
TOP = 30
SECONDS_PER_MINUTE = 60


def timeline(plan: Plan) -> Drawing:
    """Draw one bar over minutes for each kind of what takes long, starts and ends together."""
    bars = plan.schedule.bars
    critical = {step.resource.urn for step in plan.slowest_chain}
    total = max(plan.schedule.total_seconds, 1)
    scale = (WIDTH - LABEL_WIDTH - 70) / total
    height = TOP + len(bars) * ROW_HEIGHT + 12
    serving = LABEL_WIDTH + plan.serving_seconds * scale
    shapes = _grid(total, scale, height, free_until=serving - 60)
    for y, steps in zip(count(TOP, ROW_HEIGHT), bars, strict=False):
        first = steps[0]
        x, length = LABEL_WIDTH + first.start * scale, max(first.seconds * scale, 3)
        is_critical = any(step.resource.urn in critical for step in steps)
        number = f"{len(steps)} " if len(steps) > 1 else ""
        label = f"{number}{first.resource.kind} {', '.join(sorted(step.resource.name for step in steps))}"
        style = "small" if is_critical else "small soft"
        shapes += [
            text(LABEL_WIDTH - 14, y + 17, label, style, anchor="end", room=LABEL_WIDTH - 20),
            box(x, y + 6, length, BAR_HEIGHT, f"bar {'critical' if is_critical else 'parallel'}", radius=4),
            text(x + length + 6, y + 17, f"{first.seconds:g} s", "tiny soft"),
        ]
    shapes += [
        path(f"M{serving:g} {TOP - 6}V{height - 4:g}", "line serving"),
        *_serving_flag(serving, plan.serving_seconds),
    ]
    return Drawing(style="timeline", label="Order of things in minutes", width=WIDTH, height=height, shapes=shapes)


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
