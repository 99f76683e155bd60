"""What an app's `notSecret` lists, as annotations that the policies read."""

from __future__ import annotations

import re
from collections.abc import Collection

from infra.settings.app.application import Application
from infra.settings.app.references import is_expanded
from infra.settings.model import path_text

_WORD = re.compile(r"(?:(?:init|sidecars)\.(?P<helper>[\w-]+)\.)?(?P<where>.+)\[(?P<index>\d+)\]")
_KEYS = {
    "command": ("command",),
    "args": ("args",),
    # Where no question is asked at the start, it is that of one of the others.
    "health.startup.exec": ("startupProbe",),
    "health.readiness.exec": ("readinessProbe", "startupProbe"),
    "health.liveness.exec": ("livenessProbe", "startupProbe"),
}
"""Key of a container in Kubernetes, by the key of the settings."""


def of_helper(entries: Collection[str], *section_and_name: str) -> list[str]:
    """List the entries that are about a helper, as its own app would have them."""
    prefix = f"{path_text(section_and_name)}."
    return [entry.removeprefix(prefix) for entry in entries if entry.startswith(prefix)]


def variables_in(entries: Collection[str], names: Collection[str]) -> list[str]:
    """List the variables that only look like secrets, as keys of a ConfigMap."""
    return [name for name in names if path_text(("env", name)) in entries]


def in_file(entries: Collection[str], path: str, key: str) -> list[str]:
    """List what only looks like a secret in a file, which is `key` of a ConfigMap."""
    prefix = f"{path_text(('files', path))}."
    return [f"{key}#{entry.removeprefix(prefix)}" for entry in entries if entry.startswith(prefix)]


def words(app: str, settings: Application) -> list[str]:
    """List the words of commands, and the variables of the pod itself, that only look like secrets, by container."""
    of_commands = [
        f"{match['helper'] or app}/{key}#{match['index']}"
        for match in filter(None, map(_WORD.fullmatch, settings.not_secret))
        for key in _KEYS.get(match["where"], ())
    ]
    return [*of_commands, *_variables(app, settings)]


def _variables(app: str, settings: Application) -> list[str]:
    containers = [
        (app, settings.env, settings.not_secret),
        *(
            (name, helper.env, of_helper(settings.not_secret, section, name))
            for section, name, helper in settings.helpers
        ),
    ]
    return [
        f"{container}/{name}"
        for container, env, entries in containers
        for name in variables_in(entries, env)
        if isinstance(text := env[name], str) and is_expanded(text)
    ]
