"""What the command found and did, for readers and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.github.step import Step

State = Literal["exists", "missing", "differs", "made", "changed", "off", "not done"]
"""missing, differs: nothing was done. off: it is not there, and nobody asked for it. not done: one before it failed."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A step, and what became of it."""

    step: Step
    state: State
    """What it is, or became."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is shown at the end."""

    repository: str
    repository_id: int
    subject_prefixes: Sequence[str]
    rows: Sequence[Row]

    def document(self) -> dict[str, Any]:
        """Write it as JSON for scripts; the keys are stable. `clean`: there was nothing to change."""
        return {
            "repository": self.repository,
            "repositoryId": str(self.repository_id),
            "subjectPrefixes": list(self.subject_prefixes),
            "clean": not any(row.step.changes for row in self.rows),
            "steps": [
                {
                    "name": row.step.name,
                    "state": row.state,
                    "changes": list(row.step.changes),
                    "note": row.step.note,
                }
                for row in self.rows
            ],
        }

    def tables(self) -> RenderableType:
        """Draw it for readers: a row per step, its changes below each other."""
        table = Table(box=None, header_style="dim", pad_edge=False, title=self.repository, title_justify="left")
        table.add_column("setting", no_wrap=True)
        table.add_column("state", no_wrap=True)
        table.add_column("changes", overflow="fold")
        for row in self.rows:
            lines = [Text(change) for change in row.step.changes]
            if row.step.note:
                lines.append(Text(row.step.note, style="dim"))
            table.add_row(row.step.name, row.state, Text("\n").join(lines))
        subjects = " and ".join(f"{prefix}:" for prefix in self.subject_prefixes)
        facts = Text(f"repository id {self.repository_id}; the subjects of its tokens begin with {subjects}")
        return Group(table, facts)
