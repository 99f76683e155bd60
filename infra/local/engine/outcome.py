"""What a run of the engine tells: its steps, how it ended, and why it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from infra.errors import NightowlError

UNCHANGED = frozenset({"same", "read"})


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One step of the engine: what it does (`create`, `update`, ...) to which resource, and how far it is."""

    op: str
    type: str
    name: str
    status: Literal["started", "running", "done", "failed", "warning"]
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run did: resources by operation, its duration, and the stack's outputs with secrets hidden."""

    changes: Mapping[str, int]
    seconds: float
    outputs: Mapping[str, Any]

    @property
    def changed(self) -> int:
        """The number of resources that the run created, changed or deleted."""
        return sum(count for op, count in self.changes.items() if op not in UNCHANGED)


class DeploymentFailedError(NightowlError):
    """The engine could not do what was asked. `messages` say why, each once, ready to be shown."""

    def __init__(self, messages: list[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(messages))


class StackLockedError(DeploymentFailedError):
    """Another run is at work on the stack."""


class InterruptedRunError(DeploymentFailedError):
    """The user stopped the run."""

    exit_code: ClassVar[int] = 130


OnProgress: TypeAlias = Callable[[Progress], None]
