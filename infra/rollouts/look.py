"""One look at a namespace: what of that which the engine waits for is not up, and what keeps it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from kubernetes.client import ApiClient

from infra.kube import Json, list_objects
from infra.rollouts.deployments import deployment_reasons, is_deployed
from infra.rollouts.jobs import is_done, job_reasons
from infra.rollouts.pods import event_time
from infra.rollouts.reasons import Reason, name_of
from infra.rollouts.stateful_sets import is_rolled_out, stateful_set_reasons

DEPLOYMENT, STATEFUL_SET, JOB = "Deployment", "StatefulSet", "Job"
PATHS = {
    DEPLOYMENT: "/apis/apps/v1/namespaces/{}/deployments",
    STATEFUL_SET: "/apis/apps/v1/namespaces/{}/statefulsets",
    JOB: "/apis/batch/v1/namespaces/{}/jobs",
}
IS_UP = {DEPLOYMENT: is_deployed, STATEFUL_SET: is_rolled_out, JOB: is_done}


class Workload(NamedTuple):
    """What makes pods, and is waited for."""

    kind: str
    name: str


def reasons_by_workload(api: ApiClient, namespace: str, wanted: Collection[Workload]) -> dict[Workload, list[Reason]]:
    """Look why some workloads are not up; those that are up are left out.

    Only kinds that are wanted are asked for, as a pull request may not list the others.

    Raises:
        NightowlError: the API server does not answer, or refuses.
    """
    waiting: dict[Workload, Json] = {}
    for kind in sorted({one.kind for one in wanted}):
        for item in list_objects(api, PATHS[kind].format(namespace)):
            workload = Workload(kind, name_of(item))
            if workload in wanted and not IS_UP[kind](item):
                waiting[workload] = item
    if not waiting:
        return {}
    has_deployments = any(one.kind == DEPLOYMENT for one in waiting)
    replica_sets = list_objects(api, f"/apis/apps/v1/namespaces/{namespace}/replicasets") if has_deployments else []
    pods = list_objects(api, f"/api/v1/namespaces/{namespace}/pods")
    events = sorted(list_objects(api, f"/api/v1/namespaces/{namespace}/events"), key=event_time)

    def reasons(kind: str, item: Json) -> list[Reason]:
        if kind == DEPLOYMENT:
            return deployment_reasons(item, replica_sets, pods, events)
        return stateful_set_reasons(item, pods, events) if kind == STATEFUL_SET else job_reasons(item, pods, events)

    return {workload: reasons(workload.kind, item) for workload, item in waiting.items()}
