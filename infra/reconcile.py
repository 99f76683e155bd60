"""Compare, report, change, report again: the engine of the commands that bring something to a wanted state.

A step is one thing: what was read of it, what differs, and what makes it right. Each change is whole in itself, so that
after an interruption the same command goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from infra.errors import UsageError

Mode = Literal["apply", "dry-run", "check"]
"""A dry run refuses what could not be applied; a check only reports what differs."""

State = Literal["exists", "missing", "differs", "made", "changed", "off", "not done"]
"""missing, differs: nothing was done. off: it is not there, and nobody asked for it. not done: one before it failed."""

ChangeT_co = TypeVar("ChangeT_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Step(Generic[ChangeT_co]):
    """A thing that was read. Nothing is changed before `apply` is called."""

    name: str
    exists: bool
    changes: tuple[ChangeT_co, ...]
    """What `apply` would do; none: all is as it should be."""
    apply: Callable[[], None] = lambda: None
    note: str = ""
    """What a reader should know although it is left as it is."""
    refusal: str = ""
    """Why the command must not begin before its caller has decided something; empty: it may."""
    identifier: Callable[[], str | None] = lambda: None
    """What others know it by, such as an ARN; None while it does not exist."""


@dataclass(frozen=True, kw_only=True)
class Result(Generic[ChangeT_co]):
    """A step, and what it is or became."""

    step: Step[ChangeT_co]
    state: State


def reconcile(read: Callable[[], Iterable[Step[ChangeT_co]]], mode: Mode) -> Iterator[Result[ChangeT_co]]:
    """Read all steps, then apply one after the other where `mode` says so, and return the result of each.

    `read` is called once more to apply. It may read a step only when the one before it was applied, where one needs
    what another makes.

    Raises:
        UsageError: a step refuses to begin; nothing was changed.
    """
    steps = tuple(read())
    refusals = [step.refusal for step in steps if step.refusal]
    if refusals and mode != "check":
        raise UsageError(refusals[0])
    for step in read() if mode == "apply" else steps:
        if step.changes and mode == "apply":
            step.apply()
        yield Result(step=step, state=_state(step, mode))


def _state(step: Step[object], mode: Mode) -> State:
    if not step.changes:
        return "exists" if step.exists else "off"
    if mode == "apply":
        return "changed" if step.exists else "made"
    return "differs" if step.exists else "missing"
