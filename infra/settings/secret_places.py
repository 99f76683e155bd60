"""Where in a stack file stands what looks like a secret, whatever key it is under.

Plain values are searched, before anything is made of them, so that no message of a later check can repeat a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import cast

from infra.secret_texts.texts import REDACTED, Secret, in_arguments, in_file, in_setting, in_text
from infra.settings.model import FieldError, path_text
from infra.settings.partly import Location
from infra.values import mapping

LOOKS_ONLY_KEY = "notSecret"
"""The key of an app or a chart that lists what only looks like a secret."""
_OWNERS = ("apps", "charts")
"""The sections whose entries have that key."""
_Owner = tuple[str, str]
"""Section and name of an app or a chart."""
_NAMES_A_SECRET = re.compile(r"existing_?secret", re.IGNORECASE)
"""A chart's value, such as `existingSecret` or `apiKeyExistingSecret`, that names a Secret of the cluster."""
_ELSEWHERE = "keep it in a store (and replace it, if anybody saw it)"


def scan_for_secrets(sections: Mapping[str, object]) -> tuple[Mapping[str, object], list[FieldError], list[Location]]:
    """Find all that looks like a secret in the sections of a stack file, but for what a `notSecret` lists.

    Returns the sections with `***` in place of each secret, what was found, and the places of `***`: what a later check
    finds there is not the user's mistake.
    """
    search = _Search(_allowed(sections))
    clean = search.mapping((), sections)
    return clean, [*search.errors, *search.stale()], search.redacted


def secrets_outside(values: Mapping[str, object]) -> list[FieldError]:
    """Find what looks like a secret under keys of others, such as `aws:secretKey`. What Pulumi encrypted may stay."""
    search = _Search({})
    search.mapping((), {key: value for key, value in values.items() if set(mapping(value)) != {"secure"}})
    return search.errors


def in_values(key: str, value: str) -> list[Secret]:
    """Find what looks like a secret in a value of a chart; the name of a Secret of the cluster is none."""
    return in_text(value) if _NAMES_A_SECRET.search(key) else in_setting(key, value)


class _Search:
    def __init__(self, allowed: Mapping[_Owner, Sequence[str]]) -> None:
        self.allowed = allowed
        """Entries of `notSecret`, by section and name of their owner."""
        self.errors: list[FieldError] = []
        self.redacted: list[Location] = []
        self.used: set[tuple[_Owner, str]] = set()
        self.found = cache(_found)
        """An alias can repeat a large text thousands of times: it is searched once."""

    def mapping(self, location: Location, value: Mapping[str, object]) -> dict[str, object]:
        """Return a mapping without secrets; an entry whose key is one is left out."""
        clean: dict[str, object] = {}
        for key, item in value.items():
            of_key = self.found(_Kind.TEXT, "", key)
            if of_key:
                place = (*location, REDACTED)
                self.errors.append(FieldError(place, f"the key itself looks like {of_key[0].what}; {_ELSEWHERE}"))
                self.redacted.append(place)
            else:
                clean[key] = self._entry((*location, key), key, item)
        return clean

    def stale(self) -> Iterator[FieldError]:
        """Find the entries of `notSecret` that allow nothing."""
        for owner, entries in self.allowed.items():
            for index, entry in enumerate(entries):
                place = (*owner, LOOKS_ONLY_KEY, index)
                if (owner, entry) not in self.used:
                    yield FieldError(place, "names nothing that looks like a secret; remove it")
                elif entry in entries[:index]:
                    yield FieldError(place, "is listed twice; remove one")

    def _entry(self, place: Location, key: str, value: object) -> object:
        if isinstance(value, Mapping):
            return self.mapping(place, cast(Mapping[str, object], value))
        if isinstance(value, list | tuple):
            return self.items(place, cast(Sequence[object], value))
        kind = _kind_of(place)
        return self._redacted(place, value, self.found(kind, key, _text(value)), kind)

    def items(self, location: Location, items: Sequence[object]) -> list[object]:
        found = in_arguments([_text(item) for item in items])
        return [
            self._entry((*location, index), "", cast(object, item))
            if isinstance(item, Mapping | list | tuple)
            else self._redacted((*location, index), item, found.get(index, []), _Kind.TEXT)
            for index, item in enumerate(items)
        ]

    def _redacted(self, place: Location, value: object, found: Sequence[Secret], kind: _Kind) -> object:
        owner, inside = _owner(place)
        secrets = [secret for secret in found if not self._is_allowed(owner, inside, secret, kind)]
        for secret in secrets:
            self.errors.append(FieldError(place, _message(secret, kind, owner, inside)))
        if not secrets:
            return value
        self.redacted.append(place)
        return REDACTED

    def _is_allowed(self, owner: _Owner | None, inside: Location, secret: Secret, kind: _Kind) -> bool:
        entry = _entry(inside, secret, kind)
        if owner is None or entry not in self.allowed.get(owner, ()):
            return False
        self.used.add((owner, entry))
        return True


def _owner(place: Location) -> tuple[_Owner | None, Location]:
    """Return whose a place is, and the place below it."""
    if place[0] in _OWNERS and len(place) > 2:
        return (str(place[0]), str(place[1])), place[2:]
    return None, ()


class _Kind(Enum):
    """How a text is searched."""

    SETTING = 1
    FILE = 2
    REFERENCE = 3
    TEXT = 4


def _found(kind: _Kind, key: str, text: str) -> list[Secret]:
    if kind is _Kind.SETTING:
        return in_setting(key, text)
    return in_file(key, text) if kind is _Kind.FILE else in_text(text)


def _kind_of(place: Location) -> _Kind:
    match place:
        # The names of secrets are the user's; what is under them is a reference, not a value.
        case ("apps", _, "secrets" | "pullSecrets", *_):
            return _Kind.REFERENCE
        case ("apps" | "charts", _, "notSecret", *_):
            return _Kind.TEXT
        case ("charts", _, "values", *_, str(key)) if _NAMES_A_SECRET.search(key):
            return _Kind.TEXT
        case ("apps", _, "files", _) | ("apps", _, "init" | "sidecars", _, "files", _):
            return _Kind.FILE
        case _:
            return _Kind.SETTING


def _message(secret: Secret, kind: _Kind, owner: _Owner | None, inside: Location) -> str:
    if kind is _Kind.REFERENCE:
        return f"looks like {secret.what} itself; {_ELSEWHERE} and write where that is"
    if owner is None:
        return f"looks like {secret.what}, and nothing here is kept secret; {_ELSEWHERE}"
    section, name = owner
    named = f" ({secret.name})" if kind is _Kind.FILE and secret.is_named else ""
    line = f"line {secret.line} " if kind is _Kind.FILE else ""
    entry = _entry(inside, secret, kind)
    instead = (
        f"name its place under apps.{name}.secrets" if section == "apps" else "name a Secret of the cluster in 'values'"
    )
    return (
        f"{line}looks like {secret.what}{named}; {_ELSEWHERE} and {instead}, "
        f"or list {entry} in {section}.{name}.{LOOKS_ONLY_KEY} if it is none"
    )


def _entry(inside: Location, secret: Secret, kind: _Kind) -> str:
    """Return a place inside an app as `notSecret` lists it: `env.TOKEN`, `files["/etc/app.conf"].password`."""
    return f"{path_text(inside)}.{secret.name}" if kind is _Kind.FILE else path_text(inside)


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _allowed(sections: Mapping[str, object]) -> dict[_Owner, list[str]]:
    listed = {
        (section, name): mapping(settings).get(LOOKS_ONLY_KEY)
        for section in _OWNERS
        for name, settings in mapping(sections.get(section)).items()
    }
    return {
        owner: [entry for entry in cast(Sequence[object], entries) if isinstance(entry, str)]
        for owner, entries in listed.items()
        if isinstance(entries, list | tuple)
    }
