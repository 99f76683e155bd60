"""How a new version replaces the old one."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from infra.settings.model import FieldError, Model, raise_any
from infra.settings.scalars import Percent, Seconds, seconds_text

MIN_READY_SECONDS = 5
"""How long a new pod must stay ready before it counts and the next one is replaced."""
SHORTEST_DEADLINE_SECONDS = 10
LONGEST_WAIT_SECONDS = 3600
"""An hour: a node that waits longer for one pod holds up every drain and upgrade of the cluster."""


class RolloutSettings(Model):
    """Surge, timing and deadline of a rolling update. The rest is computed (infra/apps/rollout.py)."""

    surge: Percent = 25
    """Share of the replicas that is added before old ones go, rounded up."""
    finish_within: Seconds = 30
    """The longest request or task, which a stopping container must be able to finish."""
    drain: Seconds | None = None
    """How long a stopping pod goes on serving while load balancers forget it; by default as long as the platform needs,
    and not at all for a worker, which is sent nothing."""
    deadline: Seconds = 600
    """After this long without progress the update has failed."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        raise_any(self._errors())
        return self

    def _errors(self) -> list[FieldError]:
        waits = {"finishWithin": self.finish_within, "drain": self.drain or 0, "deadline": self.deadline}
        errors = [
            FieldError(key, f"{seconds_text(seconds)} is above 1h, which would hold up every drain and upgrade")
            for key, seconds in waits.items()
            if seconds > LONGEST_WAIT_SECONDS
        ]
        if self.deadline < SHORTEST_DEADLINE_SECONDS:
            message = f"{seconds_text(self.deadline)} is below 10s, too short for any pod to start"
            errors.append(FieldError("deadline", message))
        return errors
