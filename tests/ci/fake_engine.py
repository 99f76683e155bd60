"""A stack and an engine that answers what a test says, and notes what it was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from infra.ci.engine import Target
from infra.engine.locks import LockHolder
from infra.engine.outcome import DeploymentFailedError, Preview, Recovery, RunResult, StepChange

REPOSITORY = Path(__file__).resolve().parents[2]
NOTHING = Preview(changes={"same": 27}, steps=())
DEPLOYED = RunResult(changes={"same": 26, "update": 1}, seconds=83.0, outputs={})


def step(op: str, kind: str, name: str, *keys: str, below: str = "nightowl:apps:App") -> StepChange:
    urn = f"urn:pulumi:local::nightowl::{below}${kind}::{name}"
    return StepChange(op=op, type=kind, name=name, urn=urn, detailed=keys)


def preview_of(*steps: StepChange, messages: tuple[str, ...] = ()) -> Preview:
    return Preview(changes={"update": len(steps)}, steps=steps, messages=messages)


@dataclass
class FakeEngine:
    """Answers in the place of the Pulumi engine; an answer that is an error is raised."""

    previews: Preview | DeploymentFailedError = NOTHING
    deploys: RunResult | BaseException = DEPLOYED
    holders: tuple[LockHolder, ...] = ()
    holders_after_preview: tuple[LockHolder, ...] | None = None
    recovers: Recovery = field(default_factory=lambda: Recovery(locks=(), pending=(), remaining=()))
    calls: list[str] = field(default_factory=list)
    stack_texts: list[str] = field(default_factory=list)
    left_out: tuple[str, ...] = ()

    def preview(
        self, stack_file: Path, program: Callable[[], None], *, refresh: bool = False, leave_out: Any = ()
    ) -> Preview:
        self.calls.append("preview --refresh" if refresh else "preview")
        self.left_out = tuple(leave_out)
        self.stack_texts.append(stack_file.read_text())
        if self.holders_after_preview is not None:
            self.holders = self.holders_after_preview
        return _answer(self.previews)

    def deploy(
        self, stack_file: Path, program: Callable[[], None], *, on_progress: Any = None, watch: Any = None
    ) -> RunResult:
        self.calls.append("deploy")
        self.stack_texts.append(stack_file.read_text())
        return _answer(self.deploys)

    def lock_holders(self, stack_file: Path) -> tuple[LockHolder, ...]:
        return self.holders

    def recover(self, stack_file: Path) -> Recovery:
        self.calls.append("recover")
        return self.recovers


def _answer(answer: Any) -> Any:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def target_of(engine: FakeEngine, folder: Path, stack: str = "local", caller: str | None = None) -> Target:
    """A checkout in `folder` with the stack file of this repository, and what it extends."""
    file = folder / "stacks" / f"Pulumi.{stack}.yaml"
    file.parent.mkdir(exist_ok=True)
    for name in (file.name, "base.yaml", "full.yaml"):
        shutil.copy(REPOSITORY / "stacks" / name, file.with_name(name))
    return Target(
        project="nightowl", stack=stack, stack_file=file, engine=lambda _: cast(Any, engine), caller=lambda _: caller
    )


def edit(target: Target, old: str, new: str) -> None:
    text = target.stack_file.read_text()
    assert old in text
    target.stack_file.write_text(text.replace(old, new))
