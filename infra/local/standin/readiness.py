"""When an object counts as up, kind by kind, and why it does not yet.

The rules follow the real provider's, so that a stack which comes up here comes up there. A kind without a rule is up
as soon as the API server has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from infra.local.standin import objects, pods
from infra.local.standin.api import Cluster
from infra.local.standin.objects import Manifest

SERVICE_LABEL = "kubernetes.io/service-name"
REVISION = "deployment.kubernetes.io/revision"
EMPTY_SERVICE_SETTLE_SECONDS = 10.0  # the real provider lets endpoints settle for this long before it believes them
READY_SERVICE_SETTLE_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Health:
    """How far an object is.

    `summary` is one line for the progress display. `reasons` say what is missing, in the words of the cluster.
    `failed` means that waiting longer cannot help. `settle_seconds` is for how long `ready` must hold to be believed.
    """

    ready: bool
    summary: str = ""
    reasons: tuple[str, ...] = ()
    failed: bool = False
    settle_seconds: float = 0.0


Rule: TypeAlias = Callable[[Cluster, Manifest], Health]
UP = Health(ready=True)


def health(cluster: Cluster, live: Manifest) -> Health:
    """How far `live` is, by the rule of its kind. Raises RefusedError and UnreachableError."""
    ref = objects.ref_of(live)
    rule = RULES.get((objects.group_of(ref.api_version), ref.kind))
    return rule(cluster, live) if rule else UP


def _deployment(cluster: Cluster, live: Manifest) -> Health:
    spec, status = objects.section(live, "spec"), objects.section(live, "status")
    wanted = _number(spec, "replicas", default=1)
    if not _is_observed(live):
        return Health(ready=False, summary="the deployment controller has not seen the change yet")
    if spec.get("paused") is True:
        return Health(ready=True, summary="the rollout is paused")
    progressing, available = _condition(live, "Progressing"), _condition(live, "Available")
    updated = _number(status, "updatedReplicas")
    running = min(updated, _number(status, "availableReplicas"))
    rolled_out = progressing.get("reason") == "NewReplicaSetAvailable" and progressing.get("status") == "True"
    if rolled_out and available.get("status") == "True" and updated >= wanted and running >= wanted:
        return UP
    late = progressing.get("reason") == "ProgressDeadlineExceeded"
    return Health(
        ready=False,
        summary=f"{running} of {wanted} pods of the new version available",
        reasons=(
            *([f"ProgressDeadlineExceeded: {progressing.get('message', '')}"] if late else []),
            *_condition_faults(live, "ReplicaFailure"),
            *pods.reasons(_new_pods_of_deployment(cluster, live)),
        ),
        failed=late,
    )


def _stateful_set(cluster: Cluster, live: Manifest) -> Health:
    spec, status = objects.section(live, "spec"), objects.section(live, "status")
    wanted = _number(spec, "replicas", default=1)
    if not _is_observed(live):
        return Health(ready=False, summary="the stateful set controller has not seen the change yet")
    partition = _number(objects.section(live, "spec", "updateStrategy", "rollingUpdate"), "partition")
    updated, running = _number(status, "updatedReplicas"), _number(status, "readyReplicas")
    on_delete = objects.section(live, "spec", "updateStrategy").get("type") == "OnDelete"
    if running >= wanted and (on_delete or updated >= wanted - partition):
        return UP
    return Health(
        ready=False,
        summary=f"{running} of {wanted} pods ready, {updated} of the new version",
        reasons=(*_events(cluster, live), *pods.reasons(_selected_pods(cluster, live))),
    )


def _daemon_set(cluster: Cluster, live: Manifest) -> Health:
    status = objects.section(live, "status")
    if not _is_observed(live):
        return Health(ready=False, summary="the daemon set controller has not seen the change yet")
    wanted, running = _number(status, "desiredNumberScheduled"), _number(status, "numberAvailable")
    on_delete = objects.section(live, "spec", "updateStrategy").get("type") == "OnDelete"
    updated = wanted if on_delete else _number(status, "updatedNumberScheduled")
    if updated >= wanted and running >= wanted:
        return UP
    return Health(
        ready=False,
        summary=f"{running} of {wanted} pods available, {updated} of the new version",
        reasons=(*_events(cluster, live), *pods.reasons(_selected_pods(cluster, live))),
    )


def _job(cluster: Cluster, live: Manifest) -> Health:
    if _condition(live, "Complete").get("status") == "True" or _condition(live, "Suspended").get("status") == "True":
        return UP
    failure = _condition(live, "Failed")
    failed = failure.get("status") == "True"
    status = objects.section(live, "status")
    return Health(
        ready=False,
        summary=f"{_number(status, 'active')} pods running, {_number(status, 'succeeded')} done",
        reasons=(
            *([f"{failure.get('reason', '')}: {failure.get('message', '')}"] if failed else []),
            *_events(cluster, live),
            *pods.reasons(_selected_pods(cluster, live)),
        ),
        failed=failed,
    )


def _pod(_: Cluster, live: Manifest) -> Health:
    if pods.is_ready(live):
        return UP
    faults = tuple(pods.pod_faults(live))
    phase = str(objects.section(live, "status").get("phase") or "Pending")
    return Health(ready=False, summary=f"the pod is {phase}", reasons=faults, failed=phase == "Failed")


def _service(cluster: Cluster, live: Manifest) -> Health:
    spec = objects.section(live, "spec")
    balanced = bool(objects.section(live, "status", "loadBalancer").get("ingress"))
    if spec.get("type") == "LoadBalancer" and not balanced:
        return Health(
            ready=False,
            summary="waiting for the load balancer's address",
            reasons=("no address was given; does this cluster serve services of type LoadBalancer?",),
        )
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return UP
    return _service_endpoints(cluster, live)


def _service_endpoints(cluster: Cluster, live: Manifest) -> Health:
    ref = objects.ref_of(live)
    slices = cluster.list(
        "discovery.k8s.io/v1", "EndpointSlice", namespace=ref.namespace, label_selector=f"{SERVICE_LABEL}={ref.name}"
    )
    endpoints = [endpoint for piece in slices for endpoint in objects.items(piece, "endpoints")]
    pending = [endpoint for endpoint in endpoints if objects.section(endpoint, "conditions").get("ready") is False]
    if pending or not slices:
        return Health(
            ready=False,
            summary=f"{len(endpoints) - len(pending)} of {len(endpoints)} endpoints ready",
            reasons=("some of the pods it selects are not ready, or the endpoint controller has not seen it",),
        )
    settle = READY_SERVICE_SETTLE_SECONDS if endpoints else EMPTY_SERVICE_SETTLE_SECONDS
    return Health(ready=True, summary=f"{len(endpoints)} endpoints ready", settle_seconds=settle)


def _ingress(_: Cluster, live: Manifest) -> Health:
    if objects.section(live, "status", "loadBalancer").get("ingress"):
        return UP
    reason = "no address was given; does an ingress controller serve this ingress class?"
    return Health(ready=False, summary="waiting for the ingress controller's address", reasons=(reason,))


def _claim(cluster: Cluster, live: Manifest) -> Health:
    phase = str(objects.section(live, "status").get("phase") or "Pending")
    if phase == "Bound" or (phase == "Pending" and _binds_at_first_use(cluster, live)):
        return UP
    return Health(ready=False, summary=f"the claim is {phase}", reasons=tuple(_events(cluster, live)))


def _binds_at_first_use(cluster: Cluster, live: Manifest) -> bool:
    name = str(objects.section(live, "spec").get("storageClassName") or "")
    if not name:
        return False
    ref = objects.Ref(api_version="storage.k8s.io/v1", kind="StorageClass", namespace="", name=name)
    storage_class = cluster.get(ref)
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def _volume(_: Cluster, live: Manifest) -> Health:
    phase = str(objects.section(live, "status").get("phase") or "Pending")
    return Health(ready=phase in ("Available", "Bound"), summary=f"the volume is {phase}")


def _quota(_: Cluster, live: Manifest) -> Health:
    ready = objects.section(live, "status", "hard").keys() == objects.section(live, "spec", "hard").keys()
    return Health(ready=ready, summary="waiting for the quota controller")


def _namespace(_: Cluster, live: Manifest) -> Health:
    phase = str(objects.section(live, "status").get("phase") or "Pending")
    return Health(ready=phase == "Active", summary=f"the namespace is {phase}", failed=phase == "Terminating")


def _definition(_: Cluster, live: Manifest) -> Health:
    established = _condition(live, "Established").get("status") == "True"
    refused = _condition_faults(live, "NamesAccepted", fault="False")
    return Health(ready=established, summary="waiting until the API server serves the kind", reasons=tuple(refused))


RULES: Mapping[tuple[str, str], Rule] = {
    ("", "Namespace"): _namespace,
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "ResourceQuota"): _quota,
    ("", "Service"): _service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("networking.k8s.io", "Ingress"): _ingress,
}
"""Rules by API group and kind."""


def _is_observed(live: Manifest) -> bool:
    generation = _number(objects.section(live, "metadata"), "generation")
    return _number(objects.section(live, "status"), "observedGeneration") >= generation


def _condition(live: Mapping[str, Any], kind: str) -> dict[str, Any]:
    conditions = objects.items(live, "status", "conditions")
    return next((condition for condition in conditions if condition.get("type") == kind), dict[str, Any]())


def _condition_faults(live: Mapping[str, Any], kind: str, *, fault: str = "True") -> list[str]:
    condition = _condition(live, kind)
    if condition.get("status") != fault:
        return []
    return [f"{condition.get('reason', '')}: {condition.get('message', '')}"]


def _new_pods_of_deployment(cluster: Cluster, live: Manifest) -> list[Manifest]:
    """The pods of the newest replica set; the old version's pods say nothing about the rollout."""
    uid = objects.section(live, "metadata").get("uid")
    revision = objects.annotation(live, REVISION)
    sets = cluster.list(
        "apps/v1", "ReplicaSet", namespace=objects.ref_of(live).namespace, label_selector=_selector(live)
    )
    newest = {
        objects.section(replica_set, "metadata").get("uid")
        for replica_set in sets
        if uid in _owners(replica_set) and objects.annotation(replica_set, REVISION) == revision
    }
    return [pod for pod in _selected_pods(cluster, live) if newest & _owners(pod)]


def _selected_pods(cluster: Cluster, live: Manifest) -> list[Manifest]:
    selector = _selector(live)
    if not selector:
        return []
    return list(cluster.list("v1", "Pod", namespace=objects.ref_of(live).namespace, label_selector=selector))


def _selector(live: Manifest) -> str:
    labels = objects.section(live, "spec", "selector", "matchLabels")
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _owners(live: Manifest) -> set[Any]:
    return {owner.get("uid") for owner in objects.items(live, "metadata", "ownerReferences")}


def _events(cluster: Cluster, live: Manifest) -> list[str]:
    """The warnings that controllers wrote about the object, the newest last, each once."""
    uid = objects.section(live, "metadata").get("uid")
    selector = f"involvedObject.uid={uid},type=Warning"
    events = cluster.list("v1", "Event", namespace=objects.ref_of(live).namespace, field_selector=selector)
    return list(dict.fromkeys(f"{event.get('reason')}: {event.get('message')}" for event in events))[-3:]


def _number(values: Mapping[str, Any], key: str, *, default: int = 0) -> int:
    value = values.get(key)
    return value if isinstance(value, int) else default
