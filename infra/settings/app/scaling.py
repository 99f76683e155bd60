"""How many replicas run, and what adds more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from infra.settings.model import FieldError, Model, Rule
from infra.settings.scalars import Percent, Seconds, Switch, WholeNumber, seconds_text

MOST_REPLICAS = 1000
LONGEST_STABILIZATION_SECONDS = 3600
"""The most that Kubernetes accepts as `stabilizationWindowSeconds`."""


class ScalingSettings(Model):
    """Bounds and targets of the HorizontalPodAutoscaler.

    Three replicas, one per zone, are the least that survives the loss of a zone without losing half; 60 % CPU leaves
    room for the flood until new pods are ready, and for the load of a lost zone: two thirds is the most with three.
    """

    min: Annotated[WholeNumber, Field(ge=1, le=MOST_REPLICAS)] = 3
    """Fewest replicas."""
    max: Annotated[WholeNumber, Field(ge=1, le=MOST_REPLICAS)] = 10
    """Most replicas."""
    cpu: Percent | None = 60
    """Target CPU use, in percent of the request; `null` for none."""
    memory: Percent | None = None
    """Target memory use, in percent of the request."""
    grow_after: Seconds = 0
    """How long the load must stay high before replicas come (stabilization window): a shorter spike brings none. A
    minute damps spikes of seconds; by default a flood is answered at once."""
    grow_by: Percent | None = None
    """The most replicas that come within 15s, in percent of those that run; by default all at once."""
    shrink_after: Seconds = 300
    """How long the load must stay low before replicas go (stabilization window)."""

    external: Switch = False
    """Whether an autoscaler of others, such as KEDA, moves the replicas: none is made here, replicas start with `min`,
    and the quota has room for `max`."""

    def _rules(self) -> Iterator[Rule]:
        yield self._bound_errors
        yield self._target_errors
        yield lambda: _window_errors("growAfter", self.grow_after)
        yield lambda: _window_errors("shrinkAfter", self.shrink_after)

    def _bound_errors(self) -> Iterator[FieldError]:
        if self.max < self.min:
            yield FieldError("max", f"{self.max} is below min {self.min}")

    def _target_errors(self) -> Iterator[FieldError]:
        if self.external:
            yield from self._external_errors()
        elif self.cpu is None and self.memory is None:
            message = "there is no target: give cpu or memory, or use replicas instead of scaling"
            yield FieldError("cpu", message)

    def _external_errors(self) -> Iterator[FieldError]:
        for name in ("cpu", "memory", "grow_after", "grow_by", "shrink_after"):
            if name in self.model_fields_set:
                key = type(self).model_fields[name].alias or name
                yield FieldError(key, "does not go with external, as the other autoscaler decides; write it there")


def _window_errors(key: str, seconds: int) -> Iterator[FieldError]:
    if seconds > LONGEST_STABILIZATION_SECONDS:
        yield FieldError(key, f"{seconds_text(seconds)} is above 1h, the most that Kubernetes accepts")
