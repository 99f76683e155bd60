"""The states of the stacks of pull requests, as files: the jobs of a pull request write them, so no engine reads them.

`Guests` lists, reads and removes them, holds their locks, and remembers those that are not to be tried again.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from infra.ci.state import Backend
from infra.engine.locks import STACKS_FOLDER, LockHolder, lock_holder, locks_of_stack, state_of_stack
from infra.engine.outcome import StackLockedError
from infra.errors import NightowlError
from infra.settings.pull_request import pull_request_number

LONGEST_RUN_SECONDS = 3600
"""A lock that is older was left by a run that died: the workflow ends `up` and `down` after 45 min, a sweep after 55.

The jobs of one pull request share a concurrency group too, so `up` and `down` are never at work at the same time.
"""
MOST_TRIES = 3
"""So often a stack is tried to be removed as it is; a fault of AWS that lasts three nights is none that passes."""

COMPRESSED = (".gz", ".zst")
"""What Pulumi's backends append to the name of a compressed state (`stackPath` in pkg/v3/backend/diy/state.go)."""


class UnsafeStateError(NightowlError):
    """A state has what no stack of a pull request records, so nothing reads it on."""


@dataclass(frozen=True, kw_only=True)
class Quarantine:
    """A removal that failed: how often for the same state, and why at last. `closed`: it is not tried again."""

    tries: int
    why: str
    closed: bool


@dataclass(frozen=True)
class Guests:
    """The stacks of pull requests of a project in a backend."""

    backend: Backend
    project: str

    def stacks(self) -> Mapping[str, datetime]:
        """Map their names to when their states were written (UTC): by the backend, not by the state's claim."""
        found: dict[str, datetime] = {}
        for key, written in self.backend.list(f"{STACKS_FOLDER}/{self.project}/pr-").items():
            name = _stack_of(key)
            if name is not None:
                found[name] = max(written, found.get(name, written))
        return dict(sorted(found.items()))

    def read(self, stack: str) -> bytes:
        """Read the state of a stack.

        Raises:
            UnsafeStateError: it is compressed, which the pipeline never does, or there are two.
        """
        path = state_of_stack(self.project, stack)
        others = [path + end for end in COMPRESSED if path + end in self.backend.list(path)]
        if others:
            raise UnsafeStateError(f"{stack} has a state that the pipeline did not write: {others[0]}")
        return self.backend.read(path)

    def write(self, stack: str, data: bytes) -> None:
        """Replace the state of a stack."""
        self.backend.write(state_of_stack(self.project, stack), data)

    def remove(self, stack: str) -> None:
        """Forget a stack: its state with what is beside it, its history and its backups."""
        for prefix in (f".pulumi/history/{self.project}/{stack}/", f".pulumi/backups/{self.project}/{stack}/"):
            for key in self.backend.list(prefix):
                self.backend.delete(key)
        for key in self.backend.list(f"{STACKS_FOLDER}/{self.project}/{stack}."):
            self.backend.delete(key)

    @contextmanager
    def locked(self, stack: str, now: datetime) -> Generator[None]:
        """Hold the lock of a stack, as Pulumi's own backends do. The lock of a run that died is taken off first.

        Raises:
            StackLockedError: another run has it.
        """
        self._take_dead_locks_off(stack, now)
        own = f"{locks_of_stack(self.project, stack)}/{secrets.token_hex(16)}.json"
        self.backend.write(own, _lock_content(now))
        try:
            holders = self._holders(stack, but=own)
            if holders:
                raise StackLockedError(
                    [
                        "another run is at work on this stack; wait for its end, or stop it, and try again; locked by "
                        f"{', '.join(map(str, holders.values()))}"
                    ]
                )
            yield
        finally:
            self.backend.delete(own)

    def quarantine(self, stack: str) -> Quarantine | None:
        """Return what is remembered of a stack that could not be removed and was not written since."""
        key = self._quarantine(stack)
        if key not in self.backend.list(key):
            return None
        try:
            kept = cast(dict[str, Any], json.loads(self.backend.read(key)))
            found = Quarantine(tries=int(kept["tries"]), why=str(kept["why"]), closed=bool(kept["closed"]))
            return found if kept["state"] == self._written(stack) else None
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            return None

    def remember_failure(self, stack: str, before: Quarantine | None, error: NightowlError) -> Quarantine:
        """Count a removal that failed. A state that is unsafe is not tried again, any other MOST_TRIES times."""
        tries = 1 + (0 if before is None else before.tries)
        closed = isinstance(error, UnsafeStateError) or tries >= MOST_TRIES
        kept = {"state": self._written(stack), "tries": tries, "why": str(error), "closed": closed}
        self.backend.write(self._quarantine(stack), json.dumps(kept).encode())
        return Quarantine(tries=tries, why=str(error), closed=closed)

    def _quarantine(self, stack: str) -> str:
        """The note beside a state. Pulumi takes no such file for a state (`ListReferences` in .../diy/store.go)."""
        return f"{STACKS_FOLDER}/{self.project}/{stack}.quarantine"

    def _written(self, stack: str) -> dict[str, str]:
        """When each file of a state was written."""
        listed = self.backend.list(state_of_stack(self.project, stack))
        return {key: written.isoformat() for key, written in sorted(listed.items()) if _stack_of(key) == stack}

    def _take_dead_locks_off(self, stack: str, now: datetime) -> None:
        holders = self._holders(stack)
        for key in holders if are_dead(holders.values(), now) else ():
            self.backend.delete(key)

    def _holders(self, stack: str, but: str = "") -> dict[str, LockHolder]:
        """Read who holds a lock since when; the backend's time counts, as a lock file may claim any."""
        listed = self.backend.list(f"{locks_of_stack(self.project, stack)}/")
        return {
            key: replace(lock_holder(self.backend.read(key).decode(errors="replace")), since=written)
            for key, written in listed.items()
            if key.endswith(".json") and key != but
        }


def are_dead(holders: Iterable[LockHolder], now: datetime) -> bool:
    """Return whether the runs that hold a lock have all died, by the time that they hold it."""
    ages = [holder.age(now) for holder in holders]
    return all(age is not None and age >= timedelta(seconds=LONGEST_RUN_SECONDS) for age in ages)


def _stack_of(key: str) -> str | None:
    name = key.rpartition("/")[2]
    for end in COMPRESSED:
        name = name.removesuffix(end)
    stack = name.removesuffix(".json")
    return stack if stack != name and pull_request_number(stack) is not None else None


def _lock_content(now: datetime) -> bytes:
    """Write a lock as Pulumi does (`lockContent` in .../diy/lock.go)."""
    content = {
        "pid": os.getpid(),
        "username": os.environ.get("USER") or "nightowl",
        "hostname": socket.gethostname(),
        "timestamp": now.astimezone(UTC).isoformat(),
    }
    return json.dumps(content).encode()
