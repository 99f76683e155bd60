"""In which order a listener tries the rules of the apps.

The first rule that fits takes the request, so the more special one must come first: a rule for one host before a rule
for every host, and below the same host a longer path before a shorter one. Each such class of rules has its own range
of priorities, and within the range an app's place comes from its name alone. So a new app moves nobody else's rule.
A rule is named by its priority (`load_balancer/route.py`): where apps do exchange theirs, each rule changes in
place. The price: two apps can, rarely, get the same place (of 20 apps with a host of their own: in one stack of 60);
then the stack file says which one moves.

The stacks of pull requests put their rules on the listener of another stack, without a look at what is there. They have
a range of their own, between the rules with a host and those without, and in it each pull request has a block.

This lies beside the settings, and not beside the listener, because a stack file is checked by it: whether
`loadBalancer.priorities` is needed, and for which app, is reported together with every other mistake of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from infra.settings.app.traffic import TrafficSettings
from infra.settings.model import FieldError

HIGHEST_PRIORITY = 50_000
"""Listener rules have priorities 1 to 50000 (Elastic Load Balancing API, CreateRule)."""

PLACES_BY_DEPTH = (12_000, 7_000, 3_000, 1_000, 1_000, 1_000)
"""How many priorities there are, with a host, for paths of 0, 1, ... segments. Most apps have a host and no path."""

GUEST_PLACES_BY_DEPTH = (50, 20, 10, 10, 5, 5)
"""The same in the block of one pull request."""
GUEST_BLOCKS = 200
"""Pull requests whose numbers differ by a multiple of this share a block: only one of them can have a stack."""

PLACES_WITHOUT_HOST = (2_400, 1_400, 600, 200, 200, 200)
"""The same for rules without a host. They come last, and with them all priorities are given out."""

DEEPEST_PATH = len(PLACES_BY_DEPTH) - 1
"""Segments of the longest path that a rule can have."""

_GUESTS = range(sum(PLACES_BY_DEPTH) + 1, sum(PLACES_BY_DEPTH) + 1 + GUEST_BLOCKS * sum(GUEST_PLACES_BY_DEPTH))


def depth(path: str) -> int:
    """Count the segments of a path prefix: 0 for `/`, 2 for `/api/v1` and `/api/v1/`."""
    return len([segment for segment in path.split("/") if segment])


def computed_priority(app: str, traffic: TrafficSettings) -> int:
    """Return the priority of an app's rule, 1 (first) to 50000, from nothing but the app itself."""
    places = _places(traffic)
    return places[_place(app, places)]


def rule_priorities(traffic: Mapping[str, TrafficSettings], chosen: Mapping[str, int]) -> dict[str, int]:
    """Return the priority of every app's rule; `chosen` are the stack file's own, by app."""
    return {app: chosen.get(app) or computed_priority(app, settings) for app, settings in traffic.items()}


def guest_block(number: int) -> int:
    """Return the block of priorities, 0 to 199, of a pull request."""
    return number % GUEST_BLOCKS


def guest_priorities(number: int, traffic: Mapping[str, TrafficSettings]) -> dict[str, int]:
    """Return the priority of every app's rule in the stack of a pull request.

    A place that is taken already is left for the next free one of its class, so a new app can move another to the next
    place; rules are named by their priority, so those that there are change in place. A class without a free place
    leaves its app out.
    """
    priorities: dict[str, int] = {}
    for app in sorted(traffic):
        places = _guest_places(number, traffic[app])
        taken = set(priorities.values())
        start = _place(app, places)
        free = next((place for place in (*places[start:], *places[:start]) if place not in taken), None)
        if free is not None:
            priorities[app] = free
    return priorities


def guest_priority_errors(number: int, traffic: Mapping[str, TrafficSettings]) -> Iterator[FieldError]:
    """Find apps for which a pull request has no priority left; locations are below the sections' root."""
    for app in sorted(traffic.keys() - guest_priorities(number, traffic).keys()):
        places = len(_guest_places(number, traffic[app]))
        message = f"a pull request has room for {places} apps with paths of this depth; remove traffic from some"
        yield FieldError(("apps", app, "traffic"), message)


def priority_errors(traffic: Mapping[str, TrafficSettings], chosen: Mapping[str, int]) -> Iterator[FieldError]:
    """Find apps that share a priority, and priorities for what has no rule; locations are below the sections' root."""
    for app in chosen:
        if app not in traffic:
            yield FieldError(("loadBalancer", "priorities", app), f"{app} is no app with traffic by HTTP; remove it")
        elif chosen[app] in _GUESTS:
            message = f"{chosen[app]} is kept for the stacks of pull requests ({_GUESTS[0]} to {_GUESTS[-1]})"
            yield FieldError(("loadBalancer", "priorities", app), f"{message}; choose one below or above")
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


def _place(app: str, places: range) -> int:
    """The index of an app's own place, by nothing but its name."""
    digest = hashlib.sha256(app.encode()).digest()
    return int.from_bytes(digest[:8], "big") % len(places)


def _places(traffic: TrafficSettings) -> range:
    """The priorities of an app's class of rules: hosts before no host, and deeper paths before shorter ones."""
    if traffic.host:
        return _class(1, PLACES_BY_DEPTH, traffic)
    return _class(_GUESTS[-1] + 1, PLACES_WITHOUT_HOST, traffic)


def _guest_places(number: int, traffic: TrafficSettings) -> range:
    block = _GUESTS[0] + guest_block(number) * sum(GUEST_PLACES_BY_DEPTH)
    return _class(block, GUEST_PLACES_BY_DEPTH, traffic)


def _class(start: int, places_by_depth: Sequence[int], traffic: TrafficSettings) -> range:
    """The part of a range that begins at `start` which belongs to paths as deep as that of `traffic`."""
    own = min(depth(traffic.path), DEEPEST_PATH)
    first = start + sum(places_by_depth[own + 1 :])
    return range(first, first + places_by_depth[own])
