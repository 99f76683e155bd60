"""What a stack file records of the repository that deploys it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from infra.errors import NightowlError, UsageError
from infra.github.environments import EPHEMERAL
from infra.github.subjects import PREVIEW_CONTEXTS, SubjectFormat
from infra.reconcile import Step
from infra.settings.layers import Layers
from infra.settings.stack_file import read_stack_file
from infra.settings.stack_file_edit import read_text, replace_text, set_value
from infra.values import mapping

SECTION = ("config", "nightowl:delivery", "github")
_OF_THE_REPOSITORY = ("repository", "repositoryId", "preview")
"""Keys that say the same for every stack of a repository, so that a base may have them."""
EPHEMERAL_BASE = "dev"
"""The stack on whose cluster the environments of pull requests live."""


class StackFileError(NightowlError):
    """A stack file cannot be written."""


def stack_file_step(file: Path, stack: str, *, repository: str, repository_id: int, form: SubjectFormat) -> Step[str]:
    """Inspect what `file` records of the repository: its name and id, and the subjects that its roles trust.

    Args:
        file: of the stack, on EKS.
        stack: its name, which the environment that deploys it has too.
        repository: owner/name.
        repository_id: GitHub's number of it, which no other repository ever gets.
        form: of the subjects.

    Raises:
        SettingsError: the file is no stack file.
        UsageError: the stack is none on EKS.
    """
    layers = read_stack_file(file).layers
    config = layers.config
    if mapping(config.get("nightowl:platform")).get("kind") != "eks":
        raise UsageError(f"--stack: {stack} is not on EKS (nightowl:platform.kind in {file}); leave it out")
    now = mapping(mapping(config.get("nightowl:delivery")).get("github"))
    wanted: dict[str, str | list[str]] = {
        "repository": repository,
        "repositoryId": str(repository_id),
        "deploy": list(form.subjects([f"environment:{stack}"], _texts(now.get("deploy")))),
        "preview": list(form.subjects(PREVIEW_CONTEXTS, _texts(now.get("preview")))),
    }
    if stack == EPHEMERAL_BASE:
        wanted["ephemeral"] = list(form.subjects([f"environment:{EPHEMERAL}"], _texts(now.get("ephemeral"))))
    differing = {key: value for key, value in wanted.items() if now.get(key) != value}

    def apply() -> None:
        for target in dict.fromkeys(_file_of(key, file, layers) for key in differing):
            written = {key: value for key, value in differing.items() if _file_of(key, file, layers) == target}
            text = read_text(target)
            for key, value in written.items():
                text = set_value(text, (*SECTION, key), value)
            _replace(target, text, written)

    return Step(
        name=f"{file.parent.name}/{file.name}",
        exists=bool(now),
        changes=tuple(
            f"delivery.github.{key}: {_shown(now.get(key))} -> {_shown(differing[key])}{_elsewhere(key, file, layers)}"
            for key in differing
        ),
        apply=apply,
        note="bring it to main by a pull request" if differing else "",
    )


def _file_of(key: str, file: Path, layers: Layers) -> Path:
    """Find the file to write a key to: one that is extended and has it for every stack, or the stack's own."""
    holder = layers.holder((*SECTION[1:], key)) if key in _OF_THE_REPOSITORY else None
    return file if holder is None else file.with_name(Path(holder.file).name)


def _elsewhere(key: str, file: Path, layers: Layers) -> str:
    target = _file_of(key, file, layers)
    return "" if target == file else f" (in {target.name})"


def _replace(file: Path, text: str, written: Mapping[str, str | list[str]]) -> None:
    try:
        replace_text(file, text)
    except OSError as error:
        lines = "\n".join(f"      {key}: {_shown(value)}" for key, value in written.items())
        raise StackFileError(
            f"{file} cannot be written ({error.strerror}); write it yourself:\n"
            f"  nightowl:delivery:\n    github:\n{lines}"
        ) from None


def _texts(value: object) -> list[str]:
    return [str(item) for item in cast(list[object], value)] if isinstance(value, list) else []


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return f"[{', '.join(_texts(cast(object, value)))}]"
    return f'"{value}"' if str(value).isdigit() else str(value)
