"""The resources that a program asks for, and what each waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import policies.facts.stack

PROVIDER_PREFIX = "pulumi:providers:"
KUBERNETES_PREFIX = "kubernetes:"


@dataclass(frozen=True, kw_only=True)
class Resource(policies.facts.stack.Resource):
    """One resource as it reached the engine: what a policy sees of it, and more."""

    props: Mapping[str, Any] = field(default_factory=dict[str, Any])
    custom: bool = True
    """Whether a provider makes it. False for a component, which only groups others."""

    @property
    def kind(self) -> str:
        """The last part of the type: `Vpc`."""
        return self.type.rpartition(":")[2]

    @property
    def is_kubernetes(self) -> bool:
        """Whether it is an object of the cluster; a Helm release is none, though it brings some."""
        return self.type.startswith(KUBERNETES_PREFIX) and not self.type.startswith("kubernetes:helm.sh/")

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider, which makes others and is nothing by itself."""
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def waits_for(self) -> frozenset[str]:
        """URNs of everything that the engine must have finished before it starts this one."""
        return self.depends_on | {urn for urn in (self.parent, self.provider) if urn}


@dataclass(frozen=True, kw_only=True)
class Graph:
    """All resources of one stack, in the order of their URNs."""

    project: str
    stack: str
    account_id: str = ""
    """The AWS account that the answers were made up for."""
    resources: tuple[Resource, ...]
    inner: tuple[Resource, ...] = ()
    """What a plug-in makes inside its components, as far as that is known; others refer to the component instead."""
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the program exports."""
    warnings: tuple[str, ...] = ()
    """What the program warns of while it runs."""

    def __iter__(self) -> Iterator[Resource]:
        """Return the resources in the order of their URNs."""
        return iter(self.resources)

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """Each resource by its URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def made(self) -> Sequence[Resource]:
        """What providers make: no components, and no providers."""
        return [resource for resource in self.resources if resource.custom and not resource.is_provider]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many resources providers make of each type, the most frequent first."""
        counter = Counter(resource.type for resource in self.made)
        return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))

    def children(self, parent: Resource | None) -> Sequence[Resource]:
        """Return the children of `parent`, or with None what stands at the top."""
        urn = "" if parent is None else parent.urn
        return [one for one in self.resources if (one.parent if one.parent in self.by_urn else "") == urn]

    def descendants(self, ancestor: Resource) -> Iterator[Resource]:
        """Return everything below `ancestor`, parents before children."""
        for child in self.children(ancestor):
            yield child
            yield from self.descendants(child)

    def of_type(self, *types: str) -> list[Resource]:
        """Return all resources of the given types."""
        return [resource for resource in self.resources if resource.type in types]

    def dependencies(self, resource: Resource, key: str, *types: str) -> list[Resource]:
        """Return the resources of `types` whose outputs the input `key` is made of."""
        taken = resource.property_dependencies.get(key, frozenset())
        return [other for other in self.of_type(*types) if other.urn in taken]

    def path(self, resource: Resource) -> str:
        """Return kinds and names from the top down to `resource`, which is the same in every stack."""
        parent = self.by_urn.get(resource.parent)
        own = f"{resource.type}::{resource.name}"
        return own if parent is None else f"{self.path(parent)}/{own}"
