"""A console whose lines a test can read."""

from __future__ import annotations

import io

from rich.console import Console


class _Lines(io.StringIO):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines
        self._begun = ""

    def write(self, text: str) -> int:
        *ended, self._begun = (self._begun + text).split("\n")
        self._lines += ended
        return len(text)


def printed_to(lines: list[str]) -> Console:
    """Make a console that adds each line to `lines`."""
    return Console(file=_Lines(lines), highlight=False, width=200)
