"""actionlint, built once from its Go module into the tool cache: its package on the Python index downloads it."""

from __future__ import annotations

import shutil
from pathlib import Path

from infra.toolchain import cache
from infra.toolchain.cache import tool_cache
from infra.toolchain.events import ToolchainError
from infra.toolchain.golang import Go
from infra.toolchain.table import Tool
from tests.audit.checkers import CheckerError

BUILD_DISK_GIB = 1
"""0.3 GiB for Go, and as much for what it compiles."""

ACTIONLINT = Tool(
    name="actionlint",
    module=str(Path(__file__).parent / "actionlint"),
    package="github.com/rhysd/actionlint/cmd/actionlint",
    typical_seconds=30,
)


def installed_actionlint() -> Path:
    """Find actionlint in the tool cache, or build it, with the Go toolchain that builds the local platform.

    Raises:
        CheckerError: it cannot be built; the message names the reason and the remedy.
    """
    folder = tool_cache()
    entry = folder / f"{ACTIONLINT.name}-{ACTIONLINT.key()}"
    try:
        with cache.only_builder(folder, lambda holder: print(f"audit: process {holder} builds tools, waiting for it")):
            if not entry.exists():
                cache.require_disk_space(folder, need_gib=BUILD_DISK_GIB)
                _build(Go(folder=folder / "build-actionlint"), entry)
    except ToolchainError as error:
        raise CheckerError(str(error)) from error
    return entry / ACTIONLINT.name


def _build(go: Go, entry: Path) -> None:
    print("audit: builds actionlint, once")
    go.install()
    cache.place(entry, lambda unfinished: go.build(ACTIONLINT, unfinished / ACTIONLINT.name))
    shutil.rmtree(go.folder, ignore_errors=True)
