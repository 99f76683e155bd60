"""What runs on a local cluster right now, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from kubernetes.client import ApiClient

from infra.kube import Json, list_objects
from infra.labels import KIND_ANNOTATION, NAME_LABEL, NIGHTOWL_SELECTOR, ZONE_LABEL

INSTANCE_TYPE_LABEL = "node.kubernetes.io/instance-type"
FIRST_METRICS_WITHIN = timedelta(seconds=90)
"""How long an autoscaler may be without metrics after it was made. The controller takes no CPU use of a pod before a
whole window of metrics-server (10 s) has passed since the pod was ready, metrics-server then reads every 10 s, and the
controller looks every 10 s; a busy machine takes its time besides."""
NODE_POOL_LABEL = "karpenter.sh/nodepool"
"""Only the autoscaler sets it, so it tells its nodes from those that the cluster began with."""


@dataclass(frozen=True)
class MetricStatus:
    """One measure of an autoscaler, in percent of the request. `current` is None until metrics arrive."""

    resource: str
    current: int | None
    target: int | None


@dataclass(frozen=True)
class ScalingStatus:
    """An app's HorizontalPodAutoscaler. `is_new` means that it may not have seen its first metrics yet."""

    minimum: int
    maximum: int
    metrics: Sequence[MetricStatus]
    is_new: bool = False

    @property
    def has_metrics(self) -> bool:
        """Whether the autoscaler sees every measure that it is to act on."""
        return all(metric.current is not None for metric in self.metrics)


@dataclass(frozen=True)
class AppStatus:
    """One application. `zones` counts its running pods by zone; a cron app has no replicas to be available.

    Of a job, the one replica is ready when it is done.
    """

    name: str
    namespace: str
    kind: str
    desired: int
    ready: int
    zones: Mapping[str, int]
    scaling: ScalingStatus | None
    schedule: str | None

    @property
    def cpu(self) -> MetricStatus | None:
        """The autoscaler's view of the app's CPU use, if it has one."""
        metrics = self.scaling.metrics if self.scaling else ()
        return next((metric for metric in metrics if metric.resource == "cpu"), None)

    @property
    def available(self) -> bool:
        """Whether every replica that is wanted is ready, and not fewer than the autoscaler's least."""
        return self.ready >= max(self.desired, self.scaling.minimum if self.scaling else 0)


@dataclass(frozen=True)
class NodeStatus:
    """One node, and how many pods it runs."""

    name: str
    zone: str
    instance_type: str
    autoscaled: bool
    ready: bool
    pods: int


@dataclass(frozen=True)
class ClusterStatus:
    """A cluster at one moment."""

    name: str
    apps: Sequence[AppStatus]
    nodes: Sequence[NodeStatus]
    pending_pods: int

    @property
    def available(self) -> bool:
        """Whether every app is available, and every autoscaler has metrics unless it is new."""
        return all(
            app.available and (app.scaling is None or app.scaling.has_metrics or app.scaling.is_new)
            for app in self.apps
        )

    def app(self, name: str) -> AppStatus | None:
        """Find the app called `name`, if it runs in exactly one namespace."""
        found = [app for app in self.apps if app.name == name]
        return found[0] if len(found) == 1 else None

    def of_namespace(self, namespace: str) -> ClusterStatus:
        """Leave out the apps of other namespaces, which belong to other stacks."""
        return replace(self, apps=[app for app in self.apps if app.namespace == namespace])


def collect(name: str, api: ApiClient) -> ClusterStatus:
    """Ask the API server of the cluster called `name` for everything that Nightowl deployed there.

    Raises:
        NightowlError: the API server does not answer, or refuses.
    """
    nodes = list_objects(api, "/api/v1/nodes")
    pods = list_objects(api, "/api/v1/pods", selector=NIGHTOWL_SELECTOR)
    deployments = list_objects(api, "/apis/apps/v1/deployments", selector=NIGHTOWL_SELECTOR)
    sets = list_objects(api, "/apis/apps/v1/statefulsets", selector=NIGHTOWL_SELECTOR)
    autoscalers = list_objects(api, "/apis/autoscaling/v2/horizontalpodautoscalers", selector=NIGHTOWL_SELECTOR)
    crons = list_objects(api, "/apis/batch/v1/cronjobs", selector=NIGHTOWL_SELECTOR)
    jobs = list_objects(api, "/apis/batch/v1/jobs", selector=NIGHTOWL_SELECTOR)
    zones = {_name(node): _label(node, ZONE_LABEL) for node in nodes}
    scaling = {(_namespace(item), _name(item)): _scaling(item) for item in autoscalers}
    return ClusterStatus(
        name=name,
        apps=[
            _app(item, pods, zones, scaling.get((_namespace(item), _name(item))))
            for item in (*deployments, *sets, *crons)
        ]
        + [_job(item, pods, zones) for item in _newest_jobs(jobs)],
        nodes=[_node(node, pods) for node in nodes],
        pending_pods=sum(pod["status"].get("phase") == "Pending" for pod in pods),
    )


def _app(owner: Json, pods: Sequence[Json], zones: Mapping[str, str], scaling: ScalingStatus | None) -> AppStatus:
    spec = owner["spec"]
    schedule = spec.get("schedule")
    return AppStatus(
        name=_name(owner),
        namespace=_namespace(owner),
        kind=_kind(owner),
        desired=spec.get("replicas", 0),
        ready=owner.get("status", {}).get("readyReplicas", 0),
        zones=_zones_of(owner, pods, zones),
        scaling=scaling,
        schedule=schedule,
    )


def _kind(owner: Json) -> str:
    spec = owner["spec"]
    if "schedule" in spec:
        return "cron"
    if "serviceName" in spec:
        return "stateful"
    has_ports = any(container.get("ports") for container in spec["template"]["spec"]["containers"])
    return owner["metadata"].get("annotations", {}).get(KIND_ANNOTATION, "web" if has_ports else "worker")


def _newest_jobs(jobs: Sequence[Json]) -> list[Json]:
    """Leave out the runs of cron apps, the releases of others, and the jobs of earlier versions."""
    newest: dict[tuple[str, str], Json] = {}
    for job in sorted(jobs, key=lambda item: item["metadata"].get("creationTimestamp", "")):
        app = _label(job, NAME_LABEL)
        if "ownerReferences" not in job["metadata"] and _label(job["spec"]["template"], NAME_LABEL) == app:
            newest[_namespace(job), app] = job
    return list(newest.values())


def _job(job: Json, pods: Sequence[Json], zones: Mapping[str, str]) -> AppStatus:
    return AppStatus(
        name=_label(job, NAME_LABEL),
        namespace=_namespace(job),
        kind="job",
        desired=1,
        ready=min(1, job.get("status", {}).get("succeeded", 0)),
        zones=_zones_of(job, pods, zones),
        scaling=None,
        schedule=None,
    )


def _scaling(autoscaler: Json) -> ScalingStatus:
    reported: list[Json] = autoscaler["status"].get("currentMetrics") or []
    current = {item["name"]: item["current"] for item in _resources(reported)}
    return ScalingStatus(
        minimum=autoscaler["spec"].get("minReplicas", 1),
        maximum=autoscaler["spec"]["maxReplicas"],
        metrics=[
            MetricStatus(
                resource=item["name"],
                current=current.get(item["name"], {}).get("averageUtilization"),
                target=item["target"].get("averageUtilization"),
            )
            for item in _resources(autoscaler["spec"]["metrics"])
        ],
        is_new=_age(autoscaler) < FIRST_METRICS_WITHIN,
    )


def _age(item: Json) -> timedelta:
    made = item["metadata"].get("creationTimestamp")
    return timedelta.max if made is None else datetime.now(UTC) - datetime.fromisoformat(made)


def _resources(metrics: Sequence[Json]) -> list[Json]:
    return [metric["resource"] for metric in metrics if metric["type"] == "Resource"]


def _node(node: Json, pods: Sequence[Json]) -> NodeStatus:
    conditions = node["status"].get("conditions", [])
    return NodeStatus(
        name=_name(node),
        zone=_label(node, ZONE_LABEL),
        instance_type=_label(node, INSTANCE_TYPE_LABEL),
        autoscaled=bool(_label(node, NODE_POOL_LABEL)),
        ready=any(item["type"] == "Ready" and item["status"] == "True" for item in conditions),
        pods=sum(pod["spec"].get("nodeName") == _name(node) for pod in pods),
    )


def _zones_of(owner: Json, pods: Sequence[Json], zones: Mapping[str, str]) -> Mapping[str, int]:
    counted = Counter(
        zones.get(pod["spec"].get("nodeName", ""), "")
        for pod in pods
        if pod["status"].get("phase") == "Running"
        and "deletionTimestamp" not in pod["metadata"]
        and _namespace(pod) == _namespace(owner)
        and _label(pod, NAME_LABEL) == _label(owner, NAME_LABEL)
    )
    return dict(sorted(counted.items()))


def _name(item: Json) -> str:
    return item["metadata"]["name"]


def _namespace(item: Json) -> str:
    return item["metadata"]["namespace"]


def _label(item: Json, label: str) -> str:
    return item["metadata"].get("labels", {}).get(label, "")
