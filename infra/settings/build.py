"""Settings from plain values, wherever these come from: Pulumi's configuration or a stack file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from infra.settings.interactions import interaction_errors
from infra.settings.model import FieldError
from infra.settings.nearest import nearest
from infra.settings.plain import plain_errors
from infra.settings.problems import Problem, SettingsError, key_text, problems_of, unknown_key
from infra.settings.stack import StackSettings

PROJECT = "nightowl"
"""The name of the Pulumi project, which is the namespace of its keys in a stack file."""


def build_settings(sections: Mapping[str, object]) -> StackSettings:
    """Build the settings from the sections of a stack file, by their keys without the namespace (`apps`).

    Raises:
        SettingsError: with every problem found.
    """
    flaws = plain_errors(sections)
    if flaws:
        raise SettingsError(_problems(flaws))
    try:
        return StackSettings.model_validate(dict(sections))
    except ValidationError as error:
        between_apps = [
            FieldError(("apps", *flaw.location), flaw.message) for flaw in interaction_errors(sections.get("apps"))
        ]
        raise SettingsError([*problems_of(error, StackSettings, PROJECT), *_problems(between_apps)]) from None


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
