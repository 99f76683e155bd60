"""What a bootstrap found or did, as tables for people and as JSON for scripts."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal, cast

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.bootstrap.place import Place
from infra.bootstrap.stack_file import StackFileResult
from infra.bootstrap.step import Change, StepResult

Mode = Literal["apply", "dry-run", "check"]

_ITSELF = "the resource itself"
_NOTHING = "-"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A run: `steps` in their order, and what became of the stack file."""

    stack: str
    place: Place
    mode: Mode
    steps: tuple[StepResult, ...]
    stack_file: StackFileResult

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every difference, made or only found."""
        return tuple(change for step in (*self.steps, self.stack_file.step) for change in step.changes)

    @property
    def next_commands(self) -> tuple[str, ...]:
        """What comes next: the shell learns where the state is, and Pulumi makes the stack there."""
        return (
            f"export PULUMI_BACKEND_URL={shlex.quote(self.place.backend)}",
            f"pulumi stack init {self.stack} --secrets-provider {shlex.quote(self.place.secrets_provider)}",
        )


def steps_table(steps: Sequence[StepResult]) -> Table:
    """Draw one row per resource: whether it existed, was made or was changed, and in which settings."""
    table = _table("resource", "state", "settings")
    for step in steps:
        table.add_row(step.resource, step.state, _settings(step))
    return table


def changes_tables(changes: Sequence[Change]) -> RenderableType:
    """Draw one table per resource, with one row per difference."""
    parts: list[RenderableType] = []
    for resource, differences in groupby(changes, key=lambda change: change.resource):
        table = _table("setting", "is", "will be")
        for change in differences:
            was, becomes = _told(change.was), _told(change.becomes)
            table.add_row(change.setting or _ITSELF, f"another {was}" if was == becomes else was, becomes)
        parts += [Text(resource, style="bold"), Padding(table, (0, 0, 1, 2))]
    return Group(*parts)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return a run as JSON values; the keys are stable.

    `state` is one of exists, missing, differs (nothing was done), made and changed. A change without a setting is the
    making of the resource.
    """
    steps = (*outcome.steps, outcome.stack_file.step)
    return {
        "stack": outcome.stack,
        "accountId": outcome.place.account_id,
        "region": outcome.place.region,
        "mode": outcome.mode,
        "resources": [{"resource": step.resource, "id": step.identifier, "state": step.state} for step in steps],
        "changes": [asdict(change) for change in outcome.changes],
        "backend": outcome.place.backend,
        "secretsProvider": outcome.place.secrets_provider,
        "stackFile": {"problem": outcome.stack_file.problem, "lines": list(outcome.stack_file.lines)},
        "next": list(outcome.next_commands),
    }


def _settings(step: StepResult) -> str:
    if step.state == "made":
        return "all"
    return ", ".join(change.setting or _ITSELF for change in step.changes)


def _told(value: object) -> str:
    """Write a setting in a few words: a policy as the names of its statements, a lifecycle as those of its rules."""
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return _told_mapping(cast(Mapping[str, object], value))
    if isinstance(value, list | tuple):
        return ", ".join(_told_item(item) for item in cast(Sequence[object], value)) or _NOTHING
    return str(value)


def _told_mapping(mapping: Mapping[str, object]) -> str:
    if "Statement" in mapping:
        return _told(mapping["Statement"])
    return ", ".join(f"{key}={_told(item)}" for key, item in mapping.items()) or _NOTHING


def _told_item(item: object) -> str:
    if isinstance(item, Mapping):
        named = cast(Mapping[str, object], item)
        return str(named.get("Sid") or named.get("ID") or "one without a name")
    return _told(item)


def _table(*headers: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table
