"""The resources that a program asks for, and what each waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

PROVIDER_PREFIX = "pulumi:providers:"
KUBERNETES_PREFIX = "kubernetes:"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource as it reached the engine."""

    id: str
    """Its URN."""
    type: str
    """Such as `aws:ec2/vpc:Vpc`."""
    name: str
    parent: str | None = None
    """The URN of its parent, or None at the top."""
    custom: bool = True
    """Whether a provider makes it. False for a component, which only groups others."""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    depends_on: frozenset[str] = frozenset()
    """URNs of what it was told to wait for, or takes an output from."""
    takes_from: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """For each input, the URNs of the resources whose outputs it is made of."""
    provider: str | None = None
    """The URN of its provider; None stands for the default provider of the package."""
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The last part of the type: `Vpc`."""
        return self.type.rpartition(":")[2]

    @property
    def label(self) -> str:
        """Kind and name, as a reader calls it."""
        return f"{self.kind} {self.name}"

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
        return self.depends_on | {urn for urn in (self.parent, self.provider) if urn is not None}


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
    def by_id(self) -> Mapping[str, Resource]:
        """Each resource by its URN."""
        return {resource.id: resource for resource in self.resources}

    @cached_property
    def _children(self) -> Mapping[str | None, list[Resource]]:
        children: dict[str | None, list[Resource]] = {}
        for resource in self.resources:
            parent = resource.parent if resource.parent in self.by_id else None
            children.setdefault(parent, []).append(resource)
        return children

    def children(self, parent: Resource | None) -> Sequence[Resource]:
        """The children of `parent`, or with None what stands at the top."""
        return self._children.get(None if parent is None else parent.id, [])

    def descendants(self, ancestor: Resource) -> Iterator[Resource]:
        """Everything below `ancestor`, parents before children."""
        for child in self.children(ancestor):
            yield child
            yield from self.descendants(child)

    def of_type(self, *types: str) -> list[Resource]:
        """All resources of the given types."""
        return [resource for resource in self.resources if resource.type in types]

    def taken(self, resource: Resource, key: str, *types: str) -> list[Resource]:
        """The resources of `types` whose outputs the input `key` is made of."""
        taken = resource.takes_from.get(key, frozenset())
        return [other for other in self.of_type(*types) if other.id in taken]

    def path(self, resource: Resource) -> str:
        """Kinds and names from the top down to `resource`, which is the same in every stack."""
        parent = self.by_id.get(resource.parent or "")
        own = f"{resource.type}::{resource.name}"
        return own if parent is None else f"{self.path(parent)}/{own}"
