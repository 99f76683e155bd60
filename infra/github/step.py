"""One thing that the command looks after: what it is like now, and what would make it right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Step:
    """A thing that was inspected. Nothing is changed before `apply` is called."""

    name: str
    exists: bool
    changes: tuple[str, ...]
    """What `apply` would do, one line each; none: all is as it should be."""
    apply: Callable[[], None]
    note: str = ""
    """What a reader should know although it is left as it is."""
    refusal: str = ""
    """Why the command must not begin before its caller has decided something; empty: it may."""
