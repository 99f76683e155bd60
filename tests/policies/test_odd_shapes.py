"""No rule falls over a property of another shape than its schema says; one that did would end the deployment."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from policies.evaluation import findings
from policies.facts.stack import Stack
from policies.facts.unknown import guarded
from policies.rules import RULES
from tests.policies.changes import replaced
from tests.policies.engine import UNKNOWN
from tests.policies.harness import Draft, shipped
from tests.policies.mutations_kubernetes import CLUSTER_API, EXPOSURE, IDENTITY, SECRETS, STORAGE

ODD: tuple[Any, ...] = (UNKNOWN, "odd", -1.5, None, [[1]], [None], {"odd": 1})


@pytest.fixture(scope="module")
def everything() -> Draft:
    """The shipped production stack, and objects of the kinds that it has none of."""
    draft = shipped("prod")
    for mutation in [EXPOSURE[0], IDENTITY[0], IDENTITY[3], SECRETS[-1], STORAGE[3], *CLUSTER_API]:
        mutation.change(draft)
    return draft


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_value_anywhere_makes_no_rule_raise(everything: Draft, odd: Any) -> None:
    resources = list(everything.resources())
    for index, resource in enumerate(resources):
        types = {view.type for view in resource.views}
        rules = [rule for rule in RULES if types.intersection(rule.types)]
        for path in _places(dict(resource.props)):
            changed = dataclasses.replace(resource, props=guarded(replaced(resource.props, path, odd), resource.label))
            stack = Stack(resources=(*resources[:index], changed, *resources[index + 1 :]))
            for rule in rules:
                findings(rule, changed, stack)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything inside `value`."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from _places(item, (*path, key))
