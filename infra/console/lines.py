"""One line for each thing that a command does."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from infra.console.printable import printable


def print_line(console: Console, what: str, how: str = "") -> None:
    """Print what is worked on and, dimmed, what happens to it."""
    line = Text.assemble("  ", printable(what), *([("  " + printable(how), "dim")] if how else []))
    console.print(line, soft_wrap=True)
