"""What an app survives: the loss of a zone, a node, and a drain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from infra.settings.model import FieldError, Model
from infra.settings.scalars import Percent, Seconds, seconds_text

LONGEST_EVICTION_SECONDS = 3600


def _budget(value: Any) -> Any:
    if str(value) in {"0", "0%"}:
        raise ValueError("would block every drain and upgrade; use at least 1%")
    return value


class AvailabilitySettings(Model):
    """Spread, disruption budget, eviction and priority."""

    zones: Literal["require", "prefer"] = "require"
    """`require` keeps the replicas per zone within one of each other; `prefer` only tries to."""
    max_unavailable: Annotated[Percent, BeforeValidator(_budget)] = 10
    """Share of the replicas that a drain may take at once, rounded up to at least one, so a drain is never blocked."""
    evict_after: Seconds = 30
    """How long pods stay bound to a node that is lost (Kubernetes: 300 s)."""
    priority: Literal["high", "normal", "low"] = "normal"
    """Who gets the room when there is too little of it."""

    def _errors(self) -> Iterator[FieldError]:
        if self.evict_after > LONGEST_EVICTION_SECONDS:
            message = f"{seconds_text(self.evict_after)} is above 1h: the app would be short of replicas"
            yield FieldError("evictAfter", message)
