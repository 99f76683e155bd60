"""What a long command tells while it works: one line per step, with its time."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from infra.console.printable import printable
from infra.engine import Progress as EngineEvent
from infra.local.cluster import ClusterEvent
from infra.toolchain import Phase, ToolEvent

QUIET_OPERATIONS = ("same", "refresh")
GROUPING_TYPES = ("nightowl:", "pulumi:")
"""Components, providers and the stack itself: the resources in them tell enough."""


@dataclass(frozen=True)
class Step:
    """A finished part of a command."""

    name: str
    seconds: float


@dataclass
class Progress:
    """Prints the events of the toolchain, the cluster and the engine, and keeps the time of each step."""

    console: Console
    steps: list[Step] = field(default_factory=list[Step])

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Announce a step, and keep its time once it has ended well."""
        self.console.print(Text(name, style="bold"))
        started = time.monotonic()
        yield
        self.steps.append(Step(name, time.monotonic() - started))

    def tool(self, event: ToolEvent) -> None:
        """Print what happens to a tool. Tools that are there already are not worth a line."""
        match event.phase:
            case Phase.FOUND:
                return
            case Phase.DONE:
                then = f"; next {event.next_tool}" if event.next_tool else ""
                self._line(f"{_position(event)} {event.tool}", f"done in {event.seconds:.0f} s{then}")
            case Phase.WAITING:
                self._line(event.tool, event.detail)
            case Phase.BUILDING | Phase.DOWNLOADING:
                about = (
                    f"usually {_minutes(event.typical_seconds)}, all that is left {_minutes(event.remaining_seconds)}"
                )
                self._line(f"{_position(event)} {event.tool}", f"{event.phase} ({about})")

    def cluster(self, event: ClusterEvent) -> None:
        """Print that a part of the cluster is there."""
        if event.done:
            self._line(event.step, f"{event.seconds:.1f} s")

    def resource(self, event: EngineEvent) -> None:
        """Print what the engine does to a resource. One that stays as it is, or only groups others, gets no line."""
        if event.op in QUIET_OPERATIONS or event.status == "started" or event.type.startswith(GROUPING_TYPES):
            return
        resource = f"{event.type.rsplit(':', maxsplit=1)[-1]} {event.name}"
        what = f"{event.op} {resource}" if event.op else resource
        how = event.message if event.status in {"done", "running"} else f"{event.status} {event.message}".strip()
        self._line(what, how)

    def say(self, text: str) -> None:
        """Print a remark."""
        self._line(text, "")

    def _line(self, what: str, how: str) -> None:
        shown = printable(what)
        line = Text.assemble("  ", shown, "  ", (printable(how), "dim")) if how else Text(f"  {shown}")
        self.console.print(line, soft_wrap=True)


def _position(event: ToolEvent) -> str:
    return f"[{event.index}/{event.total}]"


def _minutes(seconds: int) -> str:
    return f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"
