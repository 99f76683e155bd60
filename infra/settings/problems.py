"""What is wrong with a stack file, one line per problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from infra.console.printable import printable
from infra.errors import UsageError
from infra.secret_texts.texts import without_secrets
from infra.settings.annotations import keys_at, kinds_with_key, without_tags
from infra.settings.app.words import answer, instead, kind_answer
from infra.settings.model import Model, RulesError, path_text
from infra.settings.nearest import nearest
from infra.settings.partly import Location

REQUIRED = "is required"
"""What is said of a key that must be there and is not."""
LONGEST_ECHO = 60
"""Characters of a refused value that a message repeats."""
_HIDDEN_BELOW = {"secrets", "env", "files", "command", "args", "exec", "headers"}
"""Sections whose values may be secret, put there by mistake: no message repeats them."""


@dataclass(frozen=True)
class Problem:
    """One thing to correct: the key as it is written in the stack file, and what is wrong there."""

    key: str
    message: str
    place: str = ""
    """The file and the line of the value, such as `stacks/Pulumi.prod.yaml:61`; empty where none is known."""

    def __str__(self) -> str:
        """Write the line that the user reads. A secret can be in it only where the stack file is no stack file yet."""
        line = without_secrets(f"{self.key}: {self.message}")
        return f"{self.place}: {line}" if self.place else line


class SettingsError(UsageError):
    """The settings are not usable; the text has one line per problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


def refusal(key: str, message: str) -> SettingsError:
    """Return the error for one value: the key as it is written in the stack file, and what is wrong there."""
    return SettingsError([Problem(key, message)])


def problems_of(error: ValidationError, model: type[Model], namespace: str) -> list[Problem]:
    """Translate what pydantic found while it built `model` from the sections of `namespace` (`nightowl`)."""
    return [
        Problem(key_text(namespace, location), message)
        for details in error.errors(include_url=False)
        for location, message in _findings(details, model)
    ]


def unknown_keys(error: ValidationError, model: type[Model]) -> Iterator[tuple[Location, str | None]]:
    """Return the keys that pydantic found unknown, each with the known one that was probably meant."""
    for details in error.errors(include_url=False):
        if details["type"] == "extra_forbidden":
            location = details["loc"]
            place = _place_of_unknown(location)
            yield place, None if kinds_with_key(model, location) else _meant(place, keys_at(model, location[:-1]))


def unknown_kinds(error: ValidationError) -> Iterator[tuple[Location, str, list[str]]]:
    """Return the sections of a kind that there is not, each with that kind and those that there are."""
    for details in error.errors(include_url=False):
        if details["type"] == "union_tag_invalid":
            yield (details["loc"], *_kind_and_choices(details))


def _meant(place: Location, keys: Sequence[str]) -> str | None:
    answered = answer(place)
    if answered is None:
        return nearest(str(place[-1]), keys)
    named = re.match(r"write (?:it|them) as '(\w+)'", answered)
    return named[1] if named else None


def key_text(namespace: str, location: Location) -> str:
    """Write a location as a stack file's key: `nightowl:apps.web.allowTo[0]`, `...files["/etc/app.conf"]`."""
    parts = tuple(part if isinstance(part, int) else without_secrets(part) for part in location)
    return f"{namespace}:{path_text(parts, shortened)}"


def unknown_key(key: str, known: Sequence[str]) -> str:
    """Return the message for an unknown key at the top of a stack file, with the one that may be meant."""
    meant = answer((key,))
    return f"unknown key; {meant}" if meant else _nearest_key(key, known)


def _nearest_key(key: str, known: Sequence[str]) -> str:
    near = nearest(key, known)
    if near:
        return f"unknown key; did you mean '{near}'?"
    return f"unknown key; the keys here are {', '.join(sorted(known))}" if known else "unknown key"


def shortened(text: str) -> str:
    """Cut a long text, and keep it on one line."""
    line = re.sub(r"[\n\t]", "?", printable(text[: LONGEST_ECHO + 1]))
    return line if len(line) <= LONGEST_ECHO else f"{line[: LONGEST_ECHO - 3]}..."


def _findings(details: ErrorDetails, model: type[Model]) -> list[tuple[Location, str]]:
    location: Location = without_tags(part for part in details["loc"] if part != "[key]")
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, RulesError):
        return [(location + error.location, error.message) for error in cause.errors]
    match details["type"]:
        case "union_tag_invalid":
            return [((*location, "kind"), _wrong_kind(details))]
        case "union_tag_not_found":
            return [((*location, "kind"), REQUIRED)]
        case "extra_forbidden":
            return [(_place_of_unknown(details["loc"]), _unknown(details["loc"], model))]
        case _:
            return [(location, _message(details, location))]


def _place_of_unknown(location: Location) -> Location:
    """Leave tags out, but for the key at the end, which may look like one."""
    return (*without_tags(location[:-1]), location[-1])


def _unknown(location: Location, model: type[Model]) -> str:
    kinds = kinds_with_key(model, location)
    if kinds:
        hint = instead(str(location[-2]).strip("<>"), str(location[-1]))
        return f"goes with kind {_either(kinds)} only{f'; {hint}' if hint else ''}"
    hint = answer(_place_of_unknown(location))
    if hint:
        return f"unknown key; {hint}"
    return _nearest_key(str(location[-1]), keys_at(model, location[:-1]))


def _kind_and_choices(details: ErrorDetails) -> tuple[str, list[str]]:
    context: dict[str, Any] = details.get("ctx", {})
    return str(context["tag"]).strip("<>"), [tag.strip("'<>") for tag in str(context["expected_tags"]).split(", ")]


def _wrong_kind(details: ErrorDetails) -> str:
    kind, kinds = _kind_and_choices(details)
    if not kind:
        return f"is empty; write {_either(kinds)}"
    meant = kind_answer(kind)
    return f"'{shortened(kind)}' is not {_either(kinds)}; {meant}" if meant else _not_one_of(kind, kinds)


def _not_one_of(value: str, choices: Sequence[str]) -> str:
    near = nearest(value, choices)
    hint = f"; did you mean '{near}'?" if near else ""
    return f"'{shortened(value)}' is not {_either(choices)}{hint}"


def _either(choices: Sequence[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"


_MESSAGES = {
    "missing": REQUIRED,
    "value_error": "{value} {error}",
    "greater_than_equal": "{value} is below {ge}",
    "less_than_equal": "{value} is above {le}",
    "string_type": "{value} is not a text; put it in quotes",
    "int_type": "{value} is not a whole number",
    "int_parsing": "{value} is not a whole number",
    "int_from_float": "{value} is not a whole number",
    "bool_type": "{value} is not true or false",
    "tuple_type": "{value} is not a list; write [a, b]",
    "too_short": "has fewer than {min_length} entries",
    "too_long": "has more than {max_length} entries",
    "dict_type": "{value} is not a mapping; write keys below it",
    "model_type": "{value} is not a mapping; write keys below it",
}
"""What to say about a value, by pydantic's type of error."""

_MESSAGES_FOR_NOTHING = {
    "value_error": "is empty: the value {error}",
    "string_type": "is empty; write a text",
    "tuple_type": "is empty; remove the key, or write a list such as [a, b]",
    "dict_type": "is empty; remove the key, or write keys below it ({{}} for none)",
    "model_type": "is empty; remove the key, or write keys below it ({{}} for none)",
}
"""The same about a key that has no value."""


_PLAIN = re.compile(r"[A-Za-z0-9/.][-\w./:@]*(?:, ?[A-Za-z0-9/.][-\w./:@]*)*")
"""Words that mean the same inside the brackets of a list."""


def _message(details: ErrorDetails, location: Location) -> str:
    given: object = details["input"]
    context: dict[str, Any] = details.get("ctx", {})
    hidden = bool(_HIDDEN_BELOW & set(location)) and details["loc"][-1] != "[key]"
    value = "the value" if hidden else _shown(given)
    if details["type"] == "literal_error":
        choices = re.findall(r"[^', ]+", str(context["expected"]).replace(" or ", ", "))
        return (
            _not_one_of(given, choices)
            if isinstance(given, str) and not hidden
            else f"{value} is not {_either(choices)}"
        )
    if details["type"] == "tuple_type" and not hidden and isinstance(given, str | int) and _PLAIN.fullmatch(str(given)):
        return f"{value} is not a list; write [{shortened(str(given))}]"
    if details["type"] == "tuple_type" and isinstance(given, dict):
        return "is a mapping, and not a list; write each item on a line of its own, with '- ' in front"
    if details["type"] == "dict_type" and isinstance(given, list | tuple):
        return "is a list, and not a mapping; write each item as a key with its value"
    messages = _MESSAGES | _MESSAGES_FOR_NOTHING if given is None else _MESSAGES
    return messages.get(details["type"], "{value} is not accepted").format(value=value, **context)


def _shown(value: object) -> str:
    """Write a refused value as a message repeats it: like YAML, short and on one line."""
    if isinstance(value, str):
        return f"'{shortened(value)}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return shortened(str(value))
