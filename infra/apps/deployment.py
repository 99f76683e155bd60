"""The Deployment of a web app or a worker."""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.apps.labels import match_app
from infra.apps.replicas import REVISION_HISTORY
from infra.apps.rollout import strategy
from infra.labels import KIND_ANNOTATION
from infra.settings.app.application import LongRunning, WorkerSettings
from infra.settings.app.rollout import MIN_READY_SECONDS

REPLICAS_ANNOTATION = "nightowl/replicas"
"""Who decides how many replicas run: `autoscaler`, or `stack-file`. Its change makes the update that hands them over,
also where the number in the stack file is the one that the autoscaler once started from."""
AUTOSCALERS_FIELDS = ("spec.replicas",)
"""What no update changes where an autoscaler decides. The provider leaves an ignored field out of its patch if another
manager owns it, and else sends its live value (pulumi-kubernetes 4, `handleSSAIgnoreFields`)."""


def deployment_annotations(settings: LongRunning) -> dict[str, str]:
    """Name who decides how many replicas run, let the stack file take the number back, and tell a worker with ports."""
    kind = {KIND_ANNOTATION: settings.kind} if isinstance(settings, WorkerSettings) and settings.served else {}
    return {
        **kind,
        REPLICAS_ANNOTATION: "stack-file" if settings.autoscaling is None else "autoscaler",
        # Provider releases that know no `enable_patch_force` would call the autoscaler's number a conflict.
        "pulumi.com/patchForce": "true",
    }


def ignored_changes(settings: LongRunning) -> list[str]:
    """List the fields that are given once, when the Deployment is made, and left alone from then on."""
    return [] if settings.autoscaling is None else list(AUTOSCALERS_FIELDS)


def deployment_spec(
    app: str, settings: LongRunning, template: k8s.core.v1.PodTemplateSpecArgs
) -> k8s.apps.v1.DeploymentSpecArgs:
    """Describe replicas of `template`. Where an autoscaler moves their number, it is only where they start."""
    return k8s.apps.v1.DeploymentSpecArgs(
        replicas=settings.replicas if settings.autoscaling is None else settings.autoscaling.min,
        selector=match_app(app),
        template=template,
        strategy=strategy(settings),
        min_ready_seconds=MIN_READY_SECONDS,
        progress_deadline_seconds=settings.deadline_seconds,
        revision_history_limit=REVISION_HISTORY,
    )
