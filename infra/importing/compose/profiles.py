"""Which services run: 15-profiles.md of the specification."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from infra.importing.compose.nodes import Node

ALL = "*"


def services_of(document: Node, section: str = "services") -> Mapping[str, Node]:
    """Return the services of a document, or its jobs, by their names."""
    services = document.mapping.get(section)
    return {} if services is None else services.mapping


def active_services(document: Node, profiles: Collection[str], section: str = "services") -> frozenset[str]:
    """Return the names of the services, or of the jobs, that have no profiles, or one of these."""
    return frozenset(name for name, one in services_of(document, section).items() if _is_active(one, profiles))


def _is_active(service: Node, profiles: Collection[str]) -> bool:
    own = service.mapping.get("profiles")
    names = {item.text for item in own.items} if own else set[str]()
    return not names or ALL in profiles or bool(names & set(profiles))
