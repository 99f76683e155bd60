"""How a new version replaces the old one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from infra.settings.model import FieldError, Model, Rule
from infra.settings.scalars import Notation, Seconds, parse_percent, percent_text, seconds_text

MIN_READY_SECONDS = 5
"""How long a new pod must stay ready before it counts and the next one is replaced."""
DEADLINE_SECONDS = 600
"""Room for an image that takes minutes to be pulled, and for a node that must be made first."""
SHORTEST_DEADLINE_SECONDS = 10
LONGEST_WAIT_SECONDS = 3600
"""An hour: a node that waits longer for one pod holds up every drain and upgrade of the cluster."""
LONGEST_DEADLINE_SECONDS = 7200
"""Two hours: an hour of start, the longest that may be written, and as much again for a node and an image."""


def _parse_surge(value: Any) -> int:
    return 0 if not isinstance(value, bool) and str(value) in {"0", "0%"} else parse_percent(value)


class RolloutSettings(Model):
    """Surge, timing and deadline of a rolling update. The rest is computed (infra/apps/rollout.py)."""

    strategy: Literal["rolling", "replace"] = "rolling"
    """`replace` ends the old pod before the new one starts, so that an update never has two; with `replicas: 1`."""
    surge: Annotated[int, BeforeValidator(_parse_surge), Notation("percentage", percent_text)] = 25
    """Share of the replicas that is added before old ones go, rounded up; `0%` takes one old pod first each time."""
    finish_within: Seconds = 30
    """The longest request or task, which a stopping container must be able to finish. On EKS up to 10m, the drain
    included; work that takes longer runs as kind `job` or `cron`, whose runs keep their node."""
    drain: Seconds | None = None
    """How long a stopping pod goes on serving while load balancers forget it; by default as long as the platform needs,
    and not at all for a worker, which is sent nothing."""
    deadline: Seconds | None = None
    """After this long without progress the update has failed. By default 10m, or twice the longest start and the wait
    for an old pod that must go first, where that is longer; at most 2h."""

    def deadline_for(self, slowest_seconds: int) -> int:
        """Return how long an update may make no progress, in seconds, where one step of it may take as long as given.

        The default leaves a step as much time again for a node and an image; it is at most what may be written here.
        """
        if self.deadline is not None:
            return self.deadline
        return min(LONGEST_DEADLINE_SECONDS, max(DEADLINE_SECONDS, 2 * slowest_seconds))

    def _rules(self) -> Iterator[Rule]:
        yield self._surge_errors
        yield lambda: _wait_errors("finishWithin", self.finish_within)
        yield lambda: _wait_errors("drain", self.drain or 0)
        yield self._deadline_errors

    def _surge_errors(self) -> Iterator[FieldError]:
        if self.strategy == "replace" and "surge" in self.model_fields_set:
            yield FieldError("surge", "goes with strategy: rolling; replace adds no pod before the old one is gone")

    def _deadline_errors(self) -> Iterator[FieldError]:
        if self.deadline is None:
            return
        if self.deadline < SHORTEST_DEADLINE_SECONDS:
            message = f"{seconds_text(self.deadline)} is below 10s, too short for any pod to start"
            yield FieldError("deadline", message)
        if self.deadline > LONGEST_DEADLINE_SECONDS:
            message = f"{seconds_text(self.deadline)} is above 2h, for which nobody waits to hear that an update failed"
            yield FieldError("deadline", message)


def _wait_errors(key: str, seconds: int) -> Iterator[FieldError]:
    if seconds > LONGEST_WAIT_SECONDS:
        yield FieldError(key, f"{seconds_text(seconds)} is above 1h, which would hold up every drain and upgrade")
