"""Standard output and error that may not take what is written: a full disk, or a pipe whose reader has gone."""

from __future__ import annotations

import errno
import io
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from typing_extensions import override

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LOST_EXIT_CODE = 1
NO_READER_EXIT_CODE = 141
"""What a shell reports of a program whose reader has gone: 128 and the number of SIGPIPE."""


def guard_standard_streams() -> Callable[[], None]:
    """Let a lost result end the command with one message, and with none where nobody reads on, as in `| head -1`.

    A message that standard error does not take is lost alone. Returns what ends the process if a result was lost, also
    what is still to be written.
    """
    output = _Guarded(1, sys.stdout, ends=True) if sys.stdout else None
    if output:
        sys.stdout = output.text
    if sys.stderr:
        sys.stderr = _Guarded(2, sys.stderr, ends=False).text

    def finish() -> None:
        if output:
            output.text.flush()
            output.end_if_lost()

    return finish


class _Guarded(io.FileIO):
    """A file descriptor that becomes the null device once a write to it fails.

    Whatever cleans up may go on printing, and Python's own last flush finds no second failure.
    """

    def __init__(self, descriptor: int, instead_of: TextIO, *, ends: bool) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._ends = ends
        self._exit_code: int | None = None
        self.text = io.TextIOWrapper(
            io.BufferedWriter(self),
            encoding=instead_of.encoding,
            errors=instead_of.errors,
            line_buffering=instead_of.isatty() or not ends,
        )

    @override
    def write(self, data: ReadableBuffer, /) -> int | None:
        try:
            return super().write(data)
        except OSError as error:
            self._lose(error)
            return len(memoryview(data))

    def end_if_lost(self) -> None:
        """End the process if something was lost, on this thread or another."""
        if self._exit_code is not None:
            raise SystemExit(self._exit_code)

    def _lose(self, error: OSError) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        if not self._ends:
            return
        self._exit_code = LOST_EXIT_CODE
        if error.errno == errno.EPIPE:
            self._exit_code = NO_READER_EXIT_CODE
        else:
            print(f"nightowl: standard output cannot be written: {error.strerror}", file=sys.stderr, flush=True)
        # Another thread, such as one that reports what the engine does, must go on: it would end alone.
        if threading.current_thread() is threading.main_thread():
            self.end_if_lost()
