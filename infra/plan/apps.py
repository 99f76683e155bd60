"""The apps of a stack: what each runs, and its Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.plan.graph import Graph, Resource
from infra.plan.schedule import APP_TYPE
from policies.facts.values import mapping, sequence, within

WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"}


@dataclass(frozen=True, kw_only=True)
class AppPlan:
    """One app."""

    name: str
    workload: str
    """Kind of the object that makes its pods, such as `Deployment`."""
    image: str
    replicas: str
    """How many pods run: `3 to 60`, `2`, or the schedule of a CronJob."""
    cpu: str
    memory: str
    """Requests of one pod's first container; empty if none."""
    objects: Sequence[Resource]
    """Its Kubernetes objects, in order of kind."""
    calls: Sequence[str]
    """Other apps that its network policy lets it call."""


def app_plans(graph: Graph) -> list[AppPlan]:
    """Describe every app of `graph`, in order of name."""
    apps = sorted(graph.of_type(APP_TYPE), key=lambda app: app.name)
    names = {app.name for app in apps}
    return [_plan(app.name, list(graph.descendants(app)), names) for app in apps]


def pod_template(workload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the pod template in the properties of anything that makes pods."""
    spec = workload.get("spec")
    return mapping(within(within(spec, "jobTemplate", "spec") or spec, "template", "spec"))


def _plan(name: str, resources: Iterable[Resource], names: set[str]) -> AppPlan:
    objects = sorted((item for item in resources if item.is_kubernetes), key=lambda item: (item.kind, item.name))
    workload = next((item for item in objects if item.kind in WORKLOADS), None)
    containers = sequence(pod_template(workload.props).get("containers")) if workload else ()
    first = mapping(next(iter(containers), None))
    requests = mapping(within(first, "resources", "requests"))
    return AppPlan(
        name=name,
        workload=workload.kind if workload else "",
        image=str(first.get("image", "")),
        replicas=_replicas(workload, objects),
        cpu=str(requests.get("cpu", "")),
        memory=str(requests.get("memory", "")),
        objects=objects,
        calls=sorted(_called(objects) & (names - {name})),
    )


def _replicas(workload: Resource | None, objects: Iterable[Resource]) -> str:
    if workload is None:
        return ""
    spec = mapping(workload.props.get("spec"))
    if "schedule" in spec:
        return str(spec["schedule"])
    scaler = next((item for item in objects if item.kind == "HorizontalPodAutoscaler"), None)
    if scaler is None:
        return str(spec.get("replicas", 1))
    bounds = mapping(scaler.props.get("spec"))
    return f"{bounds.get('minReplicas', 1)} to {bounds.get('maxReplicas')}"


def _called(objects: Iterable[Resource]) -> set[str]:
    called: set[str] = set()
    for policy in objects:
        if policy.kind != "NetworkPolicy":
            continue
        for rule in sequence(within(policy.props, "spec", "egress")):
            for peer in sequence(within(rule, "to")):
                called.update(str(value) for value in mapping(within(peer, "podSelector", "matchLabels")).values())
    return called
