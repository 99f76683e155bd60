"""What the command found and did, for readers and for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence

from github.Repository import Repository
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.reconcile import Result


def print_json(
    repository: Repository, prefixes: Sequence[str], results: Sequence[Result[str]], console: Console
) -> None:
    """Print the results as JSON for scripts; the keys are stable. `clean`: there was nothing to change."""
    steps = [
        {
            "name": result.step.name,
            "state": result.state,
            "changes": list(result.step.changes),
            "note": result.step.note,
        }
        for result in results
    ]
    document = {
        "repository": repository.full_name,
        "repositoryId": str(repository.id),
        "subjectPrefixes": list(prefixes),
        "clean": not any(result.step.changes for result in results),
        "steps": steps,
    }
    console.out(json.dumps(document, indent=2))


def print_table(
    repository: Repository, prefixes: Sequence[str], results: Sequence[Result[str]], console: Console
) -> None:
    """Print the results for readers: a row per step, its changes below each other."""
    table = Table(box=None, header_style="dim", pad_edge=False, title=repository.full_name, title_justify="left")
    table.add_column("setting", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("changes", overflow="fold")
    for result in results:
        note = [Text(result.step.note, style="dim")] if result.step.note else []
        table.add_row(result.step.name, result.state, Text("\n").join([*map(Text, result.step.changes), *note]))
    subjects = " and ".join(f"{prefix}:" for prefix in prefixes)
    facts = Text(f"repository id {repository.id}; the subjects of its tokens begin with {subjects}")
    console.print(table, facts, sep="\n")
