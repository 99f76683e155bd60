"""Who holds the lock of a stack, as Pulumi's own state backends record it."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

LOCKS_FOLDER = ".pulumi/locks"
STACKS_FOLDER = ".pulumi/stacks"
LONGEST_NAME = 253
"""Characters of a host's name (RFC 1035); what is longer is none."""


@dataclass(frozen=True, kw_only=True)
class LockHolder:
    """A process that has locked a stack, or had when it died: where it runs, and since when (UTC).

    What a lock file does not say is "unknown", 0 and None.
    """

    user: str = "unknown"
    host: str = "unknown"
    pid: int = 0
    since: datetime | None = None

    def __str__(self) -> str:
        """Return who and when, in one line."""
        since = "" if self.since is None else f", since {self.since:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.user}@{self.host} (process {self.pid}){since}"

    def age(self, now: datetime) -> timedelta | None:
        """Return how long it has been held."""
        return None if self.since is None else now - self.since

    @property
    def is_dead(self) -> bool:
        """Whether it was a process on this machine that is gone. Never true of another machine's."""
        if self.host != socket.gethostname() or self.pid == 0:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False


def locks_of_stack(project: str, stack: str) -> str:
    """Return the folder of a stack's locks, below the root of a backend that is a bucket or a folder.

    Source: stackLockDir in github.com/pulumi/pulumi/pkg/v3/backend/diy/lock.go; the organization has one name there.
    """
    return f"{LOCKS_FOLDER}/organization/{project}/{stack}"


def state_of_stack(project: str, stack: str) -> str:
    """Return the file of a stack's state, likewise. Source: stackPath in .../diy/store.go."""
    return f"{STACKS_FOLDER}/{project}/{stack}.json"


def lock_holder(text: str) -> LockHolder:
    """Read the holder in a lock file (lockContent in lock.go). Jobs of pull requests write some, with any content."""
    try:
        content = cast(dict[str, Any], json.loads(text))
        since = datetime.fromisoformat(content["timestamp"]).astimezone(UTC)
        user, host = (str(content[key])[:LONGEST_NAME] for key in ("username", "hostname"))
        return LockHolder(user=user, host=host, pid=int(content["pid"]), since=since)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        return LockHolder()
