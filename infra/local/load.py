"""A rehearsed flood: put CPU load on an app and watch the autoscalers absorb it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from kubernetes.client import ApiClient

from infra.errors import UsageError
from infra.kube import get
from infra.local.cluster.load_model import apply_load, clear_load
from infra.local.status import AppStatus, ClusterStatus, collect
from infra.settings.scalars import parse_millicores

HPA_TOLERANCE = 0.1
"""The autoscaler leaves a replica count alone while use is within 10 % of the target (Kubernetes default)."""
TICK_SECONDS = 0.5


class LoadError(UsageError):
    """The load cannot be put on the app; the message says why and what to do."""


@dataclass(frozen=True)
class LoadSample:
    """One moment of a rehearsal. `absorbed_seconds` stays None until every pod that the load needs has run."""

    seconds: float
    cores: float
    app: AppStatus
    cluster: ClusterStatus
    needed: int
    absorbed_seconds: float | None


@dataclass(frozen=True)
class LoadTarget:
    """What an app brings to a rehearsal: its CPU request per pod, in millicores, and its autoscaler's bounds."""

    cluster: str
    name: str
    namespace: str
    request_millicores: int
    target_percent: int
    minimum: int
    maximum: int

    def needed_replicas(self, cores: float) -> int:
        """Count the fewest replicas with which the autoscaler leaves a total load of `cores` alone."""
        per_replica = self.request_millicores * self.target_percent / 100 * (1 + HPA_TOLERANCE)
        return min(self.maximum, max(self.minimum, math.ceil(cores * 1000 / per_replica)))


def find_target(cluster_name: str, api: ApiClient, name: str) -> LoadTarget:
    """Look up the app `name`, or `<namespace>/<name>`, of a cluster.

    Raises:
        LoadError: there is no such app, or several, or no autoscaler watches its CPU.
    """
    cluster = collect(cluster_name, api)
    app = find_app(cluster, name)
    if app.scaling is None or app.cpu is None or app.cpu.target is None:
        scaled = ", ".join(_place(other) for other in cluster.apps if other.scaling is not None) or "none"
        raise LoadError(f"app {name!r} has no autoscaler with a CPU target; apps that have one: {scaled}")
    return LoadTarget(
        cluster=cluster_name,
        name=app.name,
        namespace=app.namespace,
        request_millicores=_pod_request_millicores(api, app),
        target_percent=app.cpu.target,
        minimum=app.scaling.minimum,
        maximum=app.scaling.maximum,
    )


def find_app(cluster: ClusterStatus, name: str) -> AppStatus:
    """Return the app called `name`, or `<namespace>/<name>`; of several, the one that has an autoscaler.

    Raises:
        LoadError: there is no such app, or several.
    """
    scaled = [app for app in cluster.apps if app.scaling is not None]
    named = [app for app in cluster.apps if name in {app.name, _place(app)}]
    found = [app for app in named if app in scaled] or named
    if not found:
        places = ", ".join(map(_place, scaled)) or "none"
        raise LoadError(f"cluster {cluster.name!r} has no app {name!r}; apps with an autoscaler: {places}")
    if len(found) > 1:
        raise LoadError(f"several apps are called {name!r}; write {' or '.join(map(_place, found))}")
    return found[0]


def _place(app: AppStatus) -> str:
    return f"{app.namespace}/{app.name}"


def run_load(
    api: ApiClient,
    target: LoadTarget,
    *,
    cores: float,
    seconds: float,
    on_sample: Callable[[LoadSample], None],
    until_absorbed: bool = False,
) -> LoadSample:
    """Keep `cores` of CPU load on the app for `seconds`, and take it off again, whatever happens.

    The load is shared by the pods that run, as behind a load balancer: more replicas, less load on each. With
    `until_absorbed` it ends as soon as every pod that it needs has run. Returns the last sample.
    """
    needed = target.needed_replicas(cores)
    started = time.monotonic()
    absorbed: float | None = None
    try:
        while True:
            cluster = collect(target.cluster, api)
            app = cluster.of_namespace(target.namespace).app(target.name)
            if app is None:
                raise LoadError(f"app {target.name!r} is gone")
            running = sum(app.zones.values())
            elapsed = time.monotonic() - started
            if absorbed is None and min(running, app.ready) >= needed:
                absorbed = elapsed
            sample = LoadSample(elapsed, cores, app, cluster, needed, absorbed)
            on_sample(sample)
            if elapsed >= seconds or (until_absorbed and absorbed is not None):
                return sample
            apply_load(api, target.namespace, target.name, cores=cores, replicas=max(running, 1))
            time.sleep(TICK_SECONDS)
    finally:
        clear_load(api, target.namespace, target.name)


def _pod_request_millicores(api: ApiClient, app: AppStatus) -> int:
    deployment = get(api, f"/apis/apps/v1/namespaces/{app.namespace}/deployments/{app.name}")
    pod = deployment["spec"]["template"]["spec"]
    sidecars = [item for item in pod.get("initContainers", []) if item.get("restartPolicy") == "Always"]
    requests = [item.get("resources", {}).get("requests", {}) for item in [*pod["containers"], *sidecars]]
    return sum(parse_millicores(request.get("cpu", "1m")) for request in requests)
