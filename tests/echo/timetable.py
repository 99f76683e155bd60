"""Operations in virtual time: they end in the order of a plan, however fast or slow the machine is."""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from infra.plan.eks_component import COMPONENT, CONTROL_PLANE, control_plane_name
from infra.plan.schedule import Schedule, ScheduledResource
from tests.echo.component import BINDINGS, CONFIG_FILE
from tests.echo.journal import Operation

DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
PATIENCE_SECONDS = 60.0
"""How long the engine may do nothing until it counts as waiting for what the plan says it does not wait for."""


@dataclass(kw_only=True)
class Timetable:
    """The gate of an account whose creations follow a plan.

    A creation ends once everything that starts before its end has begun, and everything that ends before it has ended.
    So an engine that waits for more than the plan says comes to a standstill; that is found after PATIENCE_SECONDS,
    all is let through, and `missed` says who was waited for.
    """

    steps: Mapping[str, ScheduledResource]
    missed: list[str] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    waiting: dict[str, threading.Event] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def __call__(self, operation: Operation) -> Generator[None]:
        urn = operation.urn
        if operation.verb != "create" or urn not in self.steps:
            yield
            return
        with self.lock:
            turn = self.waiting[urn] = threading.Event()
            self.begun.add(urn)
            self._call()
        self._await(urn, turn)
        try:
            yield
        finally:
            with self.lock:
                self.ended.add(urn)
                self._call()

    def _call(self) -> None:
        """Let those end whose turn it is."""
        next_start = min((step.start for urn, step in self.steps.items() if urn not in self.begun), default=math.inf)
        next_end = min((step.end for urn, step in self.steps.items() if urn not in self.ended), default=math.inf)
        for urn in [urn for urn in self.waiting if self.missed or self.steps[urn].end <= min(next_start, next_end)]:
            self.waiting.pop(urn).set()

    def _await(self, urn: str, turn: threading.Event) -> None:
        seen = -1
        while not turn.wait(PATIENCE_SECONDS):
            with self.lock:
                if seen == (seen := len(self.begun) + len(self.ended)) and not self.missed:
                    self.missed = self._overdue(self.steps[urn])
                    self._call()

    def _overdue(self, step: ScheduledResource) -> list[str]:
        return [
            f"{other.resource.label} does not begin before {step.resource.label} has ended"
            for urn, other in self.steps.items()
            if urn not in self.begun and other.start < step.end
        ] or [f"nothing lets {step.resource.label} end"]


def timetable(schedule: Schedule) -> Timetable:
    """Make the timetable of a plan's schedule: all that a provider makes, under the engine's URNs."""
    steps = {
        _made(urn, step): step
        for urn, step in schedule.steps.items()
        if step.resource.custom and not step.resource.is_provider
    }
    return Timetable(steps=steps)


def _made(urn: str, step: ScheduledResource) -> str:
    """The URN of what is made: for a component of a plug-in that of what is in it, which takes the component's time."""
    name = step.resource.name
    inner = {
        COMPONENT: f"{CONTROL_PLANE}::{control_plane_name(name)}",
        CONFIG_FILE: f"{DEFINITION}::{name}:{BINDINGS}",
    }.get(step.resource.type)
    return urn if inner is None else f"{urn.rpartition('::')[0]}${inner}"
