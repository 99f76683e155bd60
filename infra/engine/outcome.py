"""What a run of the engine tells: its steps, how it ended, and why it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

from infra.engine.locks import LockHolder
from infra.errors import NightowlError

UNCHANGED = frozenset({"same", "read"})


STAYS = "stays; only the stack forgets it"
"""Of what the engine calls deleted, and leaves where it is (`retain_on_delete`)."""


@dataclass(frozen=True, kw_only=True)
class ResourceProgress:
    """One step of the engine: what it does (`create`, `update`, ...) to which resource, and how far it is."""

    op: str
    type: str
    name: str
    status: Literal["started", "running", "done", "failed", "warning"]
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Resources by operation."""

    changes: Mapping[str, int]

    @property
    def changed(self) -> int:
        """The number of resources that are created, changed or deleted."""
        return sum(count for op, count in self.changes.items() if op not in UNCHANGED)


@dataclass(frozen=True, kw_only=True)
class RunResult(Changes):
    """What a run did: resources by operation, its duration, and the stack's outputs with secrets hidden."""

    seconds: float
    outputs: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class StepChange:
    """One resource that a deployment would create, change, replace or delete."""

    op: str
    type: str
    name: str
    urn: str
    detailed: tuple[str, ...] = ()
    """What differs, without values: `spec.maxReplicas`, `+ metadata.labels.team`, `- data.x`, `port (replaces)`."""
    stays: bool = False
    """Whether it is left where it is, and only the stack forgets it, though the engine calls it deleted."""


@dataclass(frozen=True, kw_only=True)
class Preview(Changes):
    """What a deployment would do, and what the engine warns of."""

    steps: tuple[StepChange, ...]
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What was put right after a run that did not end by itself."""

    locks: tuple[LockHolder, ...]
    """The locks that were taken off."""
    pending: tuple[str, ...]
    """The resources at which the run was at work, as `operation type name`; no longer recorded as pending."""
    remaining: tuple[str, ...]
    """Those of them that are recorded as pending still."""


class DeploymentFailedError(NightowlError):
    """The engine could not do what was asked. `messages` say why, each once, ready to be shown."""

    def __init__(self, messages: list[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(messages))


class StackLockedError(DeploymentFailedError):
    """Another run is at work on the stack, or was when it died."""


class StackMissingError(DeploymentFailedError):
    """The backend has no such stack."""


class InterruptedRunError(DeploymentFailedError):
    """The user stopped the run."""

    exit_code: ClassVar[int] = 130


OnProgress: TypeAlias = Callable[[ResourceProgress], None]


class RunWatch(Protocol):
    """Watches a run of the engine, as a context."""

    def on_progress(self, step: ResourceProgress) -> None:
        """Note a step of the engine."""
        ...

    def explain_failure(self) -> list[str]:
        """Return what the engine's own messages do not say about its failure."""
        ...


Watch: TypeAlias = Callable[[OnProgress, Callable[[], None]], AbstractContextManager[RunWatch]]
"""Creates the watch of one run: the first argument shows what it finds, the second ends the run early."""
