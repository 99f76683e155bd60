"""One creation, deployment or deletion of a cluster at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from typing import IO

from infra.local.cluster.errors import ClusterError
from infra.local.paths import ClusterPaths
from infra.system.private_folder import make_private_folder

OWNER_ONLY = 0o600


@contextlib.contextmanager
def exclusive(paths: ClusterPaths, path: Path | None = None) -> Generator[None]:
    """Hold a lock of the cluster (by default that of its creation and deletion), or refuse at once if another does.

    The kernel drops it when its holder dies.
    """
    path = path or paths.lock
    try:
        # A lock that another user may open is one that they may hold.
        make_private_folder(path.parent)
        lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, OWNER_ONLY), "a+")
    except OSError as error:
        raise ClusterError(
            f"the folder {path.parent} cannot be written ({error.strerror}). Make it writable, or set "
            "XDG_STATE_HOME to a folder that is."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _require_not_removed(lock, path)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise ClusterError(
                f"cluster {paths.name} is being created, deployed to or deleted by another nightowl "
                f"(process {holder}). "
                "Wait for it to end, then run the command again."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            # Closing the file is not enough: a process that is just being started may still share it.
            fcntl.flock(lock, fcntl.LOCK_UN)


def _require_not_removed(lock: IO[str], path: Path) -> None:
    """Raise BlockingIOError if a deletion ended between the opening of the file and its locking."""
    if not path.exists() or not os.path.samestat(os.fstat(lock.fileno()), path.stat()):
        raise BlockingIOError
