"""What a release made of the shipped stacks: their stack files and their states, kept in tests/releases.

`python -m tests.e2e.aws_program.release` records them for the version in pyproject.toml, when that is released.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.version import Version

from infra.settings.stack_file import read_stack_file
from tests.e2e.aws_program.stack import REPOSITORY, STACKS, EchoStack, echo_stack, stack_command
from tests.echo.account import Object

RELEASES = REPOSITORY / "tests" / "releases"
RECORDED = ("dev", "prod")
LEFT_OUT = frozenset(
    {"created", "modified", "sourcePosition", "stackTrace", "dependencies", "propertyDependencies", "deletedWith"}
)
"""Keys of a resource's state that say nothing of what a preview compares, and are the larger part of it."""


def last_release() -> Path:
    """Return the folder of the latest recorded release."""
    return max(RELEASES.iterdir(), key=lambda folder: Version(folder.name))


def load(stack: EchoStack, state: Path) -> None:
    """Make `stack` what the release made of it: in the engine's state, and in the account."""
    resources = json.loads(state.read_text(encoding="utf-8"))
    for one in resources:
        if "outputs" in one:
            one["outputs"] = {**one.get("inputs", {}), **one["outputs"]}
    exported = json.loads(stack_command(stack.engine, stack.file, "export", "--show-secrets"))
    exported["deployment"]["resources"] = resources
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(exported, file)
        file.flush()
        stack_command(stack.engine, stack.file, "import", "--file", file.name)
    for one in stack.state().values():
        if one["custom"] and not one["type"].startswith("pulumi:"):
            stack.account.objects[one["type"], one["id"]] = Object(
                id=one["id"], urn=one["urn"], type=one["type"], inputs=one["inputs"], outputs=one["outputs"]
            )


def record(folder: Path, name: str) -> None:
    """Make a shipped stack, and write its stack file and its state to `folder`."""
    with tempfile.TemporaryDirectory() as root, echo_stack(Path(root), STACKS / f"Pulumi.{name}.yaml") as stack:
        stack.up()
        exported = json.loads(stack_command(stack.engine, stack.file, "export", "--show-secrets"))
    lines = ",\n".join(json.dumps(_short(one), sort_keys=True) for one in exported["deployment"]["resources"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    document = read_stack_file(STACKS / f"Pulumi.{name}.yaml").document
    (folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _short(resource: dict[str, Any]) -> dict[str, Any]:
    """Leave out what `load` knows again: the outputs that are as the inputs, too."""
    kept = {key: value for key, value in resource.items() if key not in LEFT_OUT}
    if "inputs" in kept and "outputs" in kept:
        inputs = kept["inputs"]
        kept["outputs"] = {key: value for key, value in kept["outputs"].items() if inputs.get(key) != value}
    return kept


if __name__ == "__main__":
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for shipped in RECORDED:
        record(RELEASES / version, shipped)
