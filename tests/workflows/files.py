"""The workflows and actions of this repository, read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
GITHUB = REPOSITORY / ".github"
LOCAL = "./"
ROLE_ACTION = "./.github/actions/role"


def read(file: Path) -> dict[str, Any]:
    """Read a file. YAML 1.1 takes the key `on` for a truth value; here it is `on` again."""
    content: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in content.items()}


WORKFLOWS: Mapping[str, dict[str, Any]] = {
    file.name: read(file) for file in sorted((GITHUB / "workflows").glob("*.y*ml"))
}
ACTIONS: Mapping[str, dict[str, Any]] = {
    f"{LOCAL}{file.parent.relative_to(REPOSITORY)}": read(file)
    for file in sorted((GITHUB / "actions").glob("*/action.y*ml"))
}


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each job with its workflow's file and its id."""
    for file, workflow in WORKFLOWS.items():
        for name, job in workflow["jobs"].items():
            yield file, name, job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each step of each job and of each action, with where it stands."""
    for file, name, job in jobs():
        for number, step in enumerate(job.get("steps", []), start=1):
            yield f"{file}: {name}, step {number}", step
    for path, action in ACTIONS.items():
        for number, step in enumerate(action["runs"]["steps"], start=1):
            yield f"{path}, step {number}", step
