"""Operations in virtual time: they end in the order of a plan, however fast or slow the machine is."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from infra.ops.plan.eks_component import COMPONENT, CONTROL_PLANE, control_plane_name
from infra.ops.plan.schedule import Schedule, Step
from tests.echo.journal import Operation

PATIENCE_SECONDS = 60.0
"""How long the engine may do nothing until it counts as waiting for what the plan says it does not wait for."""


@dataclass(kw_only=True)
class Timetable:
    """The gate of an account whose creations follow a plan.

    A creation ends once everything that starts before its end has begun, and everything that ends before it has ended.
    So an engine that waits for more than the plan says comes to a standstill; that is found after PATIENCE_SECONDS,
    all is let through, and `missed` says who was waited for.
    """

    steps: Mapping[str, Step]
    missed: list[str] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def __call__(self, operation: Operation) -> Generator[None]:
        step = self.steps.get(operation.urn)
        if operation.verb != "create" or step is None:
            yield
            return
        with self.changed:
            self.begun.add(operation.urn)
            self.changed.notify_all()
            self._wait_for_its_turn(step, operation.urn)
        try:
            yield
        finally:
            with self.changed:
                self.ended.add(operation.urn)
                self.changed.notify_all()

    def _wait_for_its_turn(self, step: Step, urn: str) -> None:
        while not self.missed and self._before(step, urn):
            seen = len(self.begun), len(self.ended)
            if not self.changed.wait(PATIENCE_SECONDS) and seen == (len(self.begun), len(self.ended)):
                self.missed = [
                    f"{self.steps[other].resource.label} does not begin before {step.resource.label} has ended"
                    for other in sorted(self._before(step, urn) - self.begun)
                ] or [f"nothing lets {step.resource.label} end"]
                self.changed.notify_all()

    def _before(self, step: Step, urn: str) -> set[str]:
        return {
            other
            for other, one in self.steps.items()
            if other != urn
            and ((one.start < step.end and other not in self.begun) or (one.end < step.end and other not in self.ended))
        }


def timetable(schedule: Schedule) -> Timetable:
    """Make the timetable of a plan's schedule: all that a provider makes, under the engine's URNs."""
    steps = {
        (_inside(urn, step.resource.name) if step.resource.type == COMPONENT else urn): step
        for urn, step in schedule.steps.items()
        if step.resource.custom and not step.resource.is_provider
    }
    return Timetable(steps=steps)


def _inside(component: str, name: str) -> str:
    """The URN of the control plane, which takes the component's time."""
    return f"{component.rpartition('::')[0]}${CONTROL_PLANE}::{control_plane_name(name)}"
