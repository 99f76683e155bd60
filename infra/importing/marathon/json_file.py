"""JSON files with the line of each value: messages and the report name it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from infra.importing.text_input import called, read_text
from infra.settings.model import path_text
from infra.settings.partly import Location
from infra.settings.problems import Problem, SettingsError

LARGEST_FILE_BYTES = 8 * 2**20
MOST_VALUES = 100_000
"""In one file, read within a second. A stack file has room for some 400 apps, of about 100 values each here."""
DEEPEST_LEVEL = 50
"""Objects and lists inside one another. A group of groups has about five levels of its own, and an app six."""
LARGEST_NUMBER = 1e100
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\],:"]+')


@dataclass(frozen=True, kw_only=True)
class JsonFile:
    """What a file holds, and in which line each value starts."""

    name: str
    """As messages call it: its folder and its name."""
    value: Any
    lines: dict[Location, int]


def read_json(path: Path) -> JsonFile:
    """Read a JSON file.

    Raises:
        SettingsError: it cannot be read, is no JSON, is too large, or has a key twice; with the line.
    """
    name = called(path)
    text = read_text(path, most_bytes=LARGEST_FILE_BYTES, remedy="import one group at a time")
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        hint = "; render the template first" if "{{" in text else ""
        message = f"is no JSON (column {error.colno}): {error.msg[:1].lower()}{error.msg[1:]}{hint}"
        raise _refused(f"{name}:{error.lineno}", message) from None
    except RecursionError:
        raise _refused(name, f"is nested more than {DEEPEST_LEVEL} levels deep") from None
    except _NumberError as error:
        found = re.search(rf"(?<![\w.+-]){re.escape(error.word)}(?![\w.+-])", text)
        line = text.count("\n", 0, found.start() if found else 0) + 1
        raise _refused(f"{name}:{line}", f"{error.word} is no number that anything has; write a finite one") from None
    except ValueError as error:
        raise _refused(name, f"has a number that cannot be read: {error}") from None
    try:
        return JsonFile(name=name, value=value, lines=_lines(text, name))
    except _TooDeepError:
        raise _refused(name, f"is nested more than {DEEPEST_LEVEL} levels deep") from None


class _NumberError(ValueError):
    """A word that stands for a number, and is none that can be used."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class _TooDeepError(Exception):
    """The file goes beyond the bound of nesting."""


def _lines(text: str, name: str) -> dict[Location, int]:
    """Find the line of each value, in a text that is JSON.

    Raises:
        SettingsError: a key is there twice, of which JSON would silently take the last, or there are too many values.
    """
    lines: dict[Location, int] = {}
    problems: list[Problem] = []
    for location, line in _values(text):
        if location in lines:
            message = f"is written twice, in lines {lines[location]} and {line}; keep one"
            problems.append(Problem(path_text(location), message, f"{name}:{line}"))
        lines.setdefault(location, line)
        if len(lines) > MOST_VALUES:
            raise _refused(name, f"has more than {MOST_VALUES:,} values; import one group at a time")
    if problems:
        raise SettingsError(problems)
    return lines


def _values(text: str) -> Iterator[tuple[Location, int]]:
    """Return each value's location and line; a value of an object starts where its key does."""
    above: list[tuple[Location, bool, int]] = []
    """Of each open object or list: its location, whether it is a list, and how many items it had."""
    place: Location = ()
    key: str | None = None
    line, position = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        found = match[0]
        if found in {"}", "]"}:
            above.pop()
            continue
        if above:
            location, is_list, items = above[-1]
            if is_list:
                place = (*location, items)
                above[-1] = (location, True, items + 1)
                yield place, line
            elif key is None:
                key = json.loads(found)
                place = (*location, str(key))
                yield place, line
                continue
            else:
                key = None
        if found in {"{", "["}:
            if len(above) >= DEEPEST_LEVEL:
                raise _TooDeepError
            above.append((place, found == "[", 0))


def _no_number(word: str) -> NoReturn:
    raise _NumberError(word)


def _finite(word: str) -> float:
    """Read a number with which one can reckon: a product of it, too, is finite."""
    return float(word) if abs(float(word)) <= LARGEST_NUMBER else _no_number(word)


def _refused(place: str, message: str) -> SettingsError:
    return SettingsError([Problem(place, message)])
