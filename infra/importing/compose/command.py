"""Entry point and command: what Compose calls `entrypoint` and `command` is `command` and `args` here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection
from itertools import pairwise

from infra.importing.compose.hosts import with_own_hosts
from infra.importing.compose.service import Service
from infra.importing.compose.values import items
from infra.importing.secret_words import hide_secrets, variables_of_secrets

_CLEARED = "an empty one clears what the image names, which the stack file cannot say; write the whole 'command'"
_SCRIPT = (
    "rather write it here, a variable of 'secrets' in the place of what is secret, and keep only that in the Secret"
)
_TO = {"entrypoint": "command", "command": "args"}


def map_command(service: Service) -> None:
    """Take over entry point and command."""
    for key, to in _TO.items():
        if key not in service.values:
            continue
        words = words_of(service.values[key])
        if words is None:
            service.missing((key,), "its quotes are not those of a shell; write it as a list of words")
        elif words:
            _write(service, key, to, words)
        elif service.values[key] is None:
            service.decided((key,), why="nothing is written, so that the image's own holds")
        elif key == "entrypoint" and words_of(service.values.get("command")):
            service.decided((key,), why="empty: 'command' of the input takes its place")
        else:
            service.missing((key,), _CLEARED)
    if service.values.get("entrypoint") in ("", []) and "args" in service.settings:
        service.settings["command"] = service.settings.pop("args")
        service.taken(("command",), "command")


def map_folder(service: Service) -> None:
    """Note the folder in which the command runs, where the image has the same."""
    folder = service.values.get("working_dir")
    if folder is not None and folder == service.dockerfile.folder:
        service.decided(("working_dir",), why="it is the image's own")


def words_of(value: object) -> list[str] | None:
    """Return the words of a command, as a shell splits them; None where it could not."""
    if isinstance(value, str):
        try:
            return shlex.split(value)
        except ValueError:
            return None
    return [
        one if isinstance(one, str) else str(one).lower() if isinstance(one, bool) else str(one) for one in items(value)
    ]


def literal(text: str, variables: Collection[str]) -> str:
    """Write a text of a command so that Kubernetes hands it on as it is."""

    def escaped(match: re.Match[str]) -> str:
        name = match[2]
        return match[1] * 2 + (f"({name})" if name else "") if len(match[1]) > 1 or name in variables else match[0]

    return re.sub(r"(\$+)(?:\(([^()]*)\))?", escaped, text)


def _write(service: Service, key: str, to: str, words: list[str]) -> None:
    hidden = hide_secrets(service.stack.draft, service.app, words, of=f"{service.name}.{key}")
    known = {*service.settings.get("env", {}), *variables_of_secrets(service.settings)}
    scripts = [hidden[index].variable for index in hidden if " " in words[index].strip()]
    if hidden:
        words = [hidden[index].word if index in hidden else word for index, word in enumerate(words)]
    else:
        words = [literal(word, known) for word in words]
    service.settings[to] = [
        with_own_hosts(service, (key,), word, name=before) for before, word in pairwise(["", *words])
    ]
    text = "split into words as a shell does" if isinstance(service.values[key], str) else ""
    if hidden:
        whole = f"; {', '.join(scripts)} is a whole script: {_SCRIPT}" if scripts else ""
        why = f"what looks like a secret in it is a variable $(NAME), filled from a secret{whole}"
        service.decided((key,), to, why=why)
    else:
        service.taken((key,), to, text=text)
