"""A setting in one of its spellings, as resources of a program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.policies.harness import Draft, Request

ACCOUNT = "777788889999"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One resource of a case."""

    type: str
    inputs: Mapping[str, Any]
    takes: Mapping[str, str] = field(default_factory=dict)
    """For each property, the `key` of the part whose output it is."""
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One spelling. A dangerous one must set off one of `rules`; a harmless one none of any case's rules."""

    name: str
    parts: tuple[Part, ...]
    rules: frozenset[str] = frozenset()

    def add_to(self, draft: Draft) -> set[str]:
        """Add its resources to a stack and return their URNs."""
        made: dict[str, Request] = {}
        for index, part in enumerate(self.parts):
            takes = {key: made[taken] for key, taken in part.takes.items()}
            request = draft.add(part.type, f"{self.name}.{index}", _named(part.inputs, self.name), takes=takes)
            made[part.key or str(index)] = request
        return {request.urn for request in made.values()}

    def __str__(self) -> str:
        return self.name


def one(type_: str, **inputs: Any) -> tuple[Part, ...]:
    return (Part(type=type_, inputs=inputs),)


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def cases(setting: str, rules: set[str], spellings: Mapping[str, tuple[Part, ...]]) -> Iterator[Case]:
    for name, parts in spellings.items():
        yield Case(name=f"{setting}: {name}", parts=parts, rules=frozenset(rules))


def _named(value: Any, name: str) -> Any:
    """Put the case's name in place of `{case}`, so that no case takes hold of another's resources."""
    if isinstance(value, str):
        return value.replace("{case}", name.replace(" ", "_").replace(":", "_"))
    if isinstance(value, Mapping):
        return {key: _named(item, name) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_named(item, name) for item in value]
    return value
