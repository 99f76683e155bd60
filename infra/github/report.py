"""What the command found and did, for readers and for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.reconcile import Result


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is printed at the end."""

    repository: str
    repository_id: int
    subject_prefixes: Sequence[str]
    results: Sequence[Result[str]]

    def print_json(self, console: Console) -> None:
        """Print it as JSON for scripts; the keys are stable. `clean`: there was nothing to change."""
        steps = [
            {
                "name": result.step.name,
                "state": result.state,
                "changes": list(result.step.changes),
                "note": result.step.note,
            }
            for result in self.results
        ]
        document = {
            "repository": self.repository,
            "repositoryId": str(self.repository_id),
            "subjectPrefixes": list(self.subject_prefixes),
            "clean": not any(result.step.changes for result in self.results),
            "steps": steps,
        }
        console.out(json.dumps(document, indent=2))

    def print(self, console: Console) -> None:
        """Print it for readers: a row per step, its changes below each other."""
        table = Table(box=None, header_style="dim", pad_edge=False, title=self.repository, title_justify="left")
        table.add_column("setting", no_wrap=True)
        table.add_column("state", no_wrap=True)
        table.add_column("changes", overflow="fold")
        for result in self.results:
            lines = [Text(change) for change in result.step.changes]
            if result.step.note:
                lines.append(Text(result.step.note, style="dim"))
            table.add_row(result.step.name, result.state, Text("\n").join(lines))
        subjects = " and ".join(f"{prefix}:" for prefix in self.subject_prefixes)
        facts = Text(f"repository id {self.repository_id}; the subjects of its tokens begin with {subjects}")
        console.print(table, facts, sep="\n")
