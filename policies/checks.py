"""Rules and checks of which many have the same shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Unpack

from policies.facts.holders import is_boundary
from policies.facts.iam import INLINE_TYPES, POLICY_TYPES
from policies.facts.stack import Resource, Stack
from policies.rule import Check, Family, Severity, Texts


def document_rule(family: Family, name: str, severity: Severity, **texts: Unpack[Texts]) -> Callable[[Check], Check]:
    """Return a decorator for a check of all policy documents that give something, which those of boundaries do not.

    Only the whole stack tells a boundary; what is written for one holder is judged before it is made.
    """

    def add(check: Check) -> Check:
        def judged(resource: Resource, stack: Stack) -> Iterator[str]:
            if not is_boundary(resource, stack):
                yield from check(resource)

        family.stack_rule(name, severity, POLICY_TYPES, early=INLINE_TYPES, **texts)(judged)
        return check

    return add
