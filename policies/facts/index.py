"""Objects of a namespace by what they are looked up by, so that a rule about each of them does not go through all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

from policies.facts.objects import in_namespace
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import UnknownFactError

KeysOf = Callable[[Resource, Stack], Iterable[Hashable]]


@dataclass(frozen=True)
class Index:
    """Objects by their keys, each with its place in the program."""

    by_key: Mapping[Hashable, list[tuple[int, Resource]]]
    unclear: list[tuple[int, Resource]]
    """Those whose keys are not known: they are among whatever is looked up."""

    def get(self, key: Hashable) -> list[Resource]:
        """Return the objects that have a key, or may have it, in the order of the program."""
        return [one for _, one in sorted([*self.by_key.get(key, ()), *self.unclear], key=itemgetter(0))]


def indexed(stack: Stack, namespace: str, types: tuple[str, ...], keys_of: KeysOf) -> Index:
    """Return the objects of `types` in a namespace by their keys; it is made once for each function `keys_of`."""

    def made() -> Index:
        by_key: dict[Hashable, list[tuple[int, Resource]]] = {}
        unclear: list[tuple[int, Resource]] = []
        for place, resource in enumerate(in_namespace(stack, namespace, *types)):
            try:
                keys = set(keys_of(resource, stack))
            except (UnknownFactError, TypeError):
                # A value that no object of Kubernetes has may have no hash.
                unclear.append((place, resource))
                continue
            for key in keys:
                by_key.setdefault(key, []).append((place, resource))
        return Index(by_key, unclear)

    return stack.once_about((keys_of, namespace, types), made)
