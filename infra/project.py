"""The project that a command is run in."""

from __future__ import annotations

from pathlib import Path

from infra.errors import UsageError
from infra.settings.nearest import nearest
from infra.settings.stack_file import stack_name
from infra.settings.yaml_file import read_yaml

PROJECT_FILE = "Pulumi.yaml"
STACKS_FOLDER = "stacks"


def project_folder(start: Path) -> Path:
    """Find the folder with Pulumi.yaml, in `start` or above, as the Pulumi command does.

    Raises:
        UsageError: there is none.
    """
    folder = enclosing_project(start)
    if folder is None:
        raise UsageError(f"no {PROJECT_FILE} in {start} or above; run this in the folder of your project, or below it")
    return folder


def enclosing_project(start: Path) -> Path | None:
    """Return the folder with Pulumi.yaml, `start` or one above it; None where there is none."""
    return next((folder for folder in (start, *start.parents) if (folder / PROJECT_FILE).is_file()), None)


def stacks_folder(start: Path) -> Path:
    """Return the folder of the stack files, in the project that `start` lies in, or in `start` where there is none."""
    return (enclosing_project(start) or start) / STACKS_FOLDER


def project_name(project: Path) -> str:
    """Read the name of the project from its Pulumi.yaml, as the engine gives it to the program.

    Raises:
        SettingsError: the file cannot be read.
        UsageError: it has no name.
    """
    name = read_yaml(project / PROJECT_FILE).get("name")
    if not isinstance(name, str):
        raise UsageError(f"{PROJECT_FILE} has no name; write one, such as `name: nightowl`")
    return name


def stack_file(project: Path, stack: str) -> Path:
    """Find the file of a stack.

    Raises:
        UsageError: there is none; the message lists the stacks that exist, and names the one that may be meant.
    """
    known = stack_files(project)
    # By the list and not by the path, in which a name such as ../base would lead elsewhere.
    if stack in known:
        return known[stack]
    near = nearest(stack, known)
    hint = f"did you mean {near!r}? " if near else ""
    path = f"{STACKS_FOLDER}/Pulumi.{stack}.yaml"
    raise UsageError(f"there is no stack {stack!r}: {path} does not exist; {hint}stacks: {', '.join(known) or 'none'}")


def file_or_stack(project: Path, stack: str, file: Path | None) -> Path:
    """Return `file`, a stack file anywhere; without one, the file of `stack` in the project.

    Raises:
        UsageError: there is no such file or stack.
    """
    if file is None:
        return stack_file(project, stack)
    if not file.is_file():
        raise UsageError(f"--file: {file} does not exist; name a stack file, such as Pulumi.example.yaml")
    return file


def stack_files(project: Path) -> dict[str, Path]:
    """List the stack files of a project by stack, in alphabetical order."""
    return {stack_name(file): file for file in sorted((project / STACKS_FOLDER).glob("Pulumi.*.yaml"))}
