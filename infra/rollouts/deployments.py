"""What keeps a Deployment from being up: the pods of its newest version."""

from __future__ import annotations

from collections.abc import Sequence

from infra.kube import Json
from infra.rollouts.pods import Fault, condition
from infra.rollouts.reasons import Reason, count, name_of, owned_by, pod_reasons, reason_of
from infra.values import mapping, text

REVISION = "deployment.kubernetes.io/revision"


def is_deployed(deployment: Json) -> bool:
    """Return whether all replicas are of the version that was asked for, and available."""
    wanted = count(deployment, "spec", "replicas")
    status = mapping(deployment.get("status"))
    return (
        is_observed(deployment)
        and count(status, "updatedReplicas") >= wanted
        and count(status, "availableReplicas") >= wanted
        and count(status, "replicas") <= count(status, "updatedReplicas")
    )


def is_observed(item: Json) -> bool:
    """Return whether its controller has seen the last change of an object."""
    return count(item, "status", "observedGeneration") >= count(item, "metadata", "generation")


def deployment_reasons(
    deployment: Json, replica_sets: Sequence[Json], pods: Sequence[Json], events: Sequence[Json]
) -> list[Reason]:
    """List what keeps a Deployment from being up. The old version's pods say nothing about that."""
    newest = _newest(deployment, replica_sets) if is_observed(deployment) else None
    if newest is None:
        return []
    refused = condition(newest, "ReplicaFailure")
    fault = Fault(where="", reason=text(refused, "reason"), message=text(refused, "message"))
    refusals = [reason_of(fault, name_of(newest))] if refused.get("status") == "True" else []
    return [*refusals, *pod_reasons(owned_by(newest, pods), events)]


def _newest(deployment: Json, replica_sets: Sequence[Json]) -> Json | None:
    revision = text(deployment, "metadata", "annotations", REVISION)
    owned = owned_by(deployment, replica_sets)
    return next((item for item in owned if text(item, "metadata", "annotations", REVISION) == revision), None)
