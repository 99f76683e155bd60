"""Settings from plain values, wherever these come from: Pulumi's configuration or a stack file."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError

from infra.settings.interactions import interaction_errors
from infra.settings.model import FieldError, Location, path_text
from infra.settings.nearest import nearest
from infra.settings.plain import plain_errors, take
from infra.settings.problems import (
    Problem,
    SettingsError,
    UnknownKey,
    key_text,
    problems_of,
    unknown_key,
    unknown_keys,
)
from infra.settings.secret_places import scan_for_secrets, secrets_outside
from infra.settings.stack import StackSettings

PROJECT = "nightowl"
"""The name of the Pulumi project, which is the namespace of its keys in a stack file."""


def build_settings(sections: Mapping[str, object], found: Sequence[Problem] = ()) -> StackSettings:
    """Build the settings from the sections of a stack file, by their keys without the namespace (`apps`).

    Raises:
        SettingsError: with every problem, those that were `found` already among them.
    """
    not_plain = plain_errors(sections)
    if not_plain:
        raise SettingsError([*found, *_problems(not_plain)])
    scan = scan_for_secrets(sections)
    settings, problems = _built(scan.sections)
    problems = [*found, *_problems(scan.errors), *_elsewhere(problems, scan.redacted)]
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def _elsewhere(problems: Iterable[Problem], places: Iterable[Location]) -> list[Problem]:
    """Leave out what is said of values at `places`, which are not the user's own, and of what is below them."""
    keys = [key_text(PROJECT, place) for place in places]
    below = tuple(f"{key}{separator}" for key in keys for separator in ".[")
    return [one for one in problems if one.key not in keys and not one.key.startswith(below)]


def _built(sections: Mapping[str, object]) -> tuple[StackSettings | None, list[Problem]]:
    between_apps = _problems(interaction_errors(sections.get("apps")))
    try:
        settings = StackSettings.model_validate(dict(sections))
    except ValidationError as error:
        unknown = unknown_keys(error, StackSettings)
        hidden = _hidden(sections, unknown) if unknown else []
        return None, [*problems_of(error, StackSettings, PROJECT), *between_apps, *hidden]
    return (None if between_apps else settings), between_apps


def _hidden(sections: Mapping[str, object], unknown: Sequence[UnknownKey]) -> list[Problem]:
    """Find what is wrong besides unknown keys: pydantic checks the rules of a section whose keys are all known.

    What is misspelt counts as what was meant, so that a rule does not ask for it.
    """
    known = copy.deepcopy(dict(sections))
    guessed: list[Location] = []
    for one in unknown:
        section, value = take(known, one.location)
        if one.meant is not None and one.meant not in section:
            section[one.meant] = value
            guessed.append((*one.location[:-1], one.meant))
    return _elsewhere(_built(known)[1], guessed)


def foreign_secrets(config: Mapping[str, object]) -> list[Problem]:
    """Find what looks like a secret under keys of a configuration that belong to others (`aws:secretKey`)."""
    foreign = {key: value for key, value in config.items() if not key.startswith(f"{PROJECT}:")}
    return [
        Problem(f"{error.location[0]}{path_text(error.location[1:])}", error.message)
        for error in secrets_outside(foreign)
    ]


def stray_keys(keys: Iterable[str]) -> list[Problem]:
    """Find the keys of a configuration (`nightowl:app`) that belong to this project and are not one of its sections.

    Keys of other namespaces (`aws:region`) belong to others, unless the namespace is the project's name misspelt.
    """
    problems: list[Problem] = []
    for key in keys:
        namespace, colon, name = key.partition(":")
        if not colon:
            problems.append(Problem(key, f"has no namespace; write {PROJECT}:{key}"))
        elif namespace == PROJECT and name not in StackSettings.section_keys():
            problems.append(Problem(key, unknown_key(name, StackSettings.section_keys())))
        elif namespace != PROJECT and nearest(namespace, [PROJECT]) and name in StackSettings.section_keys():
            problems.append(Problem(key, f"unknown namespace; did you mean '{PROJECT}:{name}'?"))
    return problems


def _problems(errors: Iterable[FieldError]) -> list[Problem]:
    return [Problem(key_text(PROJECT, error.location), error.message) for error in errors]
