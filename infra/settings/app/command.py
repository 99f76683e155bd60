"""Commands of containers and probes, word by word, and what Docker Compose writes in other words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

from pydantic import BeforeValidator

from infra.settings.model import FieldError
from infra.settings.scalars import PlainText

_COMPOSE_ESCAPE = re.compile(r"\$\$(?=[{(A-Za-z_])")
"""What Compose makes one dollar sign of, and a shell its own process id."""
_VARIABLE = re.compile(r"(?<!\$)\$\(([A-Z][A-Z0-9_]*)\)")
"""A variable as Kubernetes expands it elsewhere; no program has such a name."""


def _no_text(message: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if not isinstance(value, str):
            return value
        raise ValueError(f"is a text; {message}")

    return check


_AS_WORDS = "write a list of words, or [sh, -c, ...] for a line of shell"
Words = tuple[PlainText, ...]
"""Whole numbers and `true` need no quotes, as in variables."""
Command = Annotated[Words, BeforeValidator(_no_text(f"{_AS_WORDS}; what Compose calls command is 'args' here"))]
"""What takes the place of the image's entry point."""
Arguments = Annotated[Words, BeforeValidator(_no_text(_AS_WORDS))]
ProbeCommand = Annotated[Words | None, BeforeValidator(_no_text(_AS_WORDS))]


def probe_command_errors(words: Sequence[str]) -> Iterator[FieldError]:
    """Find what Kubernetes hands on as it is, where Compose, or Kubernetes elsewhere, makes something else of it."""
    if not any(words):
        yield FieldError((), "the command is empty")
    elif words[0] == "CMD":
        yield FieldError((0,), "CMD is a word of Compose; leave it out")
    elif words[0] == "CMD-SHELL":
        yield FieldError((0,), "CMD-SHELL is a word of Compose; write [sh, -c, ...]")
    for index, word in enumerate(words):
        variable = _VARIABLE.search(word)
        if variable is not None:
            name = variable[1]
            message = f"a probe expands no $({name}); let a shell do it: [sh, -c, ...] with ${name}"
            yield FieldError((index,), message)
        if _COMPOSE_ESCAPE.search(word):
            yield FieldError((index,), "$$ is the escape of Compose; a probe needs none, write $")
