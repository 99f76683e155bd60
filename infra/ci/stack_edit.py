"""The image lines of a stack file: one value is changed, and every comment and all layout around it stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.ci.images import ImageStack, Reference
from infra.errors import UsageError
from infra.project import STACKS_FOLDER
from infra.settings.app.image import check_image
from infra.settings.build import PROJECT
from infra.settings.eks.delivery import MAIN_BRANCH
from infra.settings.layers import EXTENDS
from infra.settings.stack_file_edit import StackFileEditError, get_value, has_key, set_value

if TYPE_CHECKING:
    from infra.ci.github import GithubRepository


@dataclass(frozen=True, kw_only=True)
class Line:
    """An image line that changes."""

    app: str
    before: Reference
    after: Reference


def stack_path(stack: ImageStack) -> str:
    """Return the path of a stack's file in the repository."""
    return f"{STACKS_FOLDER}/Pulumi.{stack.name}.yaml"


def file_of_main(project: Path, github: GithubRepository | None, commit: str, path: str) -> str:
    """Read a file at `commit`, the head of main; without `github`, in a dry run, the file of the checkout.

    Raises:
        UsageError: there is no such file.
        GithubError: GitHub refuses.
    """
    try:
        text = (project / path).read_text(encoding="utf-8") if github is None else github.file(path, commit)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    if text is None:
        raise UsageError(f"{MAIN_BRANCH} has no file {path}; commit it first")
    return text


def with_lines(text: str, lines: Sequence[Line]) -> str:
    """Return the text of a stack file with these image lines. Raises UsageError as `set_image` does."""
    for line in lines:
        text = set_image(text, line.app, str(line.after))
    return text


def set_image(text: str, app: str, image: str) -> str:
    """Set the main image of an app in the text of a stack file; its other containers keep theirs.

    In a file that extends another, which may have the image, a missing line is made: what a stack runs is its own.

    Raises:
        UsageError: `image` is no reference with a fixed version, the file has no image line of the app, or the line
            cannot be changed without changing something else, as with an anchor or an alias.
    """
    try:
        check_image(image)
    except ValueError as error:
        raise UsageError(f"image of {app}: {image!r} {error}") from None
    if not has_key(text, ("config", EXTENDS)):
        image_of(text, app)
    try:
        return set_value(text, _path(app), image)
    except StackFileEditError:
        raise UsageError(
            f"{PROJECT}:apps > {app} > image cannot be changed without changing something else: its line has an "
            "anchor, an alias or an unusual form; write it as `image: REFERENCE`"
        ) from None


def image_of(text: str, app: str, inherited: str | None = None) -> str:
    """Read the main image of an app from the text of a stack file, or the one that the files have which it extends.

    Raises:
        UsageError: the text is no stack file, or has no image line of the app.
    """
    image = image_or_none(text, app) or inherited
    if image is None:
        raise UsageError(
            f"the stack file has no line {PROJECT}:apps > {app} > image; write one, so that it can be changed"
        )
    return image


def image_or_none(text: str, app: str) -> str | None:
    """Read the main image of an app, or None where there is no line of it. Raises UsageError for no stack file."""
    return get_value(text, _path(app))


def _path(app: str) -> tuple[str, ...]:
    return ("config", f"{PROJECT}:apps", app, "image")
