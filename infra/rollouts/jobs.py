"""What keeps a Job from being done: an app of kind `job`, or the release of another before its rollout."""

from __future__ import annotations

from collections.abc import Sequence

from infra.kube import Json
from infra.labels import NAME_LABEL
from infra.rollouts.pods import Fault, condition
from infra.rollouts.reasons import Reason, name_of, owned_by, pod_reasons, reason_of, refused_pods
from infra.values import text


def is_done(job: Json) -> bool:
    """Return whether the Job has ended well."""
    return condition(job, "Complete").get("status") == "True"


def job_reasons(job: Json, pods: Sequence[Json], events: Sequence[Json]) -> list[Reason]:
    """List why a Job has failed, and what its pods said last."""
    failed = condition(job, "Failed")
    fault = Fault(where=_stage(job), reason=text(failed, "reason"), message=text(failed, "message"))
    failures = [reason_of(fault, name_of(job))] if failed.get("status") == "True" else []
    return [*failures, *refused_pods(job, events), *pod_reasons(owned_by(job, pods), events)]


def _stage(job: Json) -> str:
    app = text(job, "metadata", "labels", NAME_LABEL)
    # The pods of a release have another name than their app's, so that no Service sends to them.
    is_release = text(job, "spec", "template", "metadata", "labels", NAME_LABEL) != app
    return f"the release of {app} failed" if is_release else f"the job {app} failed"
