"""The text of a drafted stack file, as a person would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, cast

from infra.importing.draft import StackDraft
from infra.settings.build import PROJECT
from infra.settings.partly import Location
from infra.settings.yaml_file import parse_document

WIDEST_LINE = 110
INDENT = "  "
APP_KEYS = (
    "kind", "image", "build", "command", "args", "schedule", "timeZone", "overlap", "timeout", "retries", "start",
    "partition", "port", "servicePort", "ports", "traffic", "env", "secrets", "pullSecrets", "files", "health",
    "replicas", "scaling", "resources", "rollout", "release", "placement", "availability", "security", "writable",
    "shm", "volumes", "labels", "annotations", "init", "sidecars", "allowTo", "allowFrom", "dependsOn", "notSecret",
)  # fmt: skip
"""In the order in which an app is told."""
_REST = r"[\w./$%@=+~<>|;()!*^&'\"\\-]"
_PLAIN = re.compile(
    rf"(?:--?)?[A-Za-z_/$]{_REST}*(?::[\w/]{_REST}*)*(?: {_REST}+(?::[\w/]{_REST}*)*)*"
    r"|[0-9]+(?:\.[0-9]+)?(?:[smhd]|[KMGT]i|%)"
    r"|[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?",
    re.ASCII,
)
"""Texts without quotes: words, commands, images and addresses; durations, sizes and shares; networks.

All others are quoted. Asking the loader about each text would take seconds for a large stack; the tests ask it.
"""
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
"""Of YAML 1.1 and 1.2, which stand for something else than a text."""
_ALWAYS_BLOCKS = {"apps", "init", "sidecars", "files", "env", "volumes"}
"""Sections of which each entry has a line of its own."""


@dataclass(frozen=True, kw_only=True)
class _Comments:
    """The comments of a draft by their places, and all places below which one stands."""

    at: Mapping[Location, str]
    above: Set[Location]


def stack_text(draft: StackDraft) -> str:
    """Write the draft as a stack file; an empty line stands between two apps."""
    above = {place[:length] for place in draft.comments for length in range(len(place))}
    comments = _Comments(at=draft.comments, above=above)
    head = [
        "# yaml-language-server: $schema=schema.json",
        f"# Made from {draft.origin} by `nightowl import`; from here on it is yours.",
        "config:",
    ]
    lines = list(head)
    for key, value in draft.config.items():
        if key == "apps":
            lines.append("")
        lines += _entry(comments, _key(f"{PROJECT}:{key}", 1), value, (key,), 1)
    text = "\n".join([*lines, ""])
    read = parse_document(text, f"Pulumi.{draft.name}.yaml").values["config"]
    if read != {f"{PROJECT}:{key}": value for key, value in draft.config.items()}:
        raise AssertionError("the stack file that was written says something else than its draft")
    return text


def _entry(comments: _Comments, start: str, value: Any, place: Location, level: int) -> Iterator[str]:
    """Write what `start` begins, a key or the dash of an item, with its value behind it, or below where it is long."""
    comment = comments.at.get(place, "")
    line = _line(comments, value, place, start)
    if line is not None:
        yield f"{line} # {comment}" if comment else line
        return
    if comment:
        yield f"{INDENT * level}# {comment}"
    if isinstance(value, str):
        first, *rest = _block_text(value)
        yield f"{start} {first}"
        yield from (f"{INDENT * level}{one}" if one else "" for one in rest)
    elif isinstance(place[-1], int):
        first, *rest = _below(comments, value, place, level + 1)
        yield f"{start} {first.lstrip()}"
        yield from rest
    else:
        yield start
        yield from _below(comments, value, place, level + 1)


def _below(comments: _Comments, value: Any, place: Location, level: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        return _mapping(comments, cast("Mapping[str, Any]", value), place, level)
    return _list(comments, value, place, level)


def _mapping(comments: _Comments, value: Mapping[str, Any], place: Location, level: int) -> Iterator[str]:
    is_app = len(place) == 2 and place[0] == "apps"
    keys = sorted(value, key=_app_order) if is_app else list(value)
    for index, key in enumerate(keys):
        if place == ("apps",) and index:
            yield ""
        yield from _entry(comments, _key(key, level), value[key], (*place, key), level)


def _list(comments: _Comments, items: list[Any], place: Location, level: int) -> Iterator[str]:
    for index, item in enumerate(items):
        yield from _entry(comments, f"{INDENT * level}-", item, (*place, index), level)


def _key(name: str, level: int) -> str:
    return f"{INDENT * level}{_scalar(name)}:"


def _line(comments: _Comments, value: Any, place: Location, start: str) -> str | None:
    """Write a value behind its key; None where it stands below it."""
    if isinstance(value, str):
        is_block = "\n" in value and _block_text(value)[0].startswith("|")
        return None if is_block else f"{start} {_scalar(value)}"
    if not isinstance(value, Mapping | list) or not value:
        return f"{start} {_flow(value)}"
    is_app = len(place) == 2 and place[0] == "apps"
    if place[-1] in _ALWAYS_BLOCKS or is_app or place in comments.above or _depth(value) > 2:
        return None
    line = f"{start} {_flow(value)}"
    return line if len(line) <= WIDEST_LINE and "\n" not in line else None


def _depth(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + max(map(_depth, cast("Mapping[str, Any]", value).values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, cast("list[Any]", value)), default=0)
    return 0


def _app_order(key: str) -> int:
    return APP_KEYS.index(key) if key in APP_KEYS else len(APP_KEYS)


def _flow(value: Any) -> str:
    """Write a value on one line, with spaces inside braces as the examples have them."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        entries = [f"{_scalar(key)}: {_flow(item)}" for key, item in items]
        return f"{{ {', '.join(entries)} }}" if entries else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, cast('list[Any]', value)))}]"
    return _scalar(value)


def _scalar(value: object) -> str:
    """Write a scalar, without quotes where it reads the same: what is a text is never taken for a number."""
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else _quoted(value)


def _block_text(value: str) -> list[str]:
    """Return the lines of a text of several lines as a block, or in quotes where a block cannot hold it."""
    if not value.strip("\n") or not all(character.isprintable() or character in "\n\t" for character in value):
        return [_quoted(value)]
    ends = len(value) - len(value.rstrip("\n"))
    indented = "2" if value[0] in " \n" else ""
    kept = "-" if ends == 0 else "+" if ends > 1 else ""
    lines = value.removesuffix("\n").split("\n")
    return [f"|{indented}{kept}", *(f"{INDENT}{line}" if line else "" for line in lines)]


def _quoted(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    """Write a character inside quotes: those that YAML cannot hold, or reads as the end of a line, by their number."""
    return character if character.isprintable() else f"\\U{ord(character):08x}"
