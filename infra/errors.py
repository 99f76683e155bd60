"""Failures that a command reports as a message instead of a traceback."""

from __future__ import annotations

from typing import ClassVar

from infra.console.printable import printable


class NightowlError(Exception):
    """Something that a user can understand and mend. The message says what is wrong and what to do."""

    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        """Return the message as a terminal may get it: it can repeat the text of others."""
        return printable(super().__str__())


class UsageError(NightowlError):
    """A wrong option or argument, or a name of something that does not exist."""

    exit_code: ClassVar[int] = 2
