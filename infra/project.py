"""The project that a command is run in."""

from __future__ import annotations

from pathlib import Path

from infra.errors import UsageError

PROJECT_FILE = "Pulumi.yaml"
STACKS_FOLDER = "stacks"


def project_folder(start: Path) -> Path:
    """Find the folder with Pulumi.yaml, in `start` or above, as the Pulumi command does.

    Raises:
        UsageError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise UsageError(f"no {PROJECT_FILE} in {start} or above; run this in a checkout of Nightowl")


def stack_file(project: Path, stack: str) -> Path:
    """Find the file of a stack.

    Raises:
        UsageError: there is none; the message lists the stacks that exist.
    """
    path = project / STACKS_FOLDER / f"Pulumi.{stack}.yaml"
    if path.is_file():
        return path
    known = sorted(item.name.split(".")[1] for item in (project / STACKS_FOLDER).glob("Pulumi.*.yaml"))
    raise UsageError(f"there is no stack {stack!r}: {path} does not exist; stacks: {', '.join(known) or 'none'}")
