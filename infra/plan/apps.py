"""The apps of a stack: what each runs, and its Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.plan.data import ClaimPlan, claim_plans
from infra.plan.graph import Graph, Resource
from infra.plan.schedule import APP_TYPE
from infra.settings.scalars import percent_text, seconds_text
from infra.values import mapping, mappings, number, text, within
from policies.facts.pods import pod_spec

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")
"""Kinds that make pods. An app has one of the first four; a Job beside it is what runs before its rollouts."""

SCALER = "HorizontalPodAutoscaler"


@dataclass(frozen=True, kw_only=True)
class AppPlan:
    """One app."""

    name: str
    workload: str
    """Kind of the object that makes its pods, such as `Deployment`."""
    image: str
    replicas: str
    """How many pods run: `3 to 60`, `2`, `once`, or the schedule of a CronJob."""
    growth: str
    """What keeps its autoscaler from growing at once: `after 1m by 50%`; empty if nothing does."""
    cpu: str
    memory: str
    """Requests of one pod's first container; empty if none."""
    objects: Sequence[Resource]
    """Its Kubernetes objects, in order of kind."""
    calls: Sequence[str]
    """Other apps that its network policy lets it call."""
    claims: Sequence[ClaimPlan]
    """The claims that hold its data."""

    @property
    def request(self) -> str:
        """Both requests in one text."""
        return ", ".join(part for part in (self.cpu, self.memory) if part)


def app_plans(graph: Graph) -> list[AppPlan]:
    """Describe every app of `graph`, in order of name."""
    apps = sorted(graph.of_type(APP_TYPE), key=lambda app: app.name)
    names = {app.name for app in apps}
    return [_plan(app.name, list(graph.descendants(app)), names) for app in apps]


def _plan(name: str, resources: Iterable[Resource], names: set[str]) -> AppPlan:
    objects = sorted((item for item in resources if item.is_kubernetes), key=lambda item: (item.kind, item.name))
    workloads = sorted(
        (item for item in objects if item.kind in WORKLOADS), key=lambda item: WORKLOADS.index(item.kind)
    )
    workload = next(iter(workloads), None)
    containers = mappings(pod_spec(workload), "containers") if workload else ()
    first = next(iter(containers), mapping(None))
    return AppPlan(
        name=name,
        workload=workload.kind if workload else "",
        image=text(first, "image"),
        replicas=_replicas(workload, objects) if workload else "",
        growth=_growth(objects),
        cpu=str(within(first, "resources", "requests", "cpu") or ""),
        memory=str(within(first, "resources", "requests", "memory") or ""),
        objects=objects,
        calls=sorted(_called(objects) & (names - {name})),
        claims=claim_plans(objects),
    )


def _replicas(workload: Resource, objects: Iterable[Resource]) -> str:
    spec = mapping(workload.props.get("spec"))
    bounds = next((item.props["spec"] for item in objects if item.kind == SCALER), None)
    if bounds is not None:
        return f"{bounds.get('minReplicas', 1)} to {bounds.get('maxReplicas')}"
    return "once" if workload.kind == "Job" else str(spec.get("schedule") or spec.get("replicas", 1))


def _growth(objects: Iterable[Resource]) -> str:
    rules = [mapping(within(item.props, "spec", "behavior", "scaleUp")) for item in objects if item.kind == SCALER]
    windows = [int(number(rule, "stabilizationWindowSeconds") or 0) for rule in rules]
    shares = [
        int(number(policy, "value") or 0)
        for rule in rules
        for policy in mappings(rule, "policies")
        if text(policy, "type") == "Percent"
    ]
    parts = [f"after {seconds_text(window)}" for window in windows if window]
    return " ".join([*parts, *(f"by {percent_text(share)}" for share in shares)])


def _called(objects: Iterable[Resource]) -> set[str]:
    return {
        str(value)
        for policy in objects
        if policy.kind == "NetworkPolicy"
        for rule in mappings(policy.props, "spec", "egress")
        for peer in mappings(rule, "to")
        for value in mapping(within(peer, "podSelector", "matchLabels")).values()
    }
