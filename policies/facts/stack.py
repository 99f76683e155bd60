"""A stack as a rule sees it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, wraps
from typing import Any, TypeVar

from infra.system import clock
from policies.facts.spellings import spellings

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. Reading a property that is not known yet raises, which leaves the rule undecided for it."""

    urn: str
    type: str
    """Such as `aws:eks/cluster:Cluster`."""
    name: str
    """The logical name in the program."""
    props: Mapping[str, Any]
    """Its properties as the program declares them, in camelCase; read them with `infra.values`."""
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    """The properties that an update leaves as they are, such as `spec.replicas`."""
    parent: str = ""
    """The URN of its parent; empty at the top."""
    provider: str = ""
    """The URN of its provider; empty where it is not known."""
    depends_on: frozenset[str] = frozenset()
    """URNs of what it waits for. Known to stack rules only."""
    property_dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """For each top-level property, URNs of the resources whose outputs it is made of. Known to stack rules only."""

    @cached_property
    def views(self) -> tuple[Resource, ...]:
        """The resource as it is, and under each other type that it comes to."""
        return tuple(spellings(self))

    @property
    def label(self) -> str:
        """Kind and logical name, as a message calls it."""
        return f"{self.type.rpartition(':')[2]} {self.name}"

    def ignores_changes_of(self, path: str) -> bool:
        """Return whether an update leaves the property at `path`, such as `spec.replicas`, as it is."""
        return any(one in {path, "*"} or path.startswith((f"{one}.", f"{one}[")) for one in self.ignore_changes)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """All resources of a stack, and when it is judged."""

    resources: tuple[Resource, ...]
    today: date = field(default_factory=clock.today)
    """The day on which it is judged."""
    _ahead: dict[str, set[str]] = field(default_factory=dict[str, set[str]], init=False)
    """URNs of all that a resource waits for, by its own; filled where a rule asks."""
    _directly_ahead: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]], init=False)
    _done: dict[Hashable, Any] = field(default_factory=dict[Hashable, Any], init=False)

    def of_type(self, *types: str) -> list[Resource]:
        """Return all resources of the given types, whatever their spelling, in the order of the program."""
        return [resource for type_ in types for resource in self._by_type.get(type_, ())]

    @property
    def types(self) -> Iterable[str]:
        """All types under which the resources are judged."""
        return self._by_type.keys()

    def once(self, work: Callable[[Stack], Result]) -> Result:
        """Return what `work` makes of the stack, and do the work once, however many rules ask."""
        return self.once_about(work, lambda: work(self))

    def once_about(self, key: Hashable, work: Callable[[], Result]) -> Result:
        """Return what `work` makes, and do it once for each `key`. What raises is tried again."""
        if key not in self._done:
            self._done[key] = work()
        return self._done[key]

    def get(self, urn: str) -> Resource | None:
        """Return the resource of that URN."""
        return self._by_urn.get(urn)

    def dependencies(self, resource: Resource, key: str, *types: str) -> list[Resource]:
        """Return the resources of `types` whose outputs the top-level property `key` is made of."""
        urns = resource.property_dependencies.get(key, ())
        return [other for other in self.of_type(*types) if other.urn in urns] if urns else []

    def dependents(self, resource: Resource, key: str, *types: str) -> list[Resource]:
        """Return the resources of `types` whose top-level property `key` is made of an output of `resource`."""
        made_of_it = self._dependents.get((resource.urn, key), set[str]())
        return [one for one in self.of_type(*types) if one.urn in made_of_it] if made_of_it else []

    def is_inside(self, resource: Resource, component: Resource) -> bool:
        """Return whether `component` made `resource`, directly or through components inside it."""
        above = self.get(resource.parent)
        while above is not None and above.urn != component.urn:
            above = self.get(above.parent)
        return above is not None

    def waits_for(self, resource: Resource, other: Resource) -> bool:
        """Return whether `resource` is made after `other`, directly or through others in between."""
        if resource.urn not in self._ahead:
            found, next_ones = set[str](), [resource.urn]
            while next_ones:
                new = self._before(next_ones.pop()) - found
                found |= new
                next_ones += new
            self._ahead[resource.urn] = found
        return other.urn in self._ahead[resource.urn]

    def _before(self, urn: str) -> frozenset[str]:
        """What a resource waits for without others in between; most are asked for many others that wait for them."""
        if urn not in self._directly_ahead:
            resource = self._by_urn.get(urn)
            self._directly_ahead[urn] = frozenset(self._waited_for(resource) if resource else ())
        return self._directly_ahead[urn]

    def _waited_for(self, resource: Resource) -> Iterator[str]:
        for urn in resource.depends_on.union(*resource.property_dependencies.values()):
            yield from self._inside(urn)
        # What a component waits for, its children wait for too.
        if resource.parent:
            yield resource.parent

    def _inside(self, urn: str) -> Iterator[str]:
        """The resource itself and, of a component of the Kubernetes provider such as ConfigFile, what is in it.

        Of the program's own components the SDK names what is in them.
        """
        yield urn
        resource = self._by_urn.get(urn)
        if resource is not None and resource.type.startswith("kubernetes:"):
            yield from (child.urn for child in self._by_parent.get(urn, ()))

    @cached_property
    def _dependents(self) -> Mapping[tuple[str, str], set[str]]:
        """By URN, and key of a property that is made of its outputs: the URNs of the resources with that property."""
        dependents: dict[tuple[str, str], set[str]] = {}
        for resource in self.resources:
            for key, urns in resource.property_dependencies.items():
                for urn in urns:
                    dependents.setdefault((urn, key), set()).add(resource.urn)
        return dependents

    @cached_property
    def _by_parent(self) -> Mapping[str, list[Resource]]:
        by_parent: dict[str, list[Resource]] = {}
        for resource in self.resources:
            by_parent.setdefault(resource.parent, []).append(resource)
        return by_parent

    @cached_property
    def _by_urn(self) -> Mapping[str, Resource]:
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        by_type: dict[str, list[Resource]] = {}
        for resource in self.resources:
            for view in resource.views:
                by_type.setdefault(view.type, []).append(view)
        return by_type


def once_each(work: Callable[[Resource, Stack], Result]) -> Callable[[Resource, Stack], Result]:
    """Let `work` be done once for each resource of a stack, however many rules ask."""

    @wraps(work)
    def done(resource: Resource, stack: Stack) -> Result:
        return stack.once_about((work, resource.urn, resource.type), lambda: work(resource, stack))

    return done
