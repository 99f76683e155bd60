"""What `nightowl local up` ends with: the tables, the times, and what to try next."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.console.printable import printable
from infra.local.paths import DEFAULT_CLUSTER_NAME
from infra.local.status import ClusterStatus
from infra.local.tables import plain_table, status_tables
from infra.local.up import UpResult


def print_summary(console: Console, result: UpResult, cluster_name: str) -> None:
    """Print what runs, what changed, the seconds per step, and the next commands."""
    console.print()
    console.print(status_tables(result.status))
    console.print()
    console.print(_steps(result.steps))
    console.print()
    console.print(Text(_changes(result), style="bold green"))
    if result.hand_edits:
        # No update and no refresh takes them away, as the stack file does not have them.
        for line in ("Added by hand, and left as it is:", *(f"  {edit}" for edit in result.hand_edits)):
            console.print(Text(printable(line), style="yellow"), soft_wrap=True)
    console.print(_next_commands(result.status, cluster_name))


def _steps(steps: Mapping[str, float]) -> Table:
    table = plain_table("step", "seconds", right={"seconds"})
    for name, seconds in steps.items():
        table.add_row(name, f"{seconds:.1f}")
    table.add_row("in all", f"{sum(steps.values()):.1f}", style="bold")
    return table


def _changes(result: UpResult) -> str:
    if not result.outcome.changed and (result.hand_edits or not result.refreshed):
        return "Nothing changed: the stack file is as it was at the last update."
    if not result.outcome.changed:
        return "Nothing changed: everything is as the stack file says."
    made = ", ".join(f"{count} {operation}" for operation, count in sorted(result.outcome.changes.items()) if count)
    return f"Resources: {made}."


def _next_commands(status: ClusterStatus, cluster_name: str) -> Text:
    name = "" if cluster_name == DEFAULT_CLUSTER_NAME else f" --name {cluster_name}"
    scalable = next((app.name for app in status.apps if app.scaling is not None), None)
    commands = [
        *([f"nightowl local load {scalable} --cpu 20{name}"] if scalable else []),
        f"nightowl local status{name}",
        f'eval "$(nightowl local env{name})" && kubectl get pods --all-namespaces',
        f"nightowl local down{name}",
    ]
    return Text("Next:\n" + "\n".join(f"  {command}" for command in commands))
