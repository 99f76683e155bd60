"""What an import did: one screen for people, all of it as JSON for scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.console.printable import printable
from infra.importing.draft import Step
from infra.importing.findings import Finding
from infra.importing.keys import Column
from infra.settings.model import path_text

STYLES = {Column.DANGEROUS: "bold red", Column.MISSING: "yellow", Column.DECIDED: "cyan", Column.TAKEN: "green"}
SHOWN = (Column.DANGEROUS, Column.MISSING, Column.DECIDED)
"""The columns whose findings are listed; of what was taken over the number is enough, unless all is asked for."""


def report_text(findings: Sequence[Finding], steps: Sequence[Step], *, full: bool) -> RenderableType:
    """Show how many keys became what, then those that somebody should look at, then what is to be done by hand."""
    parts: list[RenderableType] = [_summary(findings)]
    for column in Column if full else SHOWN:
        listed = [finding for finding in findings if finding.column is column]
        if listed:
            parts += [Text(), _table(column, listed)]
    if steps:
        parts += [Text(), Text("Before it runs", style="bold"), *_step_lines(steps)]
    return Group(*parts)


def report_json(findings: Sequence[Finding], steps: Sequence[Step]) -> dict[str, Any]:
    """Return all findings and steps, as plain values for JSON."""
    return {
        "findings": [
            {
                "column": finding.column.value,
                "key": path_text(finding.key),
                "place": finding.place,
                "to": path_text(finding.to),
                "text": finding.text,
            }
            for finding in findings
        ],
        "steps": [{"what": step.what, "command": step.command} for step in steps],
    }


def _summary(findings: Sequence[Finding]) -> Text:
    counts = Counter(finding.column for finding in findings)
    parts = [(f"{counts[column]} {column.value}", STYLES[column]) for column in reversed(Column) if counts[column]]
    line = Text("keys: ")
    for index, (words, style) in enumerate(parts):
        line.append(", " if index else "").append(words, style=style)
    return line


def _table(column: Column, findings: Sequence[Finding]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title=None)
    for title in (column.value, "line", "in the stack file", "why, and what to do"):
        if not (title == "in the stack file" and not any(finding.to for finding in findings)):
            table.add_column(title, header_style=STYLES[column], overflow="fold")
    for same in _alike(findings):
        finding = same[0]
        cells = [path_text(finding.key) or "-", finding.place.rpartition("/")[2]]
        if len(table.columns) == 4:
            more = f" and {len(same) - 1} more" if len(same) > 1 else ""
            cells.append(path_text(finding.to) + more)
        table.add_row(*(Text(printable(cell)) for cell in [*cells, finding.text]))
    return table


def _alike(findings: Sequence[Finding]) -> Iterator[Sequence[Finding]]:
    """Group what was decided for several apps without a key of the input, for the same reason."""
    groups: dict[object, list[Finding]] = {}
    for index, finding in enumerate(findings):
        groups.setdefault(index if finding.key else (finding.to[2:3], finding.text), []).append(finding)
    yield from groups.values()


def _step_lines(steps: Sequence[Step]) -> Iterator[Text]:
    for step in steps:
        yield Text(f"- {printable(step.what)}")
        if step.command:
            yield Text(f"  {printable(step.command)}", style="dim")
