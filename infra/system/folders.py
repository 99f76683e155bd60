"""Where this program keeps files: in the user's cache and state folders, so that nothing lands in the repository.

Both follow the XDG base directories (`XDG_CACHE_HOME`, `XDG_STATE_HOME`).
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP_NAME = "nightowl"


def cache_folder() -> Path:
    """Return the folder of what can be had again."""
    return platformdirs.user_cache_path(APP_NAME)


def clusters_folder() -> Path:
    """Return the folder with one subfolder per local cluster, absolute and without `..`: processes are found by it."""
    return Path(os.path.normpath(platformdirs.user_state_path(APP_NAME).absolute())) / "clusters"
