"""Compose projects for tests, as the reader gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.importing.acceptance import accepted
from infra.importing.compose.project import ComposeProject
from infra.importing.compose.reach import Reach
from infra.importing.compose.stack import import_project
from infra.importing.draft import StackDraft
from infra.importing.findings import Finding
from infra.importing.keys import Column
from infra.importing.source import Source
from infra.settings.model import path_text

NOWHERE = Path("/nowhere")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a project."""

    draft: StackDraft
    findings: list[Finding]

    def app(self, name: str) -> dict[str, Any]:
        return self.draft.apps[name]

    def column(self, key: str) -> set[Column]:
        """List the columns in which a key of the input is."""
        return {finding.column for finding in self.findings if path_text(finding.key) == key}

    def text(self, key: str) -> str:
        return " ".join(finding.text for finding in self.findings if path_text(finding.key) == key)


def project(values: Mapping[str, Any], folder: Path = NOWHERE) -> ComposeProject:
    return ComposeProject(
        name="shop",
        source=Source(values=values, place=lambda _: "compose.yaml:1"),
        folder=folder,
        written=lambda _: None,
        inactive=frozenset(),
        unset={},
        environment={},
        reach=Reach(folder=folder, named=[]),
        unread={},
    )


def imported(text: str, folder: Path = NOWHERE) -> Result:
    """Import the text of a Compose file, and let the loader take what it can."""
    return imported_values(yaml.safe_load(text), folder)


def imported_values(values: Mapping[str, Any], folder: Path = NOWHERE) -> Result:
    result = import_project(project(values, folder), stack=None, origin="compose.yaml", top=NOWHERE)
    return Result(draft=result.draft, findings=accepted(result.draft, result.findings))
