"""Whether the pods of apps find room on the nodes of their pools: each by itself, and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.settings.app.application import Application, Task
from infra.settings.app.demand import at_their_most, keys_that_lower
from infra.settings.app.pod_size import NOTHING, Requests, pod_requests
from infra.settings.eks.machines import Room, room
from infra.settings.eks.nodes import NodePoolSettings
from infra.settings.eks.placement import takers
from infra.settings.model import FieldError
from infra.settings.partly import Location
from infra.settings.scalars import bytes_text


@dataclass(frozen=True, kw_only=True)
class _Resource:
    key: str
    """Below `resources` of an app."""
    asked: Callable[[Requests], int]
    there: Callable[[Room], int]
    text: Callable[[int], str]


def _cpu_text(millicores: int) -> str:
    return f"{millicores / 1000:g} CPU"


_RESOURCES = (
    _Resource(key="cpu", asked=lambda pod: pod.cpu, there=lambda node: node.cpu, text=_cpu_text),
    _Resource(key="memory", asked=lambda pod: pod.memory, there=lambda node: node.memory, text=bytes_text),
    _Resource(key="gpu", asked=lambda pod: pod.gpus, there=lambda node: node.gpus, text=lambda count: f"{count} GPU"),
)


def size_errors(pools: Mapping[str, NodePoolSettings], apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find pods that are larger than every node of their pools; locations are below the sections' root."""
    for name, app in apps.items():
        for place, made_of in _pods(app):
            rooms = _rooms(takers(pools, made_of))
            for error in _pod_errors(pod_requests(made_of), rooms, beside=bool(made_of.sidecars or made_of.init)):
                yield error.below("apps", name, *place)


def shortages(
    pools: Mapping[str, NodePoolSettings], apps: Mapping[str, Application], needs: Mapping[str, Requests]
) -> Iterator[str]:
    """Return where all apps at once, each with what it `needs` at its maximum, have no room: a line for each case.

    Apps share a pool with all others that it takes, so each group of pools is compared with what runs nowhere else.
    """
    homes = {name: frozenset(takers(pools, app)) for name, app in apps.items()}
    for resource in _RESOURCES:
        told: list[frozenset[str]] = []
        for home in sorted({home for home in homes.values() if home}, key=lambda one: (len(one), sorted(one))):
            tenants = [name for name, other in homes.items() if other and other <= home]
            of_home = {name: pools[name] for name in sorted(home)}
            line = _shortage(resource, of_home, {name: needs[name] for name in tenants}, apps)
            if line is not None and not any(smaller < home for smaller in told):
                told.append(home)
                yield line


def _pods(app: Application) -> Iterator[tuple[Location, Application]]:
    """List the kinds of pods that an app has, each with the section of its resources."""
    yield ("resources",), app
    job = None if isinstance(app, Task) else app.release_job
    if job is not None and job.resources != app.resources:
        yield ("release", "resources"), job


def _pod_errors(pod: Requests, rooms: Mapping[str, Room], *, beside: bool) -> Iterator[FieldError]:
    if not rooms or any(all(one.asked(pod) <= one.there(node) for one in _RESOURCES) for node in rooms.values()):
        return
    whole = "a pod, with the containers beside it," if beside else "a pod"
    remedy = "lower it, or give the pool larger instanceTypes"
    found = False
    for one in _RESOURCES:
        largest = max(rooms, key=lambda name, one=one: one.there(rooms[name]))
        most = one.there(rooms[largest])
        if one.asked(pod) > most:
            found = True
            yield FieldError(
                one.key,
                f"{whole} requests {one.text(one.asked(pod))}, and the largest node that may take it, of pool "
                f"{largest}, has {one.text(most)} for pods at most; {remedy}",
            )
    if not found:
        asked = " and ".join(one.text(one.asked(pod)) for one in _RESOURCES if one.asked(pod))
        there = ", ".join(f"{name} {_room_text(node)}" for name, node in rooms.items())
        yield FieldError((), f"{whole} requests {asked}, and no node has both for pods ({there} at most); {remedy}")


def _shortage(
    resource: _Resource,
    pools: Mapping[str, NodePoolSettings],
    needs: Mapping[str, Requests],
    apps: Mapping[str, Application],
) -> str | None:
    rooms = _rooms(pools)
    if not rooms:
        return None
    total = NOTHING
    for need in needs.values():
        total = total.plus(need)
    there = sum(resource.there(rooms[name]) * pool.max for name, pool in pools.items())
    if resource.asked(total) <= there:
        return None
    key = f"nightowl:nodePools.{next(iter(pools))}.max" if len(pools) == 1 else "nightowl:nodePools"
    nodes = " and ".join(f"{pool.max} nodes of {name}" for name, pool in pools.items())
    tenants = [apps[name] for name in needs]
    return (
        f"{key}: {nodes} have room for {resource.text(there)} at most, and {_listed(list(needs))} "
        f"{at_their_most(tenants)} request {resource.text(resource.asked(total))}; the rest would stay pending: raise "
        f"max, or lower {keys_that_lower(tenants)}"
    )


def _rooms(pools: Mapping[str, NodePoolSettings]) -> dict[str, Room]:
    """Return the room on a node of each pool; none at all where it is unknown for one of them."""
    rooms = {name: room(kind) for name, pool in pools.items() for kind in pool.instance_types[:1]}
    known = {name: node for name, node in rooms.items() if node is not None}
    return known if len(known) == len(pools) else {}


def _room_text(node: Room) -> str:
    return " and ".join(one.text(one.there(node)) for one in _RESOURCES if one.there(node))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
