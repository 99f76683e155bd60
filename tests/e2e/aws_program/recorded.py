"""What the engine has recorded of a stack: the resources, and what each may not be without.

The engine makes a resource after all that it records as its dependencies, and deletes it before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from infra.urns import provider_urn, urn_name


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One resource of the state."""

    urn: str
    type: str
    custom: bool
    parent: str
    provider: str
    depends_on: frozenset[str]
    inputs: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        return urn_name(self.urn)

    @property
    def label(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def needs(self) -> frozenset[str]:
        """URNs of what it may not be without: dependencies, provider and parent."""
        return self.depends_on | {provider_urn(self.provider), self.parent} - {""}


@dataclass(frozen=True)
class Recorded:
    """All resources of a state."""

    entries: Mapping[str, Entry]

    def all(self, kind: str) -> list[Entry]:
        """All of a kind (`Subnet`) or a full type."""
        return [entry for entry in self.entries.values() if kind in (entry.kind, entry.type)]

    def one(self, kind: str, name: str | None = None) -> Entry:
        """The only one of a kind, or the only one of that name."""
        found = [entry for entry in self.all(kind) if name in (None, entry.name)]
        assert len(found) == 1, f"{kind} {name}: {[entry.label for entry in self.entries.values()]}"
        return found[0]

    def below(self, component: Entry) -> list[Entry]:
        """Everything inside a component, at any depth."""
        children = [entry for entry in self.entries.values() if entry.parent == component.urn]
        return children + [inner for child in children for inner in self.below(child)]

    def needs(self, entry: Entry) -> frozenset[str]:
        """URNs of all that `entry` may not be without, at one remove or more."""
        return self._closure[entry.urn]

    @cached_property
    def _closure(self) -> Mapping[str, frozenset[str]]:
        closure: dict[str, frozenset[str]] = {}

        def of(urn: str) -> frozenset[str]:
            if urn not in closure:
                direct = self.entries[urn].needs & self.entries.keys()
                closure[urn] = direct.union(*(of(other) for other in direct))
            return closure[urn]

        for urn in self.entries:
            of(urn)
        return closure


def recorded(state: Mapping[str, Mapping[str, Any]]) -> Recorded:
    """Read a state, given by URN."""
    return Recorded(
        {
            urn: Entry(
                urn=urn,
                type=one["type"],
                custom=one["custom"],
                parent=one.get("parent", ""),
                provider=one.get("provider", ""),
                depends_on=frozenset(one.get("dependencies") or ()).union(
                    *((urns or ()) for urns in (one.get("propertyDependencies") or {}).values())
                ),
                inputs=one.get("inputs") or {},
            )
            for urn, one in state.items()
        }
    )
