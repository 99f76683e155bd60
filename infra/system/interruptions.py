"""Ctrl-C and termination, seen where the main thread waits and nowhere else."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
