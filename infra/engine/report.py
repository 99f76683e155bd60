"""What the engine reports while it runs, turned into progress, counts and readable errors."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pulumi import automation

from infra.engine.outcome import STAYS, UNCHANGED, OnProgress, ResourceProgress, RunResult, StepChange
from infra.urns import STACK_TYPE, urn_name, urn_type

COLOUR_TAG = re.compile(r"<\{%.*?%\}>")
ERROR_COUNT = re.compile(r"^\d+ errors? occurred:\s*")

# What the engine says about the whole run after it has said what went wrong.
SUMMARIES = (
    "update failed",
    "preview failed",
    "destroy failed",
    "refresh failed",
    "BAIL:",
    "resource monitor shut down",
    "Resource monitor has terminated",
)

# What comes before a message that is told once already, or says nothing.
REPEATING_PREFIXES = ("Preview failed: ", "an unhandled error occurred: ")
PROGRAM_CRASH = "python inline source runtime error:"

# How the engine ends its report on a plugin that wrote nothing before it was gone.
SILENT_PLUGIN_END = "STDOUT and STDERR streams of the plugin:"


NOT_PLANNED = ("refresh",)
"""Operations that only look: what they find is told by the operations that follow."""


@dataclass(kw_only=True)
class EngineReport:
    """Collects what the engine reports: counts, errors, and progress passed on as it comes."""

    on_progress: OnProgress
    changes: dict[str, int] = field(default_factory=dict[str, int])
    errors: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])
    steps: list[StepChange] = field(default_factory=list[StepChange])
    started: float = field(default_factory=time.monotonic)

    def result(self, outputs: Mapping[str, Any]) -> RunResult:
        """Return what was done until now by a run that ends with `outputs`."""
        return RunResult(changes=self.changes, seconds=time.monotonic() - self.started, outputs=outputs)

    def handle(self, event: automation.EngineEvent) -> None:
        """Note one event of the engine."""
        if event.resource_pre_event:
            self._step(event.resource_pre_event.metadata, "started")
        elif event.res_outputs_event:
            self._step(event.res_outputs_event.metadata, "done")
        elif event.res_op_failed_event:
            self._step(event.res_op_failed_event.metadata, "failed")
        elif event.diagnostic_event:
            self._diagnostic(event.diagnostic_event)
        elif event.policy_event:
            self._violation(event.policy_event)
        elif event.summary_event:
            self.changes = {_text(op): count for op, count in event.summary_event.resource_changes.items()}

    def error_messages(self) -> list[str]:
        """Return the errors without the engine's remark that a plugin ended, which follows when it stops one itself."""
        return [error for error in self.errors if not error.endswith(SILENT_PLUGIN_END)]

    def _step(self, step: automation.StepEventMetadata, status: Literal["started", "done", "failed"]) -> None:
        op = _text(step.op)
        if op in UNCHANGED:
            return
        if status == "started" and op not in NOT_PLANNED and step.logical and step.type != STACK_TYPE:
            self.steps.append(_change(op, step))
        message = STAYS if status == "done" and _stays(op, step) else ""
        self.on_progress(
            ResourceProgress(op=op, type=step.type, name=urn_name(step.urn), status=status, message=message)
        )

    def _diagnostic(self, event: automation.DiagnosticEvent) -> None:
        message = clean_message(event.message)
        if not message or message.startswith(SUMMARIES):
            return
        if event.severity == "error" and message not in self.errors:
            self.errors.append(message)
        elif event.ephemeral or event.severity == "warning":
            if not event.ephemeral and message not in self.warnings:
                self.warnings.append(message)
            status = "running" if event.ephemeral else "warning"
            urn = event.urn or ""
            progress = ResourceProgress(op="", type=urn_type(urn), name=urn_name(urn), status=status, message=message)
            self.on_progress(progress)

    def _violation(self, event: automation.PolicyEvent) -> None:
        about = f"{urn_name(event.resource_urn)}: " if event.resource_urn else ""
        message = f"{about}{clean_message(event.message)} (policy {event.policy_name})"
        messages = self.errors if event.enforcement_level == "mandatory" else self.warnings
        if message not in messages:
            messages.append(message)


def _change(op: str, step: automation.StepEventMetadata) -> StepChange:
    detailed = tuple(_difference(path, diff) for path, diff in sorted((step.detailed_diff or {}).items()))
    whole = op in {"create", "delete", "import"}
    return StepChange(
        op=op,
        type=step.type,
        name=urn_name(step.urn),
        urn=step.urn,
        detailed=() if whole else detailed or tuple(sorted(step.diffs or ())),
        stays=_stays(op, step),
    )


def _stays(op: str, step: automation.StepEventMetadata) -> bool:
    return op == "delete" and step.old is not None and bool(step.old.retain_on_delete)


def _difference(path: str, diff: automation.PropertyDiff) -> str:
    kind = _text(diff.diff_kind)
    sign = {"add": "+ ", "delete": "- "}.get(kind.removesuffix("-replace"), "")
    return f"{sign}{path}{' (replaces)' if kind.endswith('-replace') else ''}"


def clean_message(text: str) -> str:
    """Return a message of the engine without colour tags, counts and repetitions in front, and without a traceback."""
    plain = COLOUR_TAG.sub("", text).strip()
    for prefix in REPEATING_PREFIXES:
        plain = plain.removeprefix(prefix)
    if plain.startswith(PROGRAM_CRASH):
        return _crash(plain)
    plain = ERROR_COUNT.sub("", plain).removeprefix("* ")
    return plain.replace("\n\t* ", "\n").strip()


def _crash(report: str) -> str:
    """Return what is at the end of a program's traceback: the place, and the error."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    places = [line for line in lines if line.startswith('File "')]
    place = f" at {places[-1].removeprefix('File ')}" if places else ""
    return f"the program failed{place}: {lines[-1]}"


def _text(op: Any) -> str:
    return str(getattr(op, "value", op))
