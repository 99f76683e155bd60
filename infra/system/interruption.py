"""What interrupts a command: Ctrl-C, a termination, and the end of its terminal, all alike."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = "nightowl: interrupted; the same command goes on where this one stopped"
INTERRUPTED_EXIT_CODE = 130


def on_interruption(handle: Callable[[int, FrameType | None], object]) -> None:
    """Let `handle` answer each signal but those that the caller of this program ignores, as `nohup` does."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handle)


@contextmanager
def interruptions_handled_by(handle: Callable[[], None]) -> Generator[None]:
    """Call `handle` at each interruption instead of raising KeyboardInterrupt wherever the main thread happens to be.

    It may be called while it runs, so it must do no more than note that it was called. What is ignored or handled
    already stays so. On another thread than the main one there is nothing to do: Python raises nothing there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        handle()

    raising = [number for number in SIGNALS if signal.getsignal(number) is signal.default_int_handler]
    try:
        for number in raising:
            signal.signal(number, on_signal)
        yield
    finally:
        for number in raising:
            signal.signal(number, signal.default_int_handler)
