"""`build`: the folder that the images of an app are built from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from infra.settings.scalars import Notation, form

_check_form = form(
    r"(?a)(?!\.{1,2}(/|$))[\w.-]+(/(?!\.{1,2}(/|$))[\w.-]+)*",
    "is not a folder inside the repository, such as apps/web; write it relative and without ..",
)


def check_folder(value: object) -> str:
    """Accept a folder inside the repository.

    An image is named after the content of its folder alone, so nothing else may decide what is in it: no file elsewhere
    and no argument of the build.

    Raises:
        ValueError: not a folder, or the mapping of Compose.
    """
    if not isinstance(value, Mapping):
        return _check_form(value)
    raise ValueError(
        "is not a folder; write build: apps/web, whose Dockerfile is built to its last stage, each ARG with its default"
    )


Folder = Annotated[str, BeforeValidator(check_folder), Notation("folder")]
