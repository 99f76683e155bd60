"""What a bootstrap found or did, as tables for people and as JSON for scripts."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.bootstrap.account import Account
from infra.bootstrap.resource import Change
from infra.bootstrap.stack_file import StackFileResult
from infra.reconcile import Mode, Result

_ITSELF = "the resource itself"
_NOTHING = "-"


@dataclass(frozen=True, kw_only=True)
class Report:
    """A run: its results in their order, and what became of the stack file."""

    stack: str
    account: Account
    mode: Mode
    resources: Sequence[Result[Change]]
    stack_file: StackFileResult

    @property
    def results(self) -> tuple[Result[Change], ...]:
        """Every result, the stack file's last."""
        return (*self.resources, self.stack_file.result)

    @property
    def differs(self) -> bool:
        """Whether there was any difference, removed or only found."""
        return any(result.step.changes for result in self.results)

    @property
    def next_commands(self) -> tuple[str, ...]:
        """What comes next: the shell learns where the state is, and Pulumi makes the stack there."""
        return (
            f"export PULUMI_BACKEND_URL={shlex.quote(self.account.backend)}",
            f"pulumi stack init {self.stack} --secrets-provider {shlex.quote(self.account.secrets_provider)}",
        )

    def print_json(self, console: Console) -> None:
        """Print the run as JSON; the keys are stable. A change without a setting is the making of the resource."""
        document = {
            "stack": self.stack,
            "accountId": self.account.id,
            "region": self.account.region,
            "mode": self.mode,
            "resources": [
                {"resource": result.step.name, "id": result.step.identifier(), "state": result.state}
                for result in self.results
            ],
            "changes": [
                {"resource": result.step.name, **asdict(change)}
                for result in self.results
                for change in result.step.changes
            ],
            "backend": self.account.backend,
            "secretsProvider": self.account.secrets_provider,
            "stackFile": {"problem": self.stack_file.problem, "lines": list(self.stack_file.lines)},
            "next": list(self.next_commands),
        }
        console.out(json.dumps(document, indent=2))

    def print(self, console: Console) -> None:
        """Print the run for people, and what to do next."""
        if self.mode == "apply":
            print_results(self.results, console)
        elif self.differs:
            self._print_changes(console)
        else:
            console.out(f"{self.account.id} {self.account.region}: everything is as it should be")
        if self.stack_file.problem is not None:
            console.out(f"\n{self.stack_file.problem}. The lines:")
            for line in self.stack_file.lines:
                console.out(f"    {line}")
        if self.mode == "apply":
            console.out("\nNext:")
            for command in self.next_commands:
                console.out(command)

    def _print_changes(self, console: Console) -> None:
        """Print a table for each resource that differs, with a row for each difference."""
        differing = [result.step for result in self.results if result.step.changes]
        for step in differing:
            table = _table("setting", "is", "will be")
            for change in step.changes:
                was, becomes = _short(change.was), _short(change.becomes)
                table.add_row(change.setting or _ITSELF, f"another {was}" if was == becomes else was, becomes)
            console.print(Text(step.name, style="bold"), Padding(table, (0, 0, 1, 2)), sep="\n")
        count = sum(len(step.changes) for step in differing)
        noun = "difference" if self.mode == "check" else "change"
        console.out(f"{count} {noun}{'' if count == 1 else 's'}; nothing was changed")


def print_results(results: Sequence[Result[Change]], console: Console) -> None:
    """Print a row for each resource: whether it existed, was made or was changed, and in which settings."""
    table = _table("resource", "state", "settings")
    for result in results:
        settings = ", ".join(change.setting or _ITSELF for change in result.step.changes)
        table.add_row(result.step.name, result.state, "all" if result.state == "made" else settings)
    console.print(table)


def _short(value: object) -> str:
    """Write a setting in a few words: a policy as the names of its statements, a lifecycle as those of its rules."""
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        mapping = cast(Mapping[str, object], value)
        if "Statement" in mapping:
            return _short(mapping["Statement"])
        return ", ".join(f"{key}={_short(item)}" for key, item in mapping.items()) or _NOTHING
    if isinstance(value, list | tuple):
        return ", ".join(_short_item(item) for item in cast(Sequence[object], value)) or _NOTHING
    return str(value)


def _short_item(item: object) -> str:
    if isinstance(item, Mapping):
        named = cast(Mapping[str, Any], item)
        return str(named.get("Sid") or named.get("ID") or "one without a name")
    return _short(item)


def _table(*headers: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table
