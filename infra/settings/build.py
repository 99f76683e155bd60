"""Settings from plain values, wherever these come from: Pulumi's configuration or a stack file."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pydantic import ValidationError

from infra.settings.annotations import keys_at
from infra.settings.interactions import interaction_errors
from infra.settings.model import FieldError, path_text
from infra.settings.nearest import nearest
from infra.settings.partly import Location, Readable
from infra.settings.plain import plain_errors, take, without_errors
from infra.settings.problems import (
    REQUIRED,
    Problem,
    SettingsError,
    key_text,
    problems_of,
    unknown_key,
    unknown_keys,
    unknown_kinds,
)
from infra.settings.secret_places import scan_for_secrets, secrets_outside
from infra.settings.stack import StackSettings

PROJECT = "nightowl"
"""The name of the Pulumi project, which is the namespace of its keys in a stack file."""


def build_settings(
    sections: Mapping[str, object], found: Sequence[Problem] = (), meant: Collection[str] = ()
) -> StackSettings:
    """Build the settings from the sections of a stack file, by their keys without the namespace (`apps`).

    `meant` are the sections that are there under a misspelt key, so that nothing asks for them.

    Raises:
        SettingsError: with every problem, those that were `found` already among them.
    """
    not_plain = plain_errors(sections)
    unusable = [error.location for error in not_plain]
    if () in unusable:
        raise SettingsError([*found, *_problems(not_plain)])
    there = _asking((section,) for section in meant)
    clean, secrets, redacted = scan_for_secrets(without_errors(sections, unusable) if unusable else sections)
    settings, problems = _built(clean)
    problems = [*found, *_problems(not_plain), *_problems(secrets), *_elsewhere(problems, [*redacted, *unusable])]
    problems = [one for one in problems if one not in there]
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def _elsewhere(problems: Iterable[Problem], places: Iterable[Location]) -> list[Problem]:
    """Leave out the problems of values at `places`, which are not the user's own, and of what is below them."""
    keys = [key_text(PROJECT, place) for place in places]
    below = tuple(f"{key}{separator}" for key in keys for separator in ".[")
    return [one for one in problems if one.key not in keys and not one.key.startswith(below)]


def _built(sections: Mapping[str, object]) -> tuple[StackSettings | None, list[Problem]]:
    between_apps = _problems(interaction_errors(sections.get("apps")))
    try:
        settings = StackSettings.model_validate(dict(sections), context=Readable())
    except ValidationError as error:
        hidden, guessed = _hidden(sections, list(unknown_keys(error, StackSettings)))
        there = _asking(guessed)
        problems = [one for one in problems_of(error, StackSettings, PROJECT) if one not in there]
        return None, [*problems, *between_apps, *hidden, *_of_no_kind(sections, error)]
    return (None if between_apps else settings), between_apps


def _asking(places: Iterable[Location]) -> set[Problem]:
    return {Problem(key_text(PROJECT, place), REQUIRED) for place in places}


def _hidden(
    sections: Mapping[str, object], unknown: Sequence[tuple[Location, str | None]]
) -> tuple[list[Problem], list[Location]]:
    """Find what is wrong besides unknown keys: pydantic checks the rules of a section whose keys are all known.

    What is misspelt counts as what was meant, so that nothing asks for it. The second list has the places of these.
    """
    known = copy.deepcopy(dict(sections))
    guessed: list[Location] = []
    for location, meant in unknown:
        try:
            section, value = take(known, location)
        except LookupError:
            # A name that looks like the tag of a kind, <web>, is not in the location. It is refused by itself.
            return [], []
        if meant is not None and meant not in section:
            section[meant] = value
            guessed.append((*location[:-1], meant))
    return (_elsewhere(_built(known)[1], guessed) if unknown else []), guessed


def _of_no_kind(sections: Mapping[str, object], error: ValidationError) -> list[Problem]:
    """Find what is wrong besides its `kind` in an app of none: it is read as the kind that it resembles most.

    Where that is not known by the word but by the keys, nothing is asked for, and nothing refused, that only some kinds
    have.
    """
    known = copy.deepcopy(dict(sections))
    guessed: list[Location] = []
    not_said: set[Problem] = set()
    for location, kind, kinds in unknown_kinds(error):
        if location[0] != "apps":
            continue
        app = take(known, (*location, "kind"))[0]
        keys = {one: set(keys_at(StackSettings, (*location, f"<{one}>"))) for one in kinds}
        near = nearest(kind, kinds)
        app["kind"] = near or max(kinds, key=lambda one: len(keys[one] & app.keys()))
        own = keys[app["kind"]]
        if near is None:
            for key in [key for key in app if key not in own and any(key in others for others in keys.values())]:
                del app[key]
            not_said |= _asking((*location, key) for key in own - set[str].intersection(*keys.values()))
        guessed.append(location)
    found = _built(known)[1] if guessed else []
    below = tuple(f"{key_text(PROJECT, location)}." for location in guessed)
    return [one for one in found if one.key.startswith(below) and one not in not_said]


def settings_of(config: Mapping[str, object], encrypted: Collection[str] = ()) -> StackSettings:
    """Build the settings from the whole configuration of a stack: the values by their keys, `nightowl:apps`.

    `encrypted` are the keys whose values Pulumi keeps encrypted. Keys of other namespaces belong to others: they are
    looked at for secrets only.

    Raises:
        SettingsError: with every problem.
    """
    own = {f"{PROJECT}:{key}": key for key in StackSettings.section_keys()}
    foreign = {
        key: value for key, value in config.items() if not key.startswith(f"{PROJECT}:") and key not in encrypted
    }
    stray = list(_stray_keys(config))
    found = [
        *(problem for problem, _ in stray),
        *(
            Problem(f"{error.location[0]}{path_text(error.location[1:])}", error.message)
            for error in secrets_outside(foreign)
        ),
        *(
            Problem(key, "has an encrypted value; settings name where a secret is kept and never hold it")
            for key in own
            if key in encrypted
        ),
    ]
    meant = [section for _, section in stray if section is not None]
    return build_settings({own[key]: value for key, value in config.items() if key in own}, found, meant)


def without_secret_values(config: Mapping[str, object]) -> dict[str, object]:
    """Return the whole configuration of a stack with `***` in place of all that looks like a secret."""
    start = f"{PROJECT}:"
    own = {key.removeprefix(start): value for key, value in config.items() if key.startswith(start)}
    sections, *_ = scan_for_secrets(own)
    foreign, *_ = scan_for_secrets({key: value for key, value in config.items() if not key.startswith(start)})
    return {**{f"{start}{key}": value for key, value in sections.items()}, **foreign}


def _stray_keys(keys: Iterable[str]) -> Iterator[tuple[Problem, str | None]]:
    """Find the keys of a configuration (`nightowl:app`) that belong to this project and are not one of its sections.

    Each comes with the section that was probably meant.

    Keys of other namespaces (`aws:region`) belong to others, unless the namespace is the project's name misspelt, or
    has the `platform` that this one lacks: the name of an own project, say.
    """
    sections, keys = StackSettings.section_keys(), list(keys)
    lacks = f"{PROJECT}:platform" not in keys
    instead = {key.partition(":")[0] for key in keys if lacks and key.endswith(":platform")}
    for key in keys:
        namespace, colon, name = key.partition(":")
        if not colon:
            yield Problem(key, f"has no namespace; write {PROJECT}:{key}"), key
        elif namespace == PROJECT and name not in sections:
            yield Problem(key, unknown_key(name, sections)), nearest(name, sections)
        elif namespace != PROJECT and name in sections and (namespace in instead or nearest(namespace, [PROJECT])):
            yield Problem(key, f"unknown namespace; did you mean '{PROJECT}:{name}'?"), name


def _problems(errors: Iterable[FieldError]) -> list[Problem]:
    return [Problem(key_text(PROJECT, error.location), error.message) for error in errors]
