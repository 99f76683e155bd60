"""One look at the Deployments of a namespace: which of them wait for pods, and what keeps those."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernetes.client import ApiClient

from infra.kube import Json, list_objects
from infra.rollouts.pods import Fault, condition, event_time, fault_key, is_ready, pod_faults
from infra.values import mapping, mappings, number, text

REVISION = "deployment.kubernetes.io/revision"
MOST_REASONS = 5


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A fault, and the pods that have it; none where the pods cannot be made."""

    key: str
    fault: Fault
    pods: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The fault in one line, with the pods that have it."""
        if not self.pods:
            return self.fault.sentence
        which = f"pod {self.pods[0]}" if len(self.pods) == 1 else f"{len(self.pods)} pods, such as {self.pods[0]}"
        return f"{which}: {self.fault.sentence}"


def reasons_by_deployment(api: ApiClient, namespace: str, names: Collection[str]) -> dict[str, list[Reason]]:
    """Look why the pods of the new versions of some Deployments are not ready; those that are up are left out.

    The old version's pods say nothing about a rollout and are not looked at.

    Raises:
        NightowlError: the API server does not answer, or refuses.
    """
    apps, core = f"/apis/apps/v1/namespaces/{namespace}", f"/api/v1/namespaces/{namespace}"
    waiting = [item for item in list_objects(api, f"{apps}/deployments") if _name(item) in names and not _is_up(item)]
    if not waiting:
        return {}
    replica_sets = list_objects(api, f"{apps}/replicasets")
    pods = list_objects(api, f"{core}/pods")
    events = sorted(list_objects(api, f"{core}/events"), key=event_time)
    return {_name(item): _reasons(item, replica_sets, pods, events) for item in waiting}


def sentences(reasons: Sequence[Reason]) -> list[str]:
    """Write the reasons as sentences, at most MOST_REASONS of them."""
    hidden = len(reasons) - MOST_REASONS
    more = [f"and {hidden} more faults"] if hidden > 0 else []
    return [*(reason.sentence for reason in reasons[:MOST_REASONS]), *more]


def _is_up(deployment: Json) -> bool:
    """Whether all replicas are of the version that was asked for, and available."""
    wanted = number(deployment, "spec", "replicas")
    wanted = 1 if wanted is None else wanted
    status = mapping(deployment.get("status"))
    return (
        _is_observed(deployment)
        and _count(status, "updatedReplicas") >= wanted
        and _count(status, "availableReplicas") >= wanted
        and _count(status, "replicas") <= _count(status, "updatedReplicas")
    )


def _is_observed(deployment: Json) -> bool:
    return _count(deployment, "status", "observedGeneration") >= _count(deployment, "metadata", "generation")


def _reasons(
    deployment: Json, replica_sets: Sequence[Json], pods: Sequence[Json], events: Sequence[Json]
) -> list[Reason]:
    newest = _newest(deployment, replica_sets) if _is_observed(deployment) else None
    if newest is None:
        return []
    found: dict[str, Reason] = {}
    refused = condition(newest, "ReplicaFailure")
    if refused.get("status") == "True":
        fault = Fault(where="", reason=text(refused, "reason"), message=text(refused, "message"))
        key = fault_key(fault, _name(newest))
        found[key] = Reason(key=key, fault=fault)
    for pod in pods:
        if _uid(newest) not in _owners(pod) or is_ready(pod) or text(pod, "metadata", "deletionTimestamp"):
            continue
        for fault in pod_faults(pod, _events_of(pod, events)):
            key = fault_key(fault, _name(pod))
            so_far = found.get(key, Reason(key=key, fault=fault))
            found[key] = Reason(key=key, fault=fault, pods=(*so_far.pods, _name(pod)))
    return list(found.values())


def _newest(deployment: Json, replica_sets: Sequence[Json]) -> Json | None:
    revision = text(deployment, "metadata", "annotations", REVISION)
    owned = (item for item in replica_sets if _uid(deployment) in _owners(item))
    return next((item for item in owned if text(item, "metadata", "annotations", REVISION) == revision), None)


def _events_of(pod: Json, events: Sequence[Json]) -> list[Mapping[str, Any]]:
    """List the events about a pod, and those about its claims, which tell why no volume comes."""
    claims = {text(volume, "persistentVolumeClaim", "claimName") for volume in mappings(pod, "spec", "volumes")}

    def is_about(event: Json) -> bool:
        involved = mapping(event.get("involvedObject"))
        is_claim = involved.get("kind") == "PersistentVolumeClaim" and involved.get("name") in claims
        return is_claim or involved.get("uid") == _uid(pod)

    return [event for event in events if is_about(event)]


def _count(item: Mapping[str, Any], *path: str) -> float:
    return number(item, *path) or 0


def _name(item: Json) -> str:
    return text(item, "metadata", "name")


def _uid(item: Json) -> str:
    return text(item, "metadata", "uid")


def _owners(item: Json) -> set[Any]:
    return {owner.get("uid") for owner in mappings(item, "metadata", "ownerReferences")}
