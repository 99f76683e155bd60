"""What the engine does, as lines for people."""

from __future__ import annotations

from rich.console import Console

from infra.console.lines import print_line
from infra.engine.outcome import OnProgress, ResourceProgress

QUIET_OPERATIONS = ("same", "refresh")
GROUPING_TYPES = ("nightowl:", "pulumi:")
"""Components, providers and the stack itself: the resources in them tell enough."""

CONDITION = "{$[?"
"""Begins what the provider waits for (`pulumi.com/waitFor`); it tells each look at it, in words for programs."""


def resource_lines(console: Console) -> OnProgress:
    """Return a function that prints a line for what the engine does to a resource.

    One that stays as it is, or only groups others, gets no line.
    """

    def show(step: ResourceProgress) -> None:
        if step.op in QUIET_OPERATIONS or step.status == "started" or step.type.startswith(GROUPING_TYPES):
            return
        if CONDITION in step.message and step.status == "running":
            return
        resource = f"{step.type.rsplit(':', maxsplit=1)[-1]} {step.name}"
        what = f"{step.op} {resource}" if step.op else resource
        how = step.message if step.status in {"done", "running"} else f"{step.status} {step.message}".strip()
        print_line(console, what, how)

    return show
