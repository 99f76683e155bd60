"""Files of variables: `.env`, what --env-file names, and `env_file` of services.

The specification gives their syntax under `env_file`; compose-go's package dotenv is the reference. It knows more than
python-dotenv does: default values and required variables, YAML's `NAME: value`, a name alone that stands for the
variable of whoever runs the command. It also reads escapes and quotes otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

from infra.importing.compose.interpolation import InterpolationError, Interpolator, Lookup
from infra.settings.problems import Problem, SettingsError


@dataclass(frozen=True, kw_only=True)
class Variable:
    """The value of a variable, and the file and line that sets it."""

    value: str
    place: str


_BLANK = " \t\v\f\r\x85\xa0"
"""Space inside a line."""
_NEXT = re.compile(r"(?:\s+|#[^\n]*)*")
_NAME = re.compile(rf"(?:export[{_BLANK}]+)?(?P<name>[\w.\-\[\]{_BLANK}]*)(?P<end>[=:\n]|\Z)")
_ESCAPE = re.compile(r"\\(?:([abcfnrtv$\"\\])|0(\d{0,3}))")
_ESCAPED = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "$": "$$",
    '"': '"',
    "\\": "\\",
}


def parse_dotenv(
    text: str, name: str, lookup: Lookup, before: Mapping[str, Variable] | None = None
) -> dict[str, Variable]:
    """Read the variables in the text of a file that places call `name`, in addition to those `before`.

    A value may use variables of `lookup`, and those above it. Raises SettingsError at the first line that is wrong.
    """
    return _Reader(text, name, lookup, dict(before or {})).variables()


def parse_raw(text: str, name: str, lookup: Lookup) -> dict[str, Variable]:
    """Read the variables of a file in the format `raw`: each value as it is written, quotes and all."""
    found: dict[str, Variable] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        key, equals, value = line.removesuffix("\r").lstrip().partition("=")
        if not key or key.startswith("#"):
            continue
        if key != key.strip() or re.search(r"\s", key):
            raise SettingsError(
                [Problem("variables", "the name of a variable has a space in it; remove it", f"{name}:{number}")]
            )
        if not equals:
            inherited = lookup(key)
            if inherited is None:
                continue
            value = inherited
        found[key] = Variable(value=value, place=f"{name}:{number}")
    return found


class _Reader:
    """Reads one file, from its start to its end."""

    def __init__(self, text: str, name: str, lookup: Lookup, found: dict[str, Variable]) -> None:
        self._text = text
        self._name = name
        self._found = found
        self._outer = lookup
        self._interpolator = Interpolator(self._value_of)
        self._newlines = [match.start() for match in re.finditer("\n", text)]

    def variables(self) -> dict[str, Variable]:
        position = 0
        while (position := _skipped(self._text, position)) < len(self._text):
            place = self._place(position)
            match = _NAME.match(self._text, position)
            if match is None:
                raise _wrong(place, "is no variable; write NAME=value")
            key = match["name"].strip()
            if not key or re.search(r"\s", key):
                raise _wrong(place, "the name of a variable is empty, or has a space in it; write NAME=value")
            if match["end"] in ("=", ":"):
                value, position = self._value(match.end(), place)
                self._found[key] = Variable(value=value, place=place)
            else:
                position = match.end()
                inherited = self._outer(key)
                if inherited is not None:
                    self._found[key] = Variable(value=inherited, place=place)
        return self._found

    def _value(self, start: int, place: str) -> tuple[str, int]:
        """Return a value, and where the file goes on behind it."""
        while self._text[start : start + 1] and self._text[start] in _BLANK:
            start += 1
        quote = self._text[start : start + 1]
        if quote not in ("'", '"') or not quote:
            end = self._text.find("\n", start)
            end = len(self._text) if end < 0 else end
            value = self._text[start:end].partition(" #")[0].rstrip()
            return self._with_variables(value, place), end + 1
        match = re.compile(rf"{quote}((?:\\.|[^{quote}\\])*){quote}", re.DOTALL).match(self._text, start)
        if match is None:
            raise _wrong(place, f"has no closing {quote}; write one, or put the value into other quotes")
        value = match[1].replace(f"\\{quote}", quote)
        return (self._with_variables(_unescaped(value), place) if quote == '"' else value), match.end()

    def _with_variables(self, value: str, place: str) -> str:
        try:
            return self._interpolator.substitute(value)
        except InterpolationError as error:
            raise _wrong(place, str(error)) from None

    def _value_of(self, name: str) -> str | None:
        outer = self._outer(name)
        if outer is not None:
            return outer
        return self._found[name].value if name in self._found else None

    def _place(self, position: int) -> str:
        return f"{self._name}:{bisect_left(self._newlines, position) + 1}"


def _skipped(text: str, position: int) -> int:
    """Return where the next statement starts, behind empty lines and comments."""
    match = _NEXT.match(text, position)
    return position if match is None else match.end()


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_replaced, text)


def _replaced(match: re.Match[str]) -> str:
    if match[1]:
        return _ESCAPED.get(match[1], match[0])
    return chr(int(match[2], 8)) if re.fullmatch("[0-3][0-7]{2}", match[2]) else f"\\{match[2]}"


def _wrong(place: str, message: str) -> SettingsError:
    return SettingsError([Problem("variables", message, place)])
