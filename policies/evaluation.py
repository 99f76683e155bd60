"""Judging resources by rules: what the engine, `nightowl plan` and the tests run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from policies.exceptions_file import IN_DATE, PolicyException
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import UnknownFactError, guarded
from policies.levels import Level, Levels
from policies.rule import Rule
from policies.stack_keys import advice, level_of


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One resource against one rule."""

    rule: Rule
    level: Level
    urn: str
    """Empty where the pack's own data is at fault, not a resource."""
    resource: str
    """Kind and logical name."""
    key: str = ""
    """The key of the stack file that decides it, where one made the resource."""
    place: str = ""
    """The file and the line of the key, where the stack file is known."""
    message: str
    """What is wrong, in the words of the resource, or why the rule is there, where there is a key."""
    remedy: str
    """What to do about it."""

    @property
    def text(self) -> str:
        """What is wrong, and with what."""
        return f"{self.where}: {self.message}" if self.key else f"{self.where} {self.message}"

    @property
    def where(self) -> str:
        """The key that decides it, with its place, or else the resource."""
        return f"{self.place}: {self.key}" if self.key and self.place else self.key or self.resource

    @property
    def reason(self) -> str:
        """Why the rule is there."""
        return self.message if self.key else self.rule.protects_from


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """A rule that could not be decided for one resource, as it reads a fact that is not known."""

    rule: Rule
    urn: str
    resource: str
    """Kind and logical name."""
    message: str
    """Which fact is missing."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What the pack says of a stack, mandatory violations first."""

    violations: Sequence[Violation]
    undecided: Sequence[Undecided]
    rules: int
    """How many rules were on."""

    @property
    def mandatory(self) -> Sequence[Violation]:
        """The violations that stop a deployment."""
        return [violation for violation in self.violations if violation.level is Level.MANDATORY]


def evaluate(
    resources: Iterable[Resource],
    rules: Sequence[Rule],
    *,
    levels: Levels,
    exceptions: Sequence[PolicyException],
    today: date,
) -> Evaluation:
    """Judge all `resources` by all `rules` that are on, and the exceptions by their last days."""
    judged = tuple(replace(resource, props=guarded(resource.props, resource.label)) for resource in resources)
    stack = Stack(resources=judged, today=today)
    found = judge(stack, rules, levels=levels, exceptions=exceptions, today=today)
    ended = out_of_date(exceptions, levels=levels, today=today)
    violations = sorted([*ended, *found.violations], key=lambda violation: violation.level is not Level.MANDATORY)
    of_exceptions = levels.of(IN_DATE) is not Level.DISABLED
    return replace(found, violations=violations, rules=found.rules + of_exceptions)


def judge(
    stack: Stack, rules: Iterable[Rule], *, levels: Levels, exceptions: Sequence[PolicyException], today: date
) -> Evaluation:
    """Judge a stack, whose properties are guarded already, by all `rules` that are on."""
    on = [rule for rule in rules if levels.of(rule) is not Level.DISABLED]
    violations: list[Violation] = []
    undecided: list[Undecided] = []
    for rule in on:
        for resource in stack.of_type(*rule.types):
            if any(one.covers(rule.name, resource.urn, today) for one in exceptions):
                continue
            messages, unknown = findings(rule, resource, stack)
            violations += [_violation(rule, resource, stack, message, levels) for message in messages]
            if unknown is not None:
                undecided.append(Undecided(rule=rule, urn=resource.urn, resource=resource.label, message=str(unknown)))
    return Evaluation(violations=violations, undecided=undecided, rules=len(on))


def findings(rule: Rule, resource: Resource, stack: Stack) -> tuple[list[str], UnknownFactError | None]:
    """Return what `rule` has against `resource`, and the unknown fact that kept it from looking further."""
    messages: list[str] = []
    try:
        messages.extend(rule.check(resource, stack))
    except UnknownFactError as unknown:
        return messages, unknown
    return messages, None


def out_of_date(exceptions: Sequence[PolicyException], *, levels: Levels, today: date) -> list[Violation]:
    """Return what the exceptions themselves violate: those that are over, where that rule is on."""
    level = levels.of(IN_DATE)
    ended = [one.expiry_message for one in exceptions if one.expires < today and level is not Level.DISABLED]
    file = "policies/exceptions.yaml"
    return [
        Violation(rule=IN_DATE, level=level, urn="", resource=file, message=message, remedy=IN_DATE.remediation)
        for message in ended
    ]


def _violation(rule: Rule, resource: Resource, stack: Stack, message: str, levels: Levels) -> Violation:
    advised = advice(rule, resource, stack, message)
    return Violation(
        rule=rule,
        level=level_of(rule, resource, levels),
        urn=resource.urn,
        resource=resource.label,
        key=advised.key if advised else "",
        message=advised.reason if advised else message,
        remedy=advised.remedy if advised else rule.remediation,
    )
