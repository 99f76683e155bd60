"""Running another program so that it never outlives an interrupted nightowl."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

LOG = logging.getLogger(__name__)
LAST_LINES = 12
"""How many last lines of a failed program's output are shown: the reason stands there."""

OWNER_ONLY_UMASK = 0o077


class CommandFailedError(Exception):
    """A program failed or took too long. `last_lines` is the end of what it printed."""

    def __init__(self, message: str, last_lines: str) -> None:
        super().__init__(message)
        self.last_lines = last_lines


def run(
    command: list[str],
    *,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    stdin_text: str = "",
    timeout_seconds: float | None = None,
    owner_only: bool = False,
) -> str:
    """Run a program to its end and return its standard output.

    With `owner_only`, no other user may read what it writes, whatever the umask of the shell. On any interruption its
    whole process group is killed first. Raises CommandFailedError.
    """
    LOG.debug("run: %s", shlex.join(command))
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            umask=OWNER_ONLY_UMASK if owner_only else -1,
        )
    except OSError as error:
        raise CommandFailedError(f"{command[0]} cannot be started: {error.strerror}", "") from error
    try:
        output, errors = process.communicate(stdin_text, timeout=timeout_seconds)
    except subprocess.TimeoutExpired as error:
        _kill_group(process)
        raise CommandFailedError(f"{Path(command[0]).name} took longer than {timeout_seconds:g} s", "") from error
    except BaseException:
        _kill_group(process)
        raise
    LOG.debug("%s took %.1f s, exit code %d", command[0], time.monotonic() - started, process.returncode)
    if process.returncode != 0:
        lines = (errors or output).strip().splitlines()[-LAST_LINES:]
        raise CommandFailedError(
            f"{Path(command[0]).name} failed with exit code {process.returncode}",
            "\n".join(f"  {line}" for line in lines),
        )
    return output


def _kill_group(process: subprocess.Popen[str]) -> None:
    # An interrupted wait may have seen the end of the process already.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
