"""A Job that an update waits for: an app of kind `job`, and the release of another before its pods.

It is named by its content. What it runs with has changed where the name has, and then a new Job runs beside the old
one, which goes when the update is done. So a Job that has done its work is never run again for nothing. One that has
failed is replaced by the next update, whatever else that changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import pulumi
import pulumi_kubernetes as k8s

from infra.apps.cron import GRACE_SECONDS
from infra.apps.rollout import ENGINE_MARGIN_SECONDS
from infra.platforms.state import MadeResource
from infra.settings.app.application import JobSettings, LongRunning
from infra.values import number, text

JOB = "kubernetes:batch/v1:Job"

JOB_ANNOTATIONS = {"pulumi.com/replaceUnready": "true"}
"""The provider makes a Job that has failed anew; without it, it would only look at it again."""
AROUND_THE_POD = {"allow_to", "not_secret", "depends_on", "labels", "annotations", "pull_secrets"}
"""Settings that change nothing in what a job does."""


def job_name(app: str, settings: JobSettings) -> str:
    """Name the Job of an app of kind `job`."""
    return f"{app}-{_digest(app, settings)}"


def release_name(app: str, settings: LongRunning, release: JobSettings) -> str:
    """Name the Job that runs before a rollout of `app`, by all that it runs with and by the app's own command."""
    return f"{app}-release-{_digest(app, release, settings.command, settings.args)}"


def done_jobs(state: Iterable[MadeResource], namespace: str) -> frozenset[str]:
    """Name the Jobs of a namespace that earlier runs of the stack have made, and that came to their end."""
    return frozenset(
        made.name
        for made in state
        if made.type == JOB
        and text(made.outputs, "metadata", "namespace") == namespace
        and number(made.outputs, "status", "succeeded")
    )


def job_spec(settings: JobSettings, template: k8s.core.v1.PodTemplateSpecArgs) -> k8s.batch.v1.JobSpecArgs:
    """Describe how often `template` is tried and when it is stopped."""
    return k8s.batch.v1.JobSpecArgs(
        active_deadline_seconds=settings.timeout,
        backoff_limit=settings.retries,
        # The next try starts when the last one is gone: two at once could do the same work twice.
        pod_replacement_policy="Failed",
        # The drain of a node is no fault of the program.
        pod_failure_policy=k8s.batch.v1.PodFailurePolicyArgs(
            rules=[
                k8s.batch.v1.PodFailurePolicyRuleArgs(
                    action="Ignore",
                    on_pod_conditions=[
                        k8s.batch.v1.PodFailurePolicyOnPodConditionsPatternArgs(type="DisruptionTarget", status="True")
                    ],
                )
            ]
        ),
        template=template,
    )


def job_timeouts(settings: JobSettings) -> pulumi.CustomTimeouts:
    """Return the engine's patience, which lasts longer than Kubernetes', so that the reason is Kubernetes' own."""
    wait = f"{settings.timeout + GRACE_SECONDS + ENGINE_MARGIN_SECONDS}s"
    return pulumi.CustomTimeouts(create=wait, update=wait, delete=f"{GRACE_SECONDS + ENGINE_MARGIN_SECONDS}s")


def _digest(app: str, settings: JobSettings, *more: object) -> str:
    # What has its default is left out, so that a new key of a later version changes no name.
    content = settings.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=AROUND_THE_POD)
    return hashlib.sha256(json.dumps([app, content, *more], sort_keys=True).encode()).hexdigest()[:8]
