"""The Deployment of a web app or a worker."""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.apps.availability import spread
from infra.apps.kinds import LongRunning
from infra.apps.labels import match_app
from infra.apps.pod import Running
from infra.apps.rollout import Timing, lifecycle, strategy
from infra.settings.app.rollout import MIN_READY_SECONDS

REVISION_HISTORY = 0
"""Old ReplicaSets that are kept after a rollout. None: their configuration goes with the release, so `kubectl rollout
undo` could not start them. The way back is the stack file before it."""


def deployment_running(
    app: str, settings: LongRunning, timing: Timing, *, priority_class: str | None, has_zones: bool
) -> Running:
    """How the replicas of `app` are run."""
    return Running(
        grace_seconds=timing.grace_seconds,
        evict_after_seconds=settings.availability.evict_after,
        lifecycle=lifecycle(timing.drain_seconds),
        spread=spread(app, settings.availability, has_zones=has_zones),
        priority_class=priority_class,
    )


def deployment_spec(
    app: str, settings: LongRunning, template: k8s.core.v1.PodTemplateSpecArgs
) -> k8s.apps.v1.DeploymentSpecArgs:
    """Describe replicas of `template`.

    Their number is left to the autoscaler where there is one, or each deploy would reset it.
    """
    return k8s.apps.v1.DeploymentSpecArgs(
        replicas=settings.replicas if settings.autoscaling is None else None,
        selector=match_app(app),
        template=template,
        strategy=strategy(settings),
        min_ready_seconds=MIN_READY_SECONDS,
        progress_deadline_seconds=settings.rollout.deadline,
        revision_history_limit=REVISION_HISTORY,
    )
