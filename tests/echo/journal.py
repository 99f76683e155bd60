"""What an account was asked for, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from infra.urns import urn_name, urn_type

Verb = Literal["create", "read", "update", "delete"]


@dataclass(kw_only=True)
class Operation:
    """One call that makes, changes or deletes an object. Begin and end are places in the journal, not times."""

    verb: Verb
    urn: str
    id: str
    inputs: Mapping[str, Any]
    begun: int
    ended: int | None = None
    error: str = ""

    @property
    def type(self) -> str:
        return urn_type(self.urn)

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        return urn_name(self.urn)

    @property
    def label(self) -> str:
        return f"{self.verb} {self.kind} {self.name}"


@dataclass(kw_only=True)
class Journal:
    """All operations since the journal was begun; previews leave no trace in it."""

    operations: list[Operation] = field(default_factory=list)

    def of(self, verb: Verb, kind: str | None = None, name: str | None = None) -> list[Operation]:
        """Operations of a verb, of a kind (`Subnet`) or a full type if that is given, and of a name."""
        return [
            one
            for one in self.operations
            if one.verb == verb and kind in (None, one.kind, one.type) and name in (None, one.name)
        ]

    def changing(self) -> list[Operation]:
        """Everything but looking."""
        return [one for one in self.operations if one.verb != "read"]

    def labels(self) -> list[str]:
        """What was made, changed and deleted, in words."""
        return [one.label for one in self.changing()]


def too_early(later: Iterable[Operation], earlier: Iterable[Operation]) -> list[str]:
    """Which of `later` began before one of `earlier` had ended, in words. Both must hold something."""
    later, earlier = list(later), list(earlier)
    assert later, "nothing came later"
    assert earlier, "nothing came earlier"
    return [
        f"{after.label} began before {before.label} had ended"
        for after in later
        for before in earlier
        if before.ended is None or after.begun < before.ended
    ]
