"""The ResourceQuota of the namespace: room for all that the apps may become, and a wall for anything beyond.

What an app may have at once:

    web, worker   max replicas + surge (needed), and as many again that are still stopping after a full rollout (room)
    cron          the runs that can be alive at once (needed), and one started by hand (room)
    job, release  one (needed), and one of the version before that still runs (room)
    volumes       each twice where they are counted, as one that is replaced is still there for a while

An explicit quota must cover what is needed: below it, a rollout at full load could never finish.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.apps.cron import GRACE_SECONDS
from infra.apps.resources import NOTHING, Requests, pod_requests
from infra.apps.rollout import surge_pods
from infra.apps.schedule import shortest_interval_seconds
from infra.settings.app.application import Application, CronSettings, JobSettings, LongRunning, Task
from infra.settings.namespace import QuotaSettings
from infra.settings.scalars import bytes_text, millicores_text


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Pods, and what they request together."""

    pods: int
    requests: Requests


def needed(apps: Mapping[str, Application]) -> Demand:
    """Add up what all apps request at their maxima, each in the middle of a rollout."""
    return _total((app, _needed_pods(app)) for app in _with_releases(apps))


def with_room(apps: Mapping[str, Application]) -> Demand:
    """Add up what is needed, and the pods that are on their way out meanwhile."""
    return _total((app, _needed_pods(app) + _leaving_pods(app)) for app in _with_releases(apps))


def quota_spec(
    apps: Mapping[str, Application], settings: QuotaSettings, *, with_volumes: bool = False
) -> k8s.core.v1.ResourceQuotaSpecArgs:
    """Limit the namespace by `settings`, and by the needs of `apps` where `settings` gives nothing.

    No Service may open a port of the nodes or a load balancer of its own: traffic comes in by the platform's way only.
    With `with_volumes` nothing but the volumes of `apps` fits in either.

    Raises:
        pulumi.RunError: a given limit is below what the apps need.
    """
    _check(settings, needed(apps))
    room = with_room(apps)
    return k8s.core.v1.ResourceQuotaSpecArgs(
        hard={
            "requests.cpu": millicores_text(settings.cpu or room.requests.cpu),
            "requests.memory": bytes_text(settings.memory or room.requests.memory),
            "limits.memory": bytes_text(settings.memory or room.requests.most_memory),
            "pods": str(settings.pods or room.pods),
            "services.loadbalancers": "0",
            "services.nodeports": "0",
            **(_volumes(apps) if with_volumes else {}),
        }
    )


def most_replicas(settings: LongRunning) -> int:
    """Return the most replicas that the app may have, a rollout aside."""
    if settings.autoscaling is not None:
        return settings.autoscaling.max
    return 1 if settings.replicas is None else settings.replicas


def _volumes(apps: Mapping[str, Application]) -> dict[str, str]:
    sizes = [volume.size or 0 for app in apps.values() for volume in app.volumes.values() if volume.makes_claim]
    return {"persistentvolumeclaims": str(2 * len(sizes)), "requests.storage": bytes_text(2 * sum(sizes))}


def _check(settings: QuotaSettings, least: Demand) -> None:
    problems = [
        f"nightowl:namespace.quota.{key}: {text(given)} is below the {text(need)} that the apps need at their maxima, "
        "surge included; raise it, leave it out, or lower scaling.max"
        for key, given, need, text in (
            ("cpu", settings.cpu, least.requests.cpu, millicores_text),
            ("memory", settings.memory, least.requests.most_memory, bytes_text),
            ("pods", settings.pods, least.pods, str),
        )
        if given is not None and given < need
    ]
    if problems:
        raise pulumi.RunError("\n".join(problems))


def _with_releases(apps: Mapping[str, Application]) -> Iterator[Application]:
    """List the apps, and the jobs that run before their rollouts, while all their replicas run."""
    for app in apps.values():
        yield app
        release = None if isinstance(app, Task) else app.release_job
        if release is not None:
            yield release


def _needed_pods(app: Application) -> int:
    if isinstance(app, JobSettings):
        return 1
    if isinstance(app, CronSettings):
        return _runs_at_once(app)
    replicas = most_replicas(app)
    return replicas + surge_pods(app, replicas)


def _leaving_pods(app: Application) -> int:
    return 1 if isinstance(app, Task) else most_replicas(app)


def _runs_at_once(app: CronSettings) -> int:
    if app.overlap == "forbid":
        return 1
    longest = (app.timeout if app.overlap == "allow" else 0) + GRACE_SECONDS
    return math.ceil(longest / shortest_interval_seconds(app.schedule)) + 1


def _total(sizes: Iterable[tuple[Application, int]]) -> Demand:
    total, requests = 0, NOTHING
    for app, pods in sizes:
        total += pods
        requests = requests.plus(pod_requests(app).times(pods))
    return Demand(pods=total, requests=requests)
