"""What a rule is, and how the rules of a family are written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps

from infra.values import is_true
from policies.facts.stack import Resource, Stack

Messages = Iterator[str]
"""One for each violation, in the words of the resource's own properties."""
Check = Callable[[Resource], Messages]
StackCheck = Callable[[Resource, Stack], Messages]
"""The same with the whole stack at hand."""


class Severity(StrEnum):
    """How bad a violation is. The two upper ones stop a deployment unless the levels say otherwise."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


LOW, MEDIUM, HIGH, CRITICAL = Severity


class Scope(StrEnum):
    """What it takes to decide a rule."""

    RESOURCE = "resource"
    """The resource's own inputs, so it is stopped before it is made."""
    STACK = "stack"
    """Other resources too, so it is judged when all of them are known."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule, as the engine, `nightowl plan` and the reference see it."""

    name: str
    """Stable, in kebab-case; levels and exceptions refer to it."""
    severity: Severity
    scope: Scope
    types: tuple[str, ...]
    """The Pulumi types that it judges, such as `aws:eks/cluster:Cluster`."""
    early: tuple[str, ...]
    """Those of `types` whose own inputs may be enough: they are judged alone, before they are made."""
    protects_from: str
    """One sentence."""
    remediation: str
    """What to do about a violation."""
    url: str
    """Where to read on."""
    frameworks: tuple[str, ...]
    """Where others ask for the same, such as `CIS EKS 5.4.1`."""
    check: StackCheck


class Family:
    """The rules of one file, in its order. Each is a check with a decorator for what the engine needs to know.

    The docstring of the check is the rule's text: in one sentence what it protects from, and below that the remedy, and
    where to read on if that is another page than the family's.
    """

    def __init__(self, title: str, about: str | None, *, url: str = "") -> None:
        """Start a family that is about the first line of `about`; `url` is for rules without one of their own."""
        self.title = title
        self.about = (about or "").splitlines()[0]
        self.rules: list[Rule] = []
        self._url = url

    def rule(
        self, name: str, severity: Severity, types: str | tuple[str, ...], *frameworks: str, remediation: str = ""
    ) -> Callable[[Check], Check]:
        """Return a decorator that makes a rule of a check that needs one resource only.

        The `frameworks` say where others ask for the same. A remedy with a figure is an argument, so that the figure
        stands once; it is in the docstring otherwise.
        """

        def add(check: Check) -> Check:
            @wraps(check)
            def judged(resource: Resource, _: Stack) -> Messages:
                return check(resource)

            self.stack_rule(
                name, severity, types, *frameworks, scope=Scope.RESOURCE, early=types, remediation=remediation
            )(judged)
            return check

        return add

    def stack_rule(
        self,
        name: str,
        severity: Severity,
        types: str | tuple[str, ...],
        *frameworks: str,
        scope: Scope = Scope.STACK,
        early: str | tuple[str, ...] = (),
        remediation: str = "",
    ) -> Callable[[StackCheck], StackCheck]:
        """Return a decorator that makes a rule of a check that needs the whole stack."""

        def add(check: StackCheck) -> StackCheck:
            protects_from, *below = inspect.cleandoc(check.__doc__ or "").replace("\n\n", "\n").splitlines()
            url = below.pop() if below and below[-1].startswith("https://") else self._url
            rule = Rule(
                name=name,
                severity=severity,
                scope=scope,
                types=_several(types),
                early=_several(early),
                protects_from=protects_from,
                remediation=remediation or " ".join(below),
                url=url,
                frameworks=frameworks,
                check=check,
            )
            self.rules.append(rule)
            return check

        return add


def must_be_on(resource: Resource, *keys: str) -> Messages:
    """Find whether the switch at the end of nested keys is not on."""
    if not is_true(resource.props, *keys):
        yield f"{'.'.join(keys)} is not on"


def _several(types: str | tuple[str, ...]) -> tuple[str, ...]:
    return (types,) if isinstance(types, str) else types
