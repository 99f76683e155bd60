"""One creation, deployment or deletion of a cluster at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path

from infra.local.cluster.errors import ClusterError
from infra.local.paths import ClusterPaths
from infra.system.lock import LockHeldError, hold
from infra.system.private_folder import make_private_folder


@contextlib.contextmanager
def exclusive(paths: ClusterPaths, path: Path | None = None) -> Generator[None]:
    """Hold a lock of the cluster (by default that of its creation and deletion), or refuse at once if another does."""
    path = path or paths.lock
    with contextlib.ExitStack() as stack:
        try:
            make_private_folder(path.parent)
            stack.enter_context(hold(path))
        except OSError as error:
            raise ClusterError(
                f"the folder {path.parent} cannot be written ({error.strerror}). Make it writable, or set "
                "XDG_STATE_HOME to a folder that is."
            ) from error
        except LockHeldError as error:
            raise ClusterError(
                f"cluster {paths.name} is being created, deployed to or deleted by another nightowl "
                f"(process {error.holder}). "
                "Wait for it to end, then run the command again."
            ) from error
        yield
