"""How a new version replaces the old one, without a lost request on a new connection (docs/releases.md).

The rule, with S the drain (preStop sleep), R the longest request or task and G the grace period:

    G = S + R + 10

A stopping pod first sleeps for S, while load balancers and proxies forget it and it still serves what they send; then
it gets the signal to stop and finishes what it has within R; the 10 seconds are room for slow clocks and the last
writes. Workers are sent nothing, so their S is 0. The platform makes its deregistration delay D at most S.

How long an update may take as a whole: the provider waits for the time that it is given, whatever the Deployment says
of its progress. So it is given

    max(deadline, W * (B + L + 5)) + 30

with W the waves in which the replicas are replaced, B the longest start that the probes allow, L what the load balancer
takes to find a new pod well, and 5 the seconds that a pod must stay ready: a rollout in which each wave takes as long
as it may is not cut. With the defaults W = 4, B = 120 and, behind an ALB, L = 20, so the deadline of ten minutes is the
greater one, and a release that makes no progress fails then. Where one volume is handed over, the old pod's grace
period is added to the only wave.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.settings.app.application import LongRunning, StatefulSettings
from infra.settings.app.rollout import MIN_READY_SECONDS

GRACE_MARGIN_SECONDS = 10
ENGINE_MARGIN_SECONDS = 30
"""How much longer the engine waits than Kubernetes, which counts its deadline from the last progress: the first pods
are made some seconds after the update. So the reason in the message is Kubernetes' own."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds from the order to stop until the last resort, and the engine's patience."""

    drain_seconds: int
    grace_seconds: int
    deploy_timeout_seconds: int
    delete_timeout_seconds: int


def timing(settings: LongRunning, *, platform_drain_seconds: int, platform_registration_seconds: int = 0) -> Timing:
    """Fit the times of a rollout to one another, and to the load balancer that must forget and find pods."""
    drain = platform_drain_seconds if settings.rollout.drain is None else settings.rollout.drain
    grace = drain + settings.rollout.finish_within + GRACE_MARGIN_SECONDS
    return Timing(
        drain_seconds=drain,
        grace_seconds=grace,
        deploy_timeout_seconds=max(
            settings.deadline_seconds, _longest_rollout_seconds(settings, grace, platform_registration_seconds)
        )
        + ENGINE_MARGIN_SECONDS,
        delete_timeout_seconds=grace + ENGINE_MARGIN_SECONDS,
    )


def strategy(settings: LongRunning) -> k8s.apps.v1.DeploymentStrategyArgs:
    """Start new pods before old ones go, unless both would need the same unshared claim, or there may be only one."""
    if settings.is_replaced:
        return k8s.apps.v1.DeploymentStrategyArgs(type="Recreate")
    return k8s.apps.v1.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(
            # Kubernetes takes no rollout that may neither add a pod nor take one.
            max_unavailable=0 if settings.rollout.surge else 1,
            max_surge=f"{settings.rollout.surge}%",
        ),
    )


def surge_pods(settings: LongRunning, replicas: int) -> int:
    """Return how many pods a rollout of `replicas` adds at once; Kubernetes rounds the share up."""
    if settings.is_replaced or isinstance(settings, StatefulSettings):
        return 0
    return math.ceil(replicas * settings.rollout.surge / 100)


def lifecycle(drain_seconds: int) -> k8s.core.v1.LifecycleArgs | None:
    """Keep serving for `drain_seconds` after the order to stop. The sleep is the kubelet's own and needs no shell."""
    if drain_seconds == 0:
        return None
    return k8s.core.v1.LifecycleArgs(
        pre_stop=k8s.core.v1.LifecycleHandlerArgs(sleep=k8s.core.v1.SleepActionArgs(seconds=drain_seconds))
    )


def _longest_rollout_seconds(settings: LongRunning, grace_seconds: int, registration_seconds: int) -> int:
    wave = settings.longest_start_seconds + registration_seconds + MIN_READY_SECONDS
    if isinstance(settings, StatefulSettings):
        # One by one: the old pod of a replica is gone before the new one starts.
        return settings.replica_count * (grace_seconds + wave)
    return grace_seconds + wave if settings.is_replaced else _most_waves(settings) * wave


def _most_waves(settings: LongRunning) -> int:
    """Count the waves of a rollout, at that of the app's possible sizes that has the most."""
    scaling, fixed = settings.autoscaling, settings.replicas or 1
    sizes = range(fixed, fixed + 1) if scaling is None else range(scaling.min, scaling.max + 1)
    return max(math.ceil(replicas / max(1, surge_pods(settings, replicas))) for replicas in sizes)
