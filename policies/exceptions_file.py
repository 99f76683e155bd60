"""Exceptions from rules: each names a rule, resources, a reason and a day on which it ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

import yaml

from infra.values import mapping
from policies.problems import PolicyDataError, no_rule
from policies.rule import Rule, Scope, Severity

EXCEPTIONS = "exceptions.yaml"
FILE = Path(__file__).with_name(EXCEPTIONS)
KEYS = {"rule", "resource", "reason", "expires"}

IN_DATE = Rule(
    name="exceptions-in-date",
    severity=Severity.HIGH,
    scope=Scope.STACK,
    types=(),
    early=(),
    frameworks=(),
    protects_from="An exception that was meant to be temporary stays for ever, and nobody looks at its reason again.",
    remediation="Mend what the exception covers and remove it, or decide anew and write a later day.",
    url="https://www.pulumi.com/docs/insights/policy/",
    check=lambda _resource, _stack: iter(()),
)
"""What an exception itself can violate."""


@dataclass(frozen=True, kw_only=True)
class PolicyException:
    """One exception."""

    rule: str
    resource: str
    """A pattern for the URN, with `*` for any text."""
    reason: str
    expires: date
    """The last day on which it holds."""

    def covers(self, rule: str, urn: str, today: date) -> bool:
        """Return whether it excuses a violation today."""
        return rule == self.rule and today <= self.expires and fnmatchcase(urn, self.resource)

    @property
    def expiry_message(self) -> str:
        """What to tell when it is over."""
        return f"the exception from {self.rule} for {self.resource} ended on {self.expires} ({self.reason})"


def read_exceptions(rules: Iterable[Rule], file: Path = FILE) -> tuple[PolicyException, ...]:
    """Read an exceptions file; there are none where there is no file.

    Raises:
        PolicyDataError: an entry lacks a key, has one too many, names no known rule, gives no reason or no day.
    """
    try:
        content = cast("object", yaml.safe_load(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, yaml.YAMLError) as error:
        raise PolicyDataError(f"{file}: cannot be read ({error}); write a list of exceptions") from None
    if not isinstance(content, list | None):
        raise PolicyDataError(f"{file}: holds no list; write each exception as an item with {_listed(KEYS)}")
    known = {rule.name for rule in rules}
    return tuple(
        _exception(f"{file}: exception {index + 1}", entry, known)
        for index, entry in enumerate(cast("list[object]", content or []))
    )


def _exception(where: str, entry: object, known: set[str]) -> PolicyException:
    fields = mapping(entry)
    if set(fields) != KEYS:
        raise PolicyDataError(f"{where}: has the keys {_listed(set(fields))}; it needs exactly {_listed(KEYS)}")
    if fields["rule"] not in known:
        raise PolicyDataError(f"{where}: rule: {no_rule(fields['rule'], known)}")
    # A date with a time is a date to Python, but has no day to compare with.
    if type(fields["expires"]) is not date:
        raise PolicyDataError(f"{where}: expires: {fields['expires']!r} is no day; write it as 2027-01-31")
    for key in ("resource", "reason"):
        if not isinstance(fields[key], str) or not fields[key].strip():
            raise PolicyDataError(f"{where}: {key}: {fields[key]!r} is no text; write one")
    return PolicyException(**fields)


def _listed(keys: set[str]) -> str:
    return ", ".join(sorted(keys)) or "none"
