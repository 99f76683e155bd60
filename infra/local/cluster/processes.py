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

from infra.local.cluster.errors import ClusterError

KILL_SECONDS = 20
LISTED_SECONDS = 5
POLL_SECONDS = 0.05
_PROC = Path("/proc")


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
    return _from_proc(folder) if _PROC.joinpath("self/cmdline").exists() else _from_ps(folder)


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
    while time.monotonic() < deadline and not _has_ended(pid):
        try:
            if _PROC.joinpath(str(pid), "cmdline").read_bytes():
                return
        except OSError:
            return
        time.sleep(POLL_SECONDS)


def _has_ended(child: int) -> bool:
    """Whether a child process has ended, without taking note of it: its files in /proc stay, and are empty."""
    try:
        return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _from_proc(folder: Path) -> list[Process]:
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    found: list[Process] = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if entry.stat().st_uid != os.geteuid():
                continue
            program = entry.joinpath("cmdline").read_bytes().split(b"\0", 1)[0].decode(errors="replace")
            resident_pages = int(entry.joinpath("statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        if program.startswith(f"{folder}/"):
            found.append(
                Process(name=Path(program).name, pid=int(entry.name), memory_bytes=resident_pages * page_bytes)
            )
    return found


def _from_ps(folder: Path) -> list[Process]:
    """Read the process list where there is no /proc (macOS)."""
    listing = subprocess.run(
        ["/bin/ps", "-U", str(os.geteuid()), "-o", "pid=,rss=,command="], capture_output=True, text=True, check=True
    ).stdout
    found: list[Process] = []
    for line in listing.splitlines():
        pid, kibibytes, command = line.split(maxsplit=2)
        if command.startswith(f"{folder}/"):
            program = command[len(str(folder)) :].split(" ", 1)[0]
            found.append(Process(name=Path(program).name, pid=int(pid), memory_bytes=int(kibibytes) * 1024))
    return found
