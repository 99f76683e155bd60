"""The ResourceQuota of the namespace: room for all that the apps may become, and a wall for anything beyond.

What an app may have at once:

    web, worker   max replicas + surge (needed), and as many again that are still stopping after a full rollout (room)
    cron          the runs that can be alive at once (needed), and one started by hand (room)
    job, release  one (needed), and one of the version before that still runs (room)
    volumes       each twice where they are counted, as one that is replaced is still there for a while; one for each
                  replica of a stateful app

An explicit quota must cover what is needed: below it, a rollout at full load could never finish.

A computed limit grows with the apps and never shrinks. In an update that renames or shrinks apps, the pods of the last
run go when those of the file are there, and both must fit in. Each limit is at least twice what may run, so the larger
of the limits of two runs holds what may run of both.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import pulumi_kubernetes as k8s

from infra.apps.cron import GRACE_SECONDS
from infra.apps.rollout import surge_pods
from infra.apps.schedule import shortest_interval_seconds
from infra.platforms.state import MadeResource
from infra.settings.app.application import (
    Application,
    CronSettings,
    JobSettings,
    LongRunning,
    StatefulSettings,
    Task,
)
from infra.settings.app.demand import at_their_most, keys_that_lower
from infra.settings.app.pod_size import NOTHING, Requests, pod_requests
from infra.settings.namespace import QuotaSettings
from infra.settings.problems import Problem, SettingsError
from infra.settings.scalars import bytes_text, millicores_text

NAMESPACE_COMPONENT = "nightowl:apps:Namespace"
"""Type of the component that makes the quota, and whose output `limits` keeps the computed limits."""
_TEXTS = {"requests.cpu": millicores_text, "pods": str, "persistentvolumeclaims": str}
"""How a limit is written that is no size in bytes."""


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


def computed_limits(
    apps: Mapping[str, Application], last_run: Mapping[str, int], *, with_volumes: bool = False
) -> dict[str, int]:
    """Return the limits by resource: CPU in millicores, memory and storage in bytes, and counts.

    `last_run` are those that this function returned in the last run of the stack. With `with_volumes` nothing but the
    volumes of `apps` fits in either.
    """
    room = with_room(apps)
    limits = {
        "requests.cpu": room.requests.cpu,
        "requests.memory": room.requests.memory,
        "limits.memory": room.requests.most_memory,
        "pods": room.pods,
        **(_volumes(apps) if with_volumes else {}),
    }
    return {key: max(limit, last_run.get(key, 0)) for key, limit in limits.items()}


def quota_spec(
    apps: Mapping[str, Application], settings: QuotaSettings, computed: Mapping[str, int]
) -> k8s.core.v1.ResourceQuotaSpecArgs:
    """Limit the namespace by `settings`, and by the `computed` limits where `settings` gives nothing.

    No Service may open a port of the nodes or a load balancer of its own: traffic comes in by the platform's way only.

    Raises:
        SettingsError: a given limit is below what the apps need.
    """
    _check(settings, apps)
    given = {
        "requests.cpu": settings.cpu,
        "requests.memory": settings.memory,
        "limits.memory": settings.memory,
        "pods": settings.pods,
    }
    limits = {key: given.get(key) or limit for key, limit in computed.items()}
    return k8s.core.v1.ResourceQuotaSpecArgs(
        hard={
            **{key: _TEXTS.get(key, bytes_text)(limit) for key, limit in limits.items()},
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
    )


def limits_of_last_run(state: Iterable[MadeResource], namespace: str) -> dict[str, int]:
    """Return the computed limits of `namespace` as the last run of the stack had them; empty before the first.

    They are outputs of the component, which a refresh leaves alone: a quota that was raised by hand is put back.
    """
    for made in state:
        if made.type == NAMESPACE_COMPONENT and made.outputs.get("name") == namespace:
            limits = cast("Mapping[str, float]", made.outputs.get("limits") or {})
            return {key: int(limit) for key, limit in limits.items()}
    return {}


def most_replicas(settings: LongRunning) -> int:
    """Return the most replicas that the app may have, a rollout aside."""
    if settings.autoscaling is not None:
        return settings.autoscaling.max
    return 1 if settings.replicas is None else settings.replicas


def _volumes(apps: Mapping[str, Application]) -> dict[str, int]:
    sizes = [
        volume.size or 0
        for app in apps.values()
        for volume in app.volumes.values()
        if volume.makes_claim
        for _ in range(most_replicas(app) if isinstance(app, StatefulSettings) else 1)
    ]
    return {"persistentvolumeclaims": 2 * len(sizes), "requests.storage": 2 * sum(sizes)}


def _check(settings: QuotaSettings, apps: Mapping[str, Application]) -> None:
    least, all_apps = needed(apps), list(apps.values())
    problems = [
        Problem(
            f"nightowl:namespace.quota.{key}",
            f"{text(given)} is below the {text(need)} that the apps need {at_their_most(all_apps).removesuffix(',')}; "
            f"{_remedy(all_apps, pods_only=key == 'pods')}",
        )
        for key, given, need, text in (
            ("cpu", settings.cpu, least.requests.cpu, millicores_text),
            ("memory", settings.memory, least.requests.most_memory, bytes_text),
            ("pods", settings.pods, least.pods, str),
        )
        if given is not None and given < need
    ]
    if problems:
        raise SettingsError(problems)


def _remedy(apps: Collection[Application], *, pods_only: bool) -> str:
    keys = keys_that_lower(apps, pods_only=pods_only)
    return f"raise it, leave it out, or lower {keys} of apps" if keys else "raise it, or leave it out"


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
