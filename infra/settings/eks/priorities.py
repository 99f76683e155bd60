"""In which order a listener tries the rules of the apps.

The first rule that fits takes the request, so the more special one must come first: a rule for one host before one for
a host with a wildcard and before a rule for every host, and below the same host a longer path before a shorter one.
Each such class of rules has its own range of priorities, and within the range an app's place comes from its name alone.
So a new app moves nobody else's rule. A rule is named by its priority (`load_balancer/route.py`): where apps do
exchange theirs, each rule changes in place. The price: two apps can, rarely, get the same place (of 20 apps with a host
of their own: in one stack of 60); then the stack file says which one moves. An app with several hosts or paths may need
more rules than one: these take the next free place, and make room for the first rule of another app.

The stacks of pull requests put their rules on the listener of another stack, without a look at what is there. They have
a range of their own, behind the rules with a host, and in it each pull request has a block.

This lies beside the settings, and not beside the listener, because a stack file is checked by it: whether
`loadBalancer.priorities` is needed, and for which app, is reported together with every other mistake of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from infra.settings.app.addresses import PublicAddress
from infra.settings.app.traffic import TrafficSettings
from infra.settings.eks.listener_rules import AddressRule, listener_rules
from infra.settings.model import FieldError

HIGHEST_PRIORITY = 50_000
"""Listener rules have priorities 1 to 50000 (Elastic Load Balancing API, CreateRule)."""

PLACES_BY_DEPTH = (12_000, 7_000, 3_000, 1_000, 1_000, 1_000)
"""How many priorities there are, with a host, for paths of 0, 1, ... segments. Most apps have a host and no path."""

GUEST_PLACES_BY_DEPTH = (50, 20, 10, 10, 5, 5)
"""The same in the block of one pull request."""
GUEST_BLOCKS = 190
"""Pull requests whose numbers differ by a multiple of this share a block: only one of them can have a stack."""

PLACES_BELOW_WILDCARD = (500, 200, 100, 100, 50, 50)
"""The same for hosts with a wildcard, behind every host without one, those of pull requests too."""

PLACES_WITHOUT_HOST = (2_400, 1_400, 600, 200, 200, 200)
"""The same for rules without a host. They come last, and with them all priorities are given out."""

DEEPEST_PATH = len(PLACES_BY_DEPTH) - 1
"""Segments of the longest path that a rule can have."""

_GUESTS = range(sum(PLACES_BY_DEPTH) + 1, sum(PLACES_BY_DEPTH) + 1 + GUEST_BLOCKS * sum(GUEST_PLACES_BY_DEPTH))
_FIRST_WILDCARD = _GUESTS[-1] + 1
_FIRST_WITHOUT_HOST = _FIRST_WILDCARD + sum(PLACES_BELOW_WILDCARD)


def computed_priority(app: str, traffic: TrafficSettings) -> int:
    """Return the priority of an app's first rule, 1 (first) to 50000, from nothing but the app itself."""
    rule = listener_rules(app, traffic)[0]
    places = _places(rule)
    return places[_place(rule.place, places)]


def rule_priorities(traffic: Mapping[str, TrafficSettings], chosen: Mapping[str, int]) -> dict[str, int]:
    """Return the priority of every app's first rule; `chosen` are the stack file's own, by app."""
    return {app: chosen.get(app) or computed_priority(app, settings) for app, settings in traffic.items()}


def placed_rules(
    traffic: Mapping[str, TrafficSettings], chosen: Mapping[str, int]
) -> dict[str, list[tuple[int, AddressRule]]]:
    """Return all rules of every app with their priorities; what finds no place is left out."""
    firsts = rule_priorities(traffic, chosen)
    return _with_further_rules(traffic, firsts, _places)


def guest_block(number: int) -> int:
    """Return the block of priorities, 0 to 189, of a pull request."""
    return number % GUEST_BLOCKS


def guest_priorities(number: int, traffic: Mapping[str, TrafficSettings]) -> dict[str, int]:
    """Return the priority of every app's rule in the stack of a pull request.

    A place that is taken already is left for the next free one of its class, so a new app can move another to the next
    place; rules are named by their priority, so those that there are change in place. A class without a free place
    leaves its app out.
    """
    priorities: dict[str, int] = {}
    for app in sorted(traffic):
        rule = listener_rules(app, traffic[app])[0]
        free = _free(rule, _guest_places(number, rule), set(priorities.values()))
        if free is not None:
            priorities[app] = free
    return priorities


def guest_rules(number: int, traffic: Mapping[str, TrafficSettings]) -> dict[str, list[tuple[int, AddressRule]]]:
    """Return all rules of every app in the stack of a pull request with their priorities."""
    return _with_further_rules(traffic, guest_priorities(number, traffic), lambda rule: _guest_places(number, rule))


def guest_priority_errors(number: int, addresses: Mapping[str, PublicAddress]) -> Iterator[FieldError]:
    """Find apps for which a pull request has no priority left; locations are below the sections' root."""
    placed = guest_rules(number, _traffic(addresses))
    for name, address in sorted(addresses.items()):
        rules = listener_rules(name, address.traffic)
        if len(placed.get(name, ())) < len(rules):
            places = len(_guest_places(number, rules[0]))
            message = f"a pull request has room for {places} rules with paths of this depth; remove traffic from some"
            yield FieldError(address.place, message)


def priority_errors(addresses: Mapping[str, PublicAddress], chosen: Mapping[str, int]) -> Iterator[FieldError]:
    """Find apps that share a priority, and priorities for what has no rule; locations are below the sections' root."""
    traffic = _traffic(addresses)
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
            places = _places(listener_rules(app, traffic[app])[0])
            free = next(place for place in places if place not in priorities.values())
            yield FieldError(
                ("loadBalancer", "priorities", app),
                f"{priority} is the priority of {owners[priority]}'s rule too; give {app} another, such as {free}",
            )
        owners.setdefault(priority, app)
    placed = placed_rules(traffic, chosen)
    for name, address in addresses.items():
        if len(placed[name]) < len(listener_rules(name, address.traffic)):
            yield FieldError(address.place, "has more hosts and paths than there are priorities; remove some")


def _traffic(addresses: Mapping[str, PublicAddress]) -> dict[str, TrafficSettings]:
    return {name: address.traffic for name, address in addresses.items()}


def _with_further_rules(
    traffic: Mapping[str, TrafficSettings],
    firsts: Mapping[str, int],
    places_of: Callable[[AddressRule], range],
) -> dict[str, list[tuple[int, AddressRule]]]:
    taken = set(firsts.values())
    placed: dict[str, list[tuple[int, AddressRule]]] = {}
    for app in sorted(firsts):
        first, *others = listener_rules(app, traffic[app])
        placed[app] = [(firsts[app], first)]
        for rule in others:
            free = _free(rule, places_of(rule), taken)
            if free is not None:
                taken.add(free)
                placed[app].append((free, rule))
    return placed


def _free(rule: AddressRule, places: range, taken: Container[int]) -> int | None:
    """The first free place of a rule from its own on."""
    start = _place(rule.place, places)
    return next((place for place in (*places[start:], *places[:start]) if place not in taken), None)


def _place(name: str, places: range) -> int:
    """The index of a rule's own place, by nothing but what it is named after."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") % len(places)


def _places(rule: AddressRule) -> range:
    """The priorities of a rule's class: hosts before wildcards before no host, and deeper paths before shorter ones."""
    if not rule.hosts:
        return _class(_FIRST_WITHOUT_HOST, PLACES_WITHOUT_HOST, rule)
    if rule.is_wildcard:
        return _class(_FIRST_WILDCARD, PLACES_BELOW_WILDCARD, rule)
    return _class(1, PLACES_BY_DEPTH, rule)


def _guest_places(number: int, rule: AddressRule) -> range:
    block = _GUESTS[0] + guest_block(number) * sum(GUEST_PLACES_BY_DEPTH)
    return _class(block, GUEST_PLACES_BY_DEPTH, rule)


def _class(start: int, places_by_depth: Sequence[int], rule: AddressRule) -> range:
    """The part of a range that begins at `start` which belongs to paths as deep as that of `rule`."""
    own = min(rule.depth, DEEPEST_PATH)
    first = start + sum(places_by_depth[own + 1 :])
    return range(first, first + places_by_depth[own])
