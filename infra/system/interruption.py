"""What interrupts a command: Ctrl-C, a termination, and the end of its terminal, all alike."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

INTERRUPTED = "nightowl: interrupted; the same command goes on where this one stopped"
INTERRUPTED_EXIT_CODE = 130


def on_interruption(handle: Callable[[int, FrameType | None], object]) -> None:
    """Let `handle` answer each signal but those that the caller of this program ignores, as `nohup` does."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handle)
