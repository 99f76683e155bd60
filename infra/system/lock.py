"""A file that one process holds at a time, and that names its holder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import IO

OWNER_ONLY = 0o600
"""A lock that another user may open is one that they may hold."""


class LockHeldError(Exception):
    """Another process holds the lock. `holder` is its id, or `unknown`."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"process {holder} holds the lock")
        self.holder = holder


@contextlib.contextmanager
def hold(path: Path, on_wait: Callable[[str], None] | None = None) -> Generator[None]:
    """Hold the lock `path`. If another process does, call `on_wait` once with its id and wait.

    The kernel drops the lock when its holder dies, so nothing is left to clean up.

    Raises:
        LockHeldError: another process holds it, and there is no `on_wait`.
        OSError: the file cannot be opened.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, OWNER_ONLY), "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _require_not_removed(lock, path)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            if on_wait is None:
                raise LockHeldError(holder) from None
            on_wait(holder)
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            # Closing the file is not enough: a process that is just being started may still share it.
            fcntl.flock(lock, fcntl.LOCK_UN)


def _require_not_removed(lock: IO[str], path: Path) -> None:
    """Raise BlockingIOError if its holder removed the file between its opening and its locking."""
    if not path.exists() or not os.path.samestat(os.fstat(lock.fileno()), path.stat()):
        raise BlockingIOError
