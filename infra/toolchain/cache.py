"""The cache of tools: entries named by content that appear whole or not at all, and one builder at a time."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

from infra.system.folders import cache_folder
from infra.system.lock import hold
from infra.system.private_folder import make_private_folder
from infra.toolchain.events import ToolchainError

BUILD_DISK_GIB = 14
"""What a build needs at its peak, measured: 4 GiB of module sources, 8 GiB of compiled packages, 0.8 GiB of tools and
the Go toolchain's 0.3 GiB. All but the tools is removed afterwards."""


def tool_cache() -> Path:
    """Return the folder of built and downloaded tools. It outlives every cluster."""
    return cache_folder() / "tools"


def pulumi_home() -> Path:
    """Return the Pulumi home of this tool: plugins that it installs, and nothing of the user's."""
    return tool_cache() / "pulumi-home"


@contextlib.contextmanager
def only_builder(cache: Path, on_wait: Callable[[str], None]) -> Generator[None]:
    """Hold the cache's lock; while another process holds it, call `on_wait` once with its process id and wait."""
    _make_folder(cache)
    with hold(cache / "lock", on_wait):
        yield


def place(entry: Path, make: Callable[[Path], None]) -> None:
    """Let `make` fill an empty folder beside `entry`, then rename it to `entry`: never a half-made entry."""
    _make_folder(entry.parent)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{entry.name}.", dir=entry.parent))
    try:
        make(unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(entry)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def remove_unfinished(cache: Path) -> None:
    """Remove what a killed build left behind. Call it under the lock only."""
    for folder in cache.glob(".*.*"):
        shutil.rmtree(folder, ignore_errors=True)


def require_disk_space(cache: Path, *, need_gib: float) -> None:
    """Refuse to start a build that would fill the disk."""
    free_gib = shutil.disk_usage(cache).free / 2**30
    if free_gib < need_gib:
        raise ToolchainError(
            f"building the tools needs {need_gib:g} GiB of free disk space for some minutes, and {cache} has "
            f"{free_gib:.1f} GiB. Free some space, or set XDG_CACHE_HOME to a folder on a larger disk."
        )


def _make_folder(folder: Path) -> None:
    try:
        make_private_folder(folder)
    except OSError as error:
        raise ToolchainError(
            f"the tool cache {folder} cannot be written ({error.strerror}). Make it writable, or set XDG_CACHE_HOME "
            "to a folder that is."
        ) from error
