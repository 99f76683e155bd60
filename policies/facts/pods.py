"""Pods as rules see them, whatever makes them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from infra.values import mapping, mappings, number, sequence, text, within
from policies.facts.index import indexed
from policies.facts.objects import (
    CRON_JOB,
    HPA,
    HPA_V1,
    POD,
    SERVICE,
    WORKLOADS,
    annotation,
    name_of,
    namespace_of,
    neighbours,
    selects,
)
from policies.facts.spellings import PATCH, POD_TEMPLATE
from policies.facts.stack import Resource, Stack, once_each
from policies.facts.unknown import UnknownFactError

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
FEWEST_REPLICAS = 2
"""With fewer, one node's end is the app's (kube-score, Polaris: floor 2; three for three zones)."""
DECIDED_BY = "pod-security/decided-by"
"""Annotation of a workload, or of its namespace, that says who decided what its pods may do, and where."""
DEFAULT_GRACE_SECONDS = 30
"""What a pod has without `terminationGracePeriodSeconds` (Kubernetes API reference, PodSpec)."""


def pod_template(resource: Resource) -> Mapping[str, Any]:
    """Return the template that a workload makes its pods of: metadata and spec."""
    kind = resource.type.removesuffix(PATCH)
    if kind in {POD, POD_TEMPLATE}:
        return resource.props
    path = ("spec", "jobTemplate", "spec", "template") if kind == CRON_JOB else ("spec", "template")
    return mapping(within(resource.props, *path))


def pod_spec(resource: Resource) -> Mapping[str, Any]:
    """Return the spec of a workload's pods."""
    return mapping(pod_template(resource).get("spec"))


def pod_labels(resource: Resource) -> Mapping[str, Any]:
    """Return the labels of a workload's pods."""
    return mapping(within(pod_template(resource), "metadata", "labels"))


def all_containers(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Return all containers of a workload's pods: those that run, those that prepare and those for debugging."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from mappings(pod_spec(resource), key)


def lasting_containers(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Return the containers that run as long as the pod: the main ones and sidecars."""
    for container in mappings(pod_spec(resource), "initContainers"):
        if text(container, "restartPolicy") == "Always":
            yield container
    yield from mappings(pod_spec(resource), "containers")


def label(container: Mapping[str, Any]) -> str:
    """Return how a message calls a container."""
    return f"container {text(container, 'name') or '(unnamed)'}"


def sends_to(service: Resource, workload: Resource) -> bool:
    """Return whether a Service selects the pods of a workload; one without a selector selects none."""
    selector = mapping(within(service.props, "spec", "selector"))
    return bool(selector) and selects({"matchLabels": selector}, pod_labels(workload))


def on_windows(resource: Resource) -> bool:
    """Return whether the pods say that they are for Windows, where controls of Linux mean nothing."""
    return text(pod_spec(resource), "os", "name") == "windows"


def decided(resource: Resource) -> str:
    """Return the end of a message about what somebody decided and wrote down: by which key; empty otherwise."""
    keys = annotation(resource, DECIDED_BY)
    return f", as {keys} asks" if keys else ""


def serves(container: Mapping[str, Any]) -> bool:
    """Return whether a container declares a port."""
    return bool(sequence(container.get("ports")))


def security(container: Mapping[str, Any], resource: Resource, key: str) -> Any:
    """Return a setting of a container's security context, or else of its pod's."""
    own = within(container, "securityContext", key)
    return own if own is not None else within(pod_spec(resource), "securityContext", key)


def pre_stop_seconds(container: Mapping[str, Any]) -> float:
    """Return how long a container goes on serving after its pod is asked to end; 0 without `preStop.sleep`."""
    return number(container, "lifecycle", "preStop", "sleep", "seconds") or 0.0


def grace_seconds(resource: Resource) -> float:
    """Return how long a pod has to end."""
    grace = number(pod_spec(resource), "terminationGracePeriodSeconds")
    return DEFAULT_GRACE_SECONDS if grace is None else grace


def selected(selector: Mapping[str, Any], resource: Resource, stack: Stack, *types: str) -> Iterator[Resource]:
    """Return the workloads of `types` in the namespace of `resource` whose pods a selector takes in."""
    for workload in _candidates(selector, resource, stack, types):
        if selects(selector, pod_labels(workload)):
            yield workload


def _candidates(
    selector: Mapping[str, Any], resource: Resource, stack: Stack, types: tuple[str, ...]
) -> list[Resource]:
    """Return those that have the rarest label that is asked for; all, where none is."""
    wanted = [item for item in mapping(selector.get("matchLabels")).items() if isinstance(item[1], str)]
    if not wanted:
        return neighbours(resource, stack, *types)
    index = indexed(stack, namespace_of(resource, stack), types, _labels_of_pods)
    return min((index.get(label) for label in wanted), key=len)


def _labels_of_pods(workload: Resource, _: Stack) -> Iterable[Hashable]:
    return list(pod_labels(workload).items())


@once_each
def services(workload: Resource, stack: Stack) -> list[Resource]:
    """Return the Services that send to a workload's pods."""
    index = indexed(stack, namespace_of(workload, stack), (SERVICE,), _sent_to)
    return [service for service in index.get(workload.urn) if sends_to(service, workload)]


def _sent_to(service: Resource, stack: Stack) -> Iterable[Hashable]:
    selector = mapping(within(service.props, "spec", "selector"))
    return [one.urn for one in selected({"matchLabels": selector}, service, stack, *WORKLOADS)] if selector else []


@once_each
def targets(scaler: Resource, stack: Stack) -> list[Resource]:
    """Return the workloads that a HorizontalPodAutoscaler scales."""
    try:
        named = tuple(text(scaler.props, "spec", "scaleTargetRef", key) for key in ("kind", "name"))
    except UnknownFactError:
        return [workload for workload in neighbours(scaler, stack, *WORKLOADS) if _scales(scaler, workload, stack)]
    index = indexed(stack, namespace_of(scaler, stack), WORKLOADS, _kind_and_name)
    return [workload for workload in index.get(named) if _scales(scaler, workload, stack)]


def _kind_and_name(workload: Resource, _: Stack) -> Iterable[Hashable]:
    return [(workload.type.rpartition(":")[2], name_of(workload))]


@once_each
def scalers(workload: Resource, stack: Stack) -> list[Resource]:
    """Return the HorizontalPodAutoscalers that scale a workload."""
    index = indexed(stack, namespace_of(workload, stack), (HPA, HPA_V1), _scaled)
    return [scaler for scaler in index.get(workload.urn) if _scales(scaler, workload, stack)]


def _scaled(scaler: Resource, stack: Stack) -> Iterable[Hashable]:
    return [workload.urn for workload in targets(scaler, stack)]


def _scales(scaler: Resource, workload: Resource, stack: Stack) -> bool:
    """Whether an autoscaler names a workload of its namespace."""
    try:
        kind, name = (text(scaler.props, "spec", "scaleTargetRef", key) for key in ("kind", "name"))
    except UnknownFactError:
        # The name is an output of the workload, which is known only once the cluster is.
        made = stack.dependencies(scaler, "spec", *WORKLOADS)
        if len(made) != 1:
            raise
        return made[0].urn == workload.urn
    return name_of(workload) == name and workload.type.rpartition(":")[2] == kind


def least_replicas(workload: Resource, stack: Stack) -> float:
    """Return the fewest replicas of a workload: its autoscaler's minimum, or else its own number; unset is 1."""
    minimums = [_or_one(number(scaler.props, "spec", "minReplicas")) for scaler in scalers(workload, stack)]
    return min(minimums) if minimums else _or_one(number(workload.props, "spec", "replicas"))


def _or_one(count: float | None) -> float:
    return 1.0 if count is None else count
