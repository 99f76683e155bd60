"""The processes of a cluster: those whose program lies in the cluster's folder.

A program's own path is the only sign that survives a lost process-id file, a reboot that reuses numbers, or a crash in
the middle of a creation. An editor or `tail` on a file of the cluster is not one of them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.cluster.errors import ClusterError

KILL_SECONDS = 20
LISTED_SECONDS = 5
POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Process:
    """A running process: its component's name, id and resident memory."""

    name: str
    pid: int
    memory_bytes: int


def processes_of(folder: Path) -> list[Process]:
    """List this user's processes whose program is below `folder`.

    A process of another user may call itself by any name, and is none of the cluster's.
    """
    found: list[Process] = []
    for process in psutil.process_iter(["uids", "cmdline", "memory_info"]):
        # What cannot be read is None: a process that has ended, and on macOS one of another user.
        uids, command, memory = (process.info[key] for key in ("uids", "cmdline", "memory_info"))
        if uids and memory and command and uids.effective == os.geteuid() and command[0].startswith(f"{folder}/"):
            found.append(Process(name=Path(command[0]).name, pid=process.pid, memory_bytes=memory.rss))
    return found


def kill_all(folder: Path) -> int:
    """Kill the processes of the cluster and wait until they are gone; return how many there were.

    They get no chance for an orderly end, which kube-apiserver alone would take a minute for: nothing of theirs is
    kept. Raises ClusterError if one survives.
    """
    found = processes_of(folder)
    deadline = time.monotonic() + KILL_SECONDS
    remaining = found
    while remaining:
        for process in remaining:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            names = ", ".join(f"{process.name} ({process.pid})" for process in remaining)
            raise ClusterError(f"these processes do not end: {names}. End them by hand and delete the cluster again.")
        time.sleep(POLL_SECONDS)
        remaining = processes_of(folder)
    return len(found)


def start_process(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    """Start a process that nobody waits for, in a session of its own, with its output in `log`.

    Of this program's files it inherits none: a lock or a pipe of the caller would be held for as long as it runs.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.returncode = 0  # Python warns of a process that it is to wait for, and this one outlives it
    wait_until_listed(process.pid)


def wait_until_listed(pid: int) -> None:
    """Wait until a child process that was just started shows its command line, or has ended.

    The kernel lets the parent go on a moment earlier, in which the process would be taken for one that has ended.
    """
    deadline = time.monotonic() + LISTED_SECONDS
    with contextlib.suppress(psutil.NoSuchProcess):
        while time.monotonic() < deadline and not psutil.Process(pid).cmdline():
            time.sleep(POLL_SECONDS)
