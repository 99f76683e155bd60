"""A draft made acceptable: what the loader refuses goes out of it, and into the report with the loader's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from infra.errors import UsageError
from infra.importing.draft import StackDraft
from infra.importing.findings import Finding
from infra.importing.keys import Column
from infra.settings.build import PROJECT, settings_of
from infra.settings.partly import Location
from infra.settings.plain import MOST_VALUES
from infra.settings.problems import Problem, SettingsError, key_text

MOST_ROUNDS = 100
"""Each takes out what the loader finds at once; some of it is found only when something else is gone."""


def accepted(draft: StackDraft, findings: Sequence[Finding]) -> list[Finding]:
    """Take out of `draft` what the loader refuses, and return the findings as they are then.

    Raises:
        SettingsError: what is left is refused for something that the input did not say.
    """
    current = list(findings)
    for _ in range(MOST_ROUNDS):
        try:
            settings_of({f"{PROJECT}:{key}": value for key, value in draft.config.items()})
        except SettingsError as error:
            known = {key_text(PROJECT, location): location for location in draft.locations()}
            refused = {_location(known, problem.key): problem for problem in reversed(error.problems)}
            removed = {location: problem for location, problem in refused.items() if draft.remove(location)}
            if not removed:
                raise
            current = [_without(finding, removed) for finding in current]
        else:
            return current
    raise AssertionError(f"the loader still refuses something after {MOST_ROUNDS} rounds")


def _location(known: Mapping[str, Location], key: str) -> Location:
    """Find the value that a message names, or the nearest one above it, among those that are known by their keys."""
    while key and key not in known:
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return _whole_command(known.get(key, ()))


def _whole_command(location: Location) -> Location:
    """Return the list of a word of a command: without one word, it would be another command."""
    return location[:-1] if location[-2:-1] in {("exec",), ("command",), ("args",)} else location


def _without(finding: Finding, removed: dict[Location, Problem]) -> Finding:
    for location, problem in removed.items():
        if finding.to[: len(location)] == location:
            text = f"left out: {problem.key.removeprefix(f'{PROJECT}:')}: {problem.message}"
            return replace(finding, column=Column.MISSING, to=(), text=text)
    return finding


def require_room(draft: StackDraft) -> None:
    """Check that a draft is no more than a stack file may be.

    Raises:
        UsageError: it has more values, keys counted, as they are when the file is read.
    """
    size = sum(2 if isinstance(location[-1], str) else 1 for location in draft.locations())
    if size > MOST_VALUES:
        message = f"{draft.origin}: the stack file would have {size:,} values, and {MOST_VALUES:,} are the most"
        raise UsageError(f"{message}; import parts of it as stacks of their own, and mount folders of fewer files")
