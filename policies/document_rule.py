"""Rules about policy documents of IAM, which several families have."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from policies.facts.holders import is_boundary
from policies.facts.iam import INLINE_TYPES, POLICY_TYPES
from policies.facts.stack import Resource, Stack
from policies.rule import Check, Family, Messages, Severity


def document_rule(family: Family, name: str, severity: Severity, *frameworks: str) -> Callable[[Check], Check]:
    """Return a decorator for a check of all policy documents that give something, which those of boundaries do not.

    Only the whole stack tells a boundary; what is written for one holder is judged before it is made.
    """

    def add(check: Check) -> Check:
        @wraps(check)
        def judged(resource: Resource, stack: Stack) -> Messages:
            if not is_boundary(resource, stack):
                yield from check(resource)

        family.stack_rule(name, severity, POLICY_TYPES, *frameworks, early=INLINE_TYPES)(judged)
        return check

    return add
