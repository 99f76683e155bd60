"""In which order a listener tries the rules of the apps.

The first rule that fits takes the request, so the more special one must come first: a rule for one host before a rule
for every host, and below the same host a longer path before a shorter one. Each such class of rules has its own range
of priorities, and within the range an app's place comes from its name alone. So a new app moves nobody else's rule,
which AWS would refuse to do in one step. The price: two apps can, rarely, get the same place (of 20 apps with a host of
their own: in one stack of 60); then the stack file says which one moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from infra.settings.app.traffic import TrafficSettings
from infra.settings.model import FieldError

HIGHEST_PRIORITY = 50_000
"""Listener rules have priorities 1 to 50000 (Elastic Load Balancing API, CreateRule)."""

PLACES_BY_DEPTH = (12_000, 7_000, 3_000, 1_000, 1_000, 1_000)
"""How many priorities there are for paths of 0, 1, ... segments; once with a host and once without, they fill all that
there are. Most apps have a host and no path."""

DEEPEST_PATH = len(PLACES_BY_DEPTH) - 1
"""Segments of the longest path that a rule can have."""


def depth(path: str) -> int:
    """Count the segments of a path prefix: 0 for `/`, 2 for `/api/v1` and `/api/v1/`."""
    return len([segment for segment in path.split("/") if segment])


def computed_priority(app: str, traffic: TrafficSettings) -> int:
    """Tell the priority of an app's rule, 1 (first) to 50000, from nothing but the app itself."""
    places = _places(traffic)
    digest = hashlib.sha256(app.encode()).digest()
    return places[int.from_bytes(digest[:8], "big") % len(places)]


def rule_priorities(traffic: Mapping[str, TrafficSettings], chosen: Mapping[str, int]) -> dict[str, int]:
    """Tell the priority of every app's rule; `chosen` are the stack file's own, by app."""
    return {app: chosen.get(app) or computed_priority(app, settings) for app, settings in traffic.items()}


def priority_errors(traffic: Mapping[str, TrafficSettings], chosen: Mapping[str, int]) -> Iterator[FieldError]:
    """Find apps that share a priority, and priorities for what has no rule; locations are below the sections' root."""
    for app in chosen:
        if app not in traffic:
            yield FieldError(("loadBalancer", "priorities", app), f"{app} is no app with traffic by HTTP; remove it")
    priorities = rule_priorities(traffic, chosen)
    owners: dict[int, str] = {}
    for app in sorted(priorities):
        priority = priorities[app]
        if priority in owners:
            free = next(place for place in _places(traffic[app]) if place not in priorities.values())
            yield FieldError(
                ("loadBalancer", "priorities", app),
                f"{priority} is the priority of {owners[priority]}'s rule too; give {app} another, such as {free}",
            )
        owners.setdefault(priority, app)


def _places(traffic: TrafficSettings) -> range:
    """The priorities of an app's class of rules: hosts before no host, and deeper paths before shorter ones."""
    own = min(depth(traffic.path), DEEPEST_PATH)
    before = sum(PLACES_BY_DEPTH[own + 1 :]) + (0 if traffic.host else sum(PLACES_BY_DEPTH))
    return range(before + 1, before + 1 + PLACES_BY_DEPTH[own])
