"""Writes what was imported, and reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from infra.errors import UsageError
from infra.importing.acceptance import accepted, require_room
from infra.importing.draft import StackDraft
from infra.importing.findings import Finding
from infra.importing.keys import Column
from infra.importing.report import report_json, report_text
from infra.importing.stack_text import stack_text
from infra.project import STACKS_FOLDER

POLICIES_FOLDER = "policies"
LEVELS_OF_DEV = f"{POLICIES_FOLDER}/dev.json"
WHY_LEVELS = (
    "has the levels of dev, so that what runs elsewhere as root, alone or by a tag is reported and stops nothing; "
    "remove it before production, and the levels of prod hold"
)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A drafted stack, and what became of each key of the input."""

    draft: StackDraft
    findings: Sequence[Finding]


def write_imported(
    imported: Imported, project: Path, *, force: bool, full: bool, as_json: bool, console: Console
) -> None:
    """Write the stack file and what belongs to it below `project`, and print the report.

    Raises:
        UsageError: a file is there already, and `force` does not replace it, or the draft is too large; nothing is
            written then.
        SettingsError: the draft is no usable stack file.
    """
    draft = imported.draft
    require_room(draft)
    findings = accepted(draft, imported.findings)
    stack_file = f"{STACKS_FOLDER}/Pulumi.{draft.name}.yaml"
    files = {stack_file: stack_text(draft), **draft.files}
    levels = f"{POLICIES_FOLDER}/{draft.name}.json"
    if (project / LEVELS_OF_DEV).is_file() and not (project / levels).exists():
        files[levels] = (project / LEVELS_OF_DEV).read_text(encoding="utf-8")
        findings.append(Finding(column=Column.DECIDED, key=(), place="", text=f"{levels} {WHY_LEVELS}"))
    present = [path for path in files if (project / path).exists()]
    if present and not force:
        raise UsageError(f"{', '.join(present)}: there already; --force replaces, --stack NAME writes another stack")
    # The stack file comes last: once it is there, so is what it names.
    for path in reversed(files):
        _write(project / path, files[path])
    if as_json:
        document = {"stack": draft.name, "files": list(files), **report_json(findings, draft.steps)}
        console.out(json.dumps(document, indent=2), highlight=False)
        return
    console.print(f"{', '.join(files)}: {len(draft.apps)} apps", markup=False)
    console.print(report_text(findings, draft.steps, full=full))
    console.out(f"\nNext: nightowl plan -s {draft.name}, then nightowl local up --stack {draft.name}", highlight=False)


def _write(path: Path, text: str) -> None:
    """Write a file at once: a full disk or an interruption leaves none, or the old one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            new = Path(folder) / path.name
            new.write_text(text, encoding="utf-8")
            new.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
