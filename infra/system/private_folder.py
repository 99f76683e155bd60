"""Folders that no other user of the machine gets into, whatever the umask of the shell says."""

from __future__ import annotations

import os
from pathlib import Path

OWNER_ONLY = 0o700


def make_private_folder(folder: Path) -> None:
    """Create `folder` and what is missing above it; take every right of others away from it if it exists.

    Raises:
        PermissionError: it belongs to another user, who could read and change whatever is put there.
        OSError: it cannot be made.
    """
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(mode=OWNER_ONLY, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise PermissionError(0, "it belongs to another user", str(folder))
    if found.st_mode & 0o077:
        folder.chmod(OWNER_ONLY)
