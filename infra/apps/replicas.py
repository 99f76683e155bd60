"""How the replicas of a long-running app are run, whichever controller makes them."""

from __future__ import annotations

from infra.apps.availability import spread
from infra.apps.pod import Running
from infra.apps.rollout import Timing, lifecycle
from infra.settings.app.application import LongRunning, StatefulSettings

REVISION_HISTORY = 0
"""Old versions that are kept after a rollout. None: their configuration goes with the release, so `kubectl rollout
undo` could not start them. The way back is the stack file before it."""


def replicas_running(
    app: str, settings: LongRunning, timing: Timing, *, priority_class: str | None, has_zones: bool
) -> Running:
    """Return how the replicas of `app` are run."""
    return Running(
        grace_seconds=timing.grace_seconds,
        evict_after_seconds=settings.availability.evict_after,
        lifecycle=lifecycle(timing.drain_seconds),
        spread=spread(app, settings.availability, version_label=_version_label(settings), has_zones=has_zones),
        priority_class=priority_class,
    )


def _version_label(settings: LongRunning) -> str:
    """Return the label by which the controller of the replicas tells their versions apart."""
    return "controller-revision-hash" if isinstance(settings, StatefulSettings) else "pod-template-hash"
