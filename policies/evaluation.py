"""Judging a stack without the engine: what `nightowl plan` and the tests run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from pulumi_policy import proxy
from pulumi_policy.proxy import UnknownValueError

from policies.exceptions_file import IN_DATE, PolicyException, excused, expired
from policies.levels import Level, Levels
from policies.rule import ResourceRule, Rule, StackRule
from policies.stack import Resource, Stack


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One resource against one rule."""

    rule: Rule
    level: Level
    urn: str
    """Empty where the pack's own data is at fault, not a resource."""
    resource: str
    """Kind and logical name."""
    message: str


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """A rule that could not be decided for one resource, as it reads a value that is not known yet."""

    rule: Rule
    resource: str
    message: str


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
    """Judge all `resources` by all `rules` that are on."""
    stack = Stack(resources=tuple(replace(resource, props=guarded(resource.props)) for resource in resources))
    on = [rule for rule in rules if levels.of(rule) is not Level.DISABLED]
    violations = [_expiry(exception, levels) for exception in expired(exceptions, today)]
    undecided: list[Undecided] = []
    for rule in on:
        for resource in stack.of_type(*rule.types):
            if excused(exceptions, rule.name, resource.urn, today):
                continue
            messages, unknown = findings(rule, resource, stack)
            violations += [_violation(rule, resource, message, levels) for message in messages]
            if unknown is not None:
                undecided.append(Undecided(rule=rule, resource=resource.label, message=unknown.message))
    violations.sort(key=lambda violation: violation.level is not Level.MANDATORY)
    return Evaluation(violations=violations, undecided=undecided, rules=len(on))


def findings(rule: Rule, resource: Resource, stack: Stack) -> tuple[list[str], UnknownValueError | None]:
    """Give what `rule` has against `resource`, and the unknown value that kept it from looking further."""
    messages: list[str] = []
    try:
        if isinstance(rule, ResourceRule):
            messages.extend(rule.check(resource))
        elif isinstance(rule, StackRule):
            messages.extend(rule.check(resource, stack))
    except UnknownValueError as unknown:
        return messages, unknown
    return messages, None


def guarded(props: Any) -> Any:
    """Wrap properties as the engine's policy host does: reading an unknown value raises."""
    return cast("Any", proxy).unknown_checking_proxy(props)


def _violation(rule: Rule, resource: Resource, message: str, levels: Levels) -> Violation:
    return Violation(rule=rule, level=levels.of(rule), urn=resource.urn, resource=resource.label, message=message)


def _expiry(exception: PolicyException, levels: Levels) -> Violation:
    return Violation(
        rule=IN_DATE,
        level=levels.of(IN_DATE),
        urn="",
        resource="policies/exceptions.yaml",
        message=exception.expiry_message,
    )
