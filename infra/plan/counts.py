"""How many resources there are of each type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from infra.plan.graph import Graph, Resource


def counts(graph: Graph) -> Mapping[str, int]:
    """Count what providers make, by type, the most frequent first. Components and providers are not counted."""
    counter = Counter(resource.type for resource in made(graph))
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def made(graph: Graph) -> list[Resource]:
    """List what providers make: no components, and no providers."""
    return [resource for resource in graph if resource.custom and not resource.is_provider]
