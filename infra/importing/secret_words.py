"""Words of a command that hold secrets: a variable, which a secret fills, takes their place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from infra.importing.app_parts import add_secret
from infra.importing.draft import StackDraft
from infra.secret_texts.texts import in_arguments
from infra.values import text


@dataclass(frozen=True, kw_only=True)
class HiddenWord:
    """What stands in the place of a word, such as `--password=$(PASSWORD)`."""

    word: str
    variable: str
    secret: str
    """Its name in the app."""


def hide_secrets(draft: StackDraft, app: str, words: Sequence[str], *, of: str) -> dict[int, HiddenWord]:
    """Name a secret of an app for each word of a command that holds one; return what takes its place, by position.

    `of` says where the command stands.
    """
    hidden: dict[int, HiddenWord] = {}
    for position in in_arguments(words):
        option, name = _option(words, position)
        variable = _free(re.sub(r"\W+", "_", name).strip("_").upper(), variables_of_secrets(draft.apps[app]))
        secret = add_secret(draft, app, key=variable, of=of, env=variable)
        hidden[position] = HiddenWord(word=f"{option}$({variable})", variable=variable, secret=secret)
    return hidden


def variables_of_secrets(app: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets of an app that are variables: their names by those of the variables."""
    secrets: Mapping[str, Any] = app.get("secrets", {})
    return {text(entry, "env"): name for name, entry in secrets.items() if text(entry, "env")}


def _option(words: Sequence[str], position: int) -> tuple[str, str]:
    """Return what of a word stays, and what it is called: by its option, or by the long one before it."""
    own = re.fullmatch(r"(--?[\w.-]+=|-p)(.+)", words[position], re.DOTALL)
    before = words[position - 1] if position else ""
    if own is not None:
        return own[1], "password" if own[1] == "-p" else own[1]
    return "", before if re.fullmatch(r"--?[A-Za-z][\w.-]+", before) else "command"


def _free(name: str, taken: Collection[str]) -> str:
    return next(one for one in chain([name], (f"{name}_{number}" for number in count(2))) if one not in taken)
