"""How two stacks differ: what only one of them has, and what both have with other inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from infra.plan.graph import Graph, Resource

ABSENT = "(none)"


@dataclass(frozen=True, kw_only=True)
class InputChange:
    """One input with two values; `(none)` where one of the stacks does not set it."""

    key: str
    """Its path, such as `scalingConfig.maxSize` or `rules[0].host`."""
    old: Any
    new: Any


@dataclass(frozen=True, kw_only=True)
class ChangedResource:
    """A resource that both stacks have, with other inputs."""

    resource: Resource
    changes: Sequence[InputChange]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How `new` differs from `old`; resources are the same if type, name and parents are."""

    old: str
    new: str
    same: int
    added: Sequence[Resource]
    removed: Sequence[Resource]
    changed: Sequence[ChangedResource]


def difference(old: Graph, new: Graph) -> Difference:
    """Compare two stacks. The stack's own name and its account in a value count as no difference."""
    before = {old.path(resource): resource for resource in old}
    after = {new.path(resource): resource for resource in new}
    common = sorted(before.keys() & after.keys())
    changed = [
        ChangedResource(resource=after[path], changes=changes)
        for path in common
        if (changes := list(_changes(before[path], after[path], old, new)))
    ]
    return Difference(
        old=old.stack,
        new=new.stack,
        same=len(common) - len(changed),
        added=[after[path] for path in sorted(after.keys() - before.keys())],
        removed=[before[path] for path in sorted(before.keys() - after.keys())],
        changed=changed,
    )


def _changes(old: Resource, new: Resource, old_graph: Graph, new_graph: Graph) -> Iterator[InputChange]:
    before, after = dict(_leaves(old.props)), dict(_leaves(new.props))
    if old.protect != new.protect:
        yield InputChange(key="(protect)", old=old.protect, new=new.protect)
    for key in sorted(before.keys() | after.keys()):
        was, is_ = before.get(key, ABSENT), after.get(key, ABSENT)
        if was != is_ and _neutral(was, old_graph) != _neutral(is_, new_graph):
            yield InputChange(key=key, old=was, new=is_)


def _neutral(value: Any, graph: Graph) -> Any:
    if not isinstance(value, str):
        return value
    for own in filter(None, (graph.account_id, graph.stack)):
        value = value.replace(own, "(own)")
    return value


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    value = _parsed(value)
    if isinstance(value, Mapping) and value:
        for name, item in cast("Mapping[str, Any]", value).items():
            yield from _leaves(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value:
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, f"{key}[{index}]")
    else:
        yield key, value


def _parsed(value: Any) -> Any:
    """Look into a policy, which reaches the provider as text."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
