"""Where the command `nightowl` begins and ends: it can be interrupted while its modules are imported, and at the end.

Importing takes up to half a second. Nothing is begun before, and nothing is left to do after the command, so that an
interruption may end the process at once.
"""

from __future__ import annotations

import os
from types import FrameType

from infra.system.interruption import INTERRUPTED, INTERRUPTED_EXIT_CODE, on_interruption

STANDARD_ERROR = 2


def main() -> None:
    """Import the command, and run it."""
    on_interruption(_end)
    from infra.cli import main as run

    try:
        run()
    finally:
        on_interruption(_end)


def _end(_number: int, _frame: FrameType | None) -> None:
    """End the process. An exception could be lost in a module that tries imports."""
    try:
        os.write(STANDARD_ERROR, f"{INTERRUPTED}\n".encode())
    finally:
        os._exit(INTERRUPTED_EXIT_CODE)
