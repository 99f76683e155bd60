"""What keeps a StatefulSet from being up: its pods, and the order in which it makes and replaces them."""

from __future__ import annotations

from collections.abc import Sequence

from infra.kube import Json
from infra.rollouts.deployments import is_observed
from infra.rollouts.pods import Fault, is_ready
from infra.rollouts.reasons import Reason, count, name_of, owned_by, pod_reasons, reason_of, refused_pods
from infra.rollouts.rules import ORDERED_START
from infra.values import mapping, text

OLD_VERSION = "OldVersionNotReady"
REVISION_LABEL = "controller-revision-hash"


def is_rolled_out(stateful_set: Json) -> bool:
    """Return whether all replicas are available, and those that the partition lets through are of the new version."""
    wanted, status = count(stateful_set, "spec", "replicas"), mapping(stateful_set.get("status"))
    return (
        is_observed(stateful_set)
        and count(status, "replicas") == wanted
        and count(status, "availableReplicas") >= wanted
        and count(status, "updatedReplicas") >= wanted - _partition(stateful_set)
    )


def stateful_set_reasons(stateful_set: Json, pods: Sequence[Json], events: Sequence[Json]) -> list[Reason]:
    """List what keeps a StatefulSet from being up. A pod of the old version that is not ready holds up the new one."""
    if not is_observed(stateful_set):
        return []
    own = sorted(owned_by(stateful_set, pods), key=_ordinal)
    unready = [pod for pod in own if not is_ready(pod) and not text(pod, "metadata", "deletionTimestamp")]
    is_ordered = text(stateful_set, "spec", "podManagementPolicy") != "Parallel"
    in_order = _order_reasons(stateful_set, own, unready) if is_ordered and unready else []
    return [*refused_pods(stateful_set, events), *pod_reasons(own, events), *in_order]


def _order_reasons(stateful_set: Json, own: Sequence[Json], unready: Sequence[Json]) -> list[Reason]:
    first, namespace = unready[0], text(stateful_set, "metadata", "namespace")
    found: list[Fault] = []
    missing = count(stateful_set, "spec", "replicas") - len(own)
    if missing > 0:
        message = f"{missing} more replicas wait until {name_of(first)} is ready"
        found.append(Fault(where="", reason=ORDERED_START, message=message))
    for pod in unready:
        if _ordinal(pod) >= _partition(stateful_set) and _revision(pod) != text(
            stateful_set, "status", "updateRevision"
        ):
            message = (
                f"{name_of(pod)} is of an earlier version, and replaced only once it is ready; "
                f"`kubectl -n {namespace} delete pod {name_of(pod)}` lets the update go on"
            )
            found.append(Fault(where="", reason=OLD_VERSION, message=message))
    return [reason_of(fault, name_of(stateful_set)) for fault in found]


def _partition(stateful_set: Json) -> int:
    return count(stateful_set, "spec", "updateStrategy", "rollingUpdate", "partition")


def _revision(pod: Json) -> str:
    return text(pod, "metadata", "labels", REVISION_LABEL)


def _ordinal(pod: Json) -> int:
    return int(name_of(pod).rpartition("-")[2])
