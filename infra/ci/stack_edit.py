"""The image lines of a stack file: one value is changed, and every comment and all layout around it stays."""

from __future__ import annotations

from infra.errors import UsageError
from infra.settings.app.image import check_image
from infra.settings.build import PROJECT
from infra.settings.stack_file_edit import StackFileEditError, get_value, set_value


def set_image(text: str, app: str, image: str) -> str:
    """Set the main image of an app in the text of a stack file; its other containers keep theirs.

    Raises:
        UsageError: `image` is no reference with a fixed version, the file has no image line of the app, or the line
            cannot be changed without changing something else, as with an anchor or an alias.
    """
    try:
        check_image(image)
    except ValueError as error:
        raise UsageError(f"image of {app}: {image!r} {error}") from None
    image_of(text, app)
    try:
        return set_value(text, _path(app), image)
    except StackFileEditError:
        raise UsageError(
            f"{PROJECT}:apps > {app} > image cannot be changed without changing something else: its line has an "
            "anchor, an alias or an unusual form; write it as `image: REFERENCE`"
        ) from None


def image_of(text: str, app: str) -> str:
    """Read the main image of an app from the text of a stack file.

    Raises:
        UsageError: the text is no stack file, or has no image line of the app.
    """
    image = image_or_none(text, app)
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
