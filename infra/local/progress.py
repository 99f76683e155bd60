"""What a long command prints while it works: one line for each thing that was done, and the time of each step."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from infra.console.lines import print_line
from infra.engine.display import resource_lines
from infra.engine.outcome import OnProgress
from infra.toolchain.events import Phase, ToolEvent


@dataclass
class Progress:
    """Prints the events of the toolchain, the cluster and the engine, and keeps the time of each step."""

    console: Console
    steps: dict[str, float] = field(default_factory=dict[str, float])
    """The seconds of each finished part of a command."""

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Announce a step, and keep its time once it has ended well."""
        self.console.print(Text(name, style="bold"))
        started = time.monotonic()
        yield
        self.steps[name] = time.monotonic() - started

    def tool(self, event: ToolEvent) -> None:
        """Print what happens to a tool. Tools that are there already are not worth a line."""
        if event.phase is not Phase.FOUND:
            self.say(event.position, event.detail)

    def cluster(self, step: str, seconds: float) -> None:
        """Print that a part of the cluster is there."""
        self.say(step, f"{seconds:.1f} s")

    @property
    def resource(self) -> OnProgress:
        """Prints what the engine does to a resource."""
        return resource_lines(self.console)

    def say(self, what: str, how: str = "") -> None:
        """Print a remark."""
        print_line(self.console, what, how)
