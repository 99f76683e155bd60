"""How a new version replaces the old one."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.model import FieldError, Model
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

    def _errors(self) -> Iterator[FieldError]:
        waits = {"finishWithin": self.finish_within, "drain": self.drain or 0, "deadline": self.deadline}
        for key, seconds in waits.items():
            if seconds > LONGEST_WAIT_SECONDS:
                message = f"{seconds_text(seconds)} is above 1h, which would hold up every drain and upgrade"
                yield FieldError(key, message)
        if self.deadline < SHORTEST_DEADLINE_SECONDS:
            message = f"{seconds_text(self.deadline)} is below 10s, too short for any pod to start"
            yield FieldError("deadline", message)
