"""Rules about policy documents of IAM, which several families have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Unpack

from policies.facts.holders import is_boundary
from policies.facts.iam import INLINE_TYPES, POLICY_TYPES
from policies.facts.stack import Resource, Stack
from policies.rule import Check, Family, More, Severity


def document_rule(family: Family, name: str, severity: Severity, **more: Unpack[More]) -> Callable[[Check], Check]:
    """Return a decorator for a check of all policy documents that give something, which those of boundaries do not.

    Only the whole stack tells a boundary; what is written for one holder is judged before it is made.
    """

    def add(check: Check) -> Check:
        @wraps(check)
        def judged(resource: Resource, stack: Stack) -> Iterator[str]:
            if not is_boundary(resource, stack):
                yield from check(resource)

        family.stack_rule(name, severity, POLICY_TYPES, early=INLINE_TYPES, **more)(judged)
        return check

    return add
