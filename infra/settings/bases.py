"""`nightowl:extends`: the names of the files that a stack file extends."""

from __future__ import annotations

import re
from typing import Annotated, cast

from annotated_types import MinLen
from pydantic import BeforeValidator

from infra.settings.scalars import Notation

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?")


def parse_bases(value: object) -> tuple[str, ...]:
    """Read `base` or `[base, regional]`.

    Raises:
        ValueError: neither the name of a file without its ending, nor a list of such names, or one is there twice.
    """
    if value in (None, "", [], ()):
        raise ValueError("names no file; name one, or remove the key")
    given = cast("list[object] | tuple[object, ...]", value if isinstance(value, list | tuple) else [value])
    names = [name for name in given if isinstance(name, str) and _NAME.fullmatch(name)]
    if len(names) < len(given):
        raise ValueError(
            "is not the name of a file beside this one, without .yaml, nor a list of such names; "
            "write base for base.yaml"
        )
    if len(set(names)) < len(names):
        raise ValueError("names a file twice; a file counts where it is named first")
    return tuple(names)


Bases = Annotated[
    tuple[Annotated[str, Notation("file name")], ...],
    BeforeValidator(
        parse_bases, json_schema_input_type=Annotated[str, MinLen(1)] | Annotated[tuple[str, ...], MinLen(1)]
    ),
]
