"""Changes that mutations are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.policies.harness import Draft

Change = Callable[[Draft], object]


def put(type_: str, value: Any, *path: str | int, name: str | None = None) -> Change:
    """Set the input at the end of `path`."""

    def change(draft: Draft) -> None:
        target: Any = draft.of(type_, name)
        for key in path[:-1]:
            target = target.setdefault(key, {}) if isinstance(target, dict) else target[key]
        target[path[-1]] = value

    return change


def drop(type_: str, *path: str | int, name: str | None = None) -> Change:
    """Remove the input at the end of `path`."""

    def change(draft: Draft) -> None:
        target: Any = draft.of(type_, name)
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]

    return change


def remove(type_: str, name: str | None = None) -> Change:
    """Remove a resource."""
    return lambda draft: draft.remove(type_, name)


def make(type_: str, inputs: dict[str, Any], *, protect: bool = False) -> Change:
    """Add a resource that nothing refers to."""
    return lambda draft: draft.add(type_, "added", inputs, protect=protect)


def put_in_json(type_: str, value: Any, key: str, *path: str | int, name: str | None = None) -> Change:
    """Set a value inside the JSON document that an input holds."""

    def change(draft: Draft) -> None:
        inputs = draft.of(type_, name)
        content: Any = json.loads(inputs.get(key) or "{}")
        target = content
        for step in path[:-1]:
            target = target.setdefault(step, {}) if isinstance(target, dict) else target[step]
        target[path[-1]] = value
        inputs[key] = json.dumps(content)

    return change


def drop_in_json(type_: str, key: str, *path: str | int, name: str | None = None) -> Change:
    """Remove a value inside the JSON document that an input holds."""

    def change(draft: Draft) -> None:
        inputs = draft.of(type_, name)
        content: Any = json.loads(inputs[key])
        target = content
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]
        inputs[key] = json.dumps(content)

    return change


def all_of(*changes: Change) -> Change:
    def change(draft: Draft) -> None:
        for one in changes:
            one(draft)

    return change


def reordered(later: tuple[str, str], earlier: tuple[str, str]) -> Change:
    """Let the first resource (type, name) no longer wait for the second."""
    return lambda draft: draft.forget_order(draft.get(*later), draft.get(*earlier))


def statement(**keys: Any) -> str:
    """A policy document of one statement that allows."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **keys}]})


def replaced(value: Any, path: Sequence[str | int], other: Any) -> Any:
    """Return inputs with what lies at the end of `path` replaced; all beside the path is shared with the original."""
    if not path:
        return other
    changed: Any = dict(value) if isinstance(value, Mapping) else list(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], other)
    return changed
