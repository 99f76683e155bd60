"""The CronJob of a scheduled task."""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.apps.labels import app_labels
from infra.apps.pod import Running
from infra.settings.app.application import CronSettings
from infra.settings.app.availability import AvailabilitySettings

GRACE_SECONDS = 30

START_WITHIN_SECONDS = 3600
"""A run that the control plane missed is still started within the hour. Two hours would allow 120 missed starts, one a
minute; the controller gives up after 100 (Kubernetes documentation, "CronJob limitations")."""

KEPT_RUNS = 3
KEEP_FINISHED_SECONDS = 7 * 24 * 3600

_CONCURRENCY = {"forbid": "Forbid", "allow": "Allow", "replace": "Replace"}


def run_to_the_end() -> Running:
    """Return how a task is run: each try in a pod of its own, so that the log of a failed one stays."""
    return Running(
        grace_seconds=GRACE_SECONDS,
        evict_after_seconds=AvailabilitySettings().evict_after,
        restart_policy="Never",
        # A run would start again from nothing on another node; its timeout bounds how long it holds this one.
        annotations={"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"},
    )


def cron_job_spec(
    app: str, settings: CronSettings, template: k8s.core.v1.PodTemplateSpecArgs
) -> k8s.batch.v1.CronJobSpecArgs:
    """Describe when `template` runs, how often it is tried again and when it is stopped."""
    return k8s.batch.v1.CronJobSpecArgs(
        schedule=settings.schedule,
        time_zone=settings.time_zone,
        concurrency_policy=_CONCURRENCY[settings.overlap],
        starting_deadline_seconds=START_WITHIN_SECONDS,
        successful_jobs_history_limit=KEPT_RUNS,
        failed_jobs_history_limit=KEPT_RUNS,
        job_template=k8s.batch.v1.JobTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(labels=app_labels(app)),
            spec=k8s.batch.v1.JobSpecArgs(
                active_deadline_seconds=settings.timeout,
                backoff_limit=settings.retries,
                # The next attempt starts when the last one is gone: two at once could do the same work twice.
                pod_replacement_policy="Failed",
                ttl_seconds_after_finished=KEEP_FINISHED_SECONDS,
                template=template,
            ),
        ),
    )
