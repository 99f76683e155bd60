"""When each resource starts and ends, if everything starts as soon as it may, and the chain that takes longest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import groupby

from infra.errors import NightowlError
from infra.plan.durations import duration
from infra.plan.graph import Graph, Resource

APP_TYPE = "nightowl:apps:App"
ENTRANCE_TYPES = ("aws:lb/listener:Listener", "aws:lb/listenerRule:ListenerRule", "aws:route53/record:Record")
"""What requests from outside pass before they reach an app's pods."""


class CycleFoundError(NightowlError):
    """Resources wait for each other, so that none can be made."""


@dataclass(frozen=True, kw_only=True)
class ScheduledResource:
    """One resource in time, in seconds from the start of `pulumi up`."""

    resource: Resource
    start: float
    end: float
    after: str | None
    """The URN of the resource whose end let it start; None for what starts at once."""

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.end - self.start


SHOWN_FROM_SECONDS = 10
"""What takes less is left out of charts and tables."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """All steps by URN."""

    steps: Mapping[str, ScheduledResource]

    @property
    def total_seconds(self) -> float:
        """When the last resource is done."""
        return max((step.end for step in self.steps.values()), default=0)

    @property
    def bars(self) -> list[list[ScheduledResource]]:
        """What takes SHOWN_FROM_SECONDS or more, in order of time; what is alike, starts and ends together is one."""

        def bar(step: ScheduledResource) -> tuple[float, float, str]:
            return step.start, step.end, step.resource.kind

        slow = (step for step in self.steps.values() if step.seconds >= SHOWN_FROM_SECONDS)
        return [list(steps) for _, steps in groupby(sorted(slow, key=bar), key=bar)]

    def end_of(self, resources: Iterable[Resource]) -> float:
        """Return when all of `resources` are done."""
        return max((self.steps[resource.urn].end for resource in resources), default=0)

    def chain(self, resources: Iterable[Resource]) -> list[ScheduledResource]:
        """Return the slowest chain that ends in one of `resources`, without links that take no time."""
        steps = [self.steps[resource.urn] for resource in resources]
        if not steps:
            return []
        current: ScheduledResource | None = max(steps, key=lambda step: (step.end, step.resource.urn))
        chain: list[ScheduledResource] = []
        while current is not None:
            chain.append(current)
            current = None if current.after is None else self.steps[current.after]
        return [step for step in reversed(chain) if step.seconds > 0]


def schedule(
    graph: Graph, seconds: Callable[[Resource], float] = lambda resource: duration(resource).seconds
) -> Schedule:
    """Place every resource of `graph`: it starts when all that it waits for has ended.

    The engine makes at most 4 resources per processor at once, unless told otherwise (`defaultParallel` of the Pulumi
    CLI 3.274). That limit is left out: with 16 it costs prod 2 s, with 8 it costs 25 s.

    Raises:
        CycleFoundError: some resources wait for each other.
    """
    before = {resource.urn: sorted(resource.waits_for & graph.by_urn.keys()) for resource in graph}
    steps: dict[str, ScheduledResource] = {}
    try:
        for urn in TopologicalSorter(before).static_order():
            resource = graph.by_urn[urn]
            last = max((steps[other] for other in before[urn]), key=lambda step: step.end, default=None)
            start = 0.0 if last is None else last.end
            after = None if last is None else last.resource.urn
            steps[urn] = ScheduledResource(resource=resource, start=start, end=start + seconds(resource), after=after)
    except CycleError as error:
        names = [graph.by_urn[urn].label for urn in error.args[1]]
        raise CycleFoundError(f"resources wait for each other: {' -> '.join(names)}") from None
    return Schedule(steps=steps)


def serving(graph: Graph) -> list[Resource]:
    """Return what must stand before every app serves: the apps with all that is theirs, listeners and DNS records.

    Where there are no apps it is everything.
    """
    of_apps = [resource for app in graph.of_type(APP_TYPE) for resource in graph.descendants(app)]
    return [*of_apps, *graph.of_type(*ENTRANCE_TYPES)] if of_apps else list(graph)


def clock(seconds: float) -> str:
    """Write a time as minutes and seconds: `12:05`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
