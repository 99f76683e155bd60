"""How a new version replaces the old one, without a lost request.

The rule, with S the drain (preStop sleep), R the longest request or task and G the grace period:

    G = S + R + 10

A stopping pod first sleeps for S, while load balancers and proxies forget it and it still serves what they send; then
it is told to stop and finishes what it has within R; the 10 seconds are room for slow clocks and the last writes.
Workers are sent nothing, so their S is 0. The platform makes its deregistration delay D at most S (reliability figure
R11: D <= S, G >= S + R + 10).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.apps.kinds import LongRunning
from infra.apps.volumes import needs_recreate
from infra.settings.app.application import WebSettings

GRACE_MARGIN_SECONDS = 10
ENGINE_MARGIN_SECONDS = 60
"""How much longer the engine waits than Kubernetes, so that it reports the reason Kubernetes found, not a timeout."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds from the order to stop until the last resort, and the engine's patience."""

    drain_seconds: int
    grace_seconds: int
    deploy_timeout_seconds: int
    delete_timeout_seconds: int


def timing(settings: LongRunning, *, platform_drain_seconds: int) -> Timing:
    """Fit the times of a rollout to one another."""
    drain = _drain_seconds(settings, platform_drain_seconds)
    grace = drain + settings.rollout.finish_within + GRACE_MARGIN_SECONDS
    return Timing(
        drain_seconds=drain,
        grace_seconds=grace,
        deploy_timeout_seconds=_rounds(settings) * settings.rollout.deadline + ENGINE_MARGIN_SECONDS,
        delete_timeout_seconds=grace + ENGINE_MARGIN_SECONDS,
    )


def strategy(settings: LongRunning) -> k8s.apps.v1.DeploymentStrategyArgs:
    """Start new pods before old ones go, unless both would need the same unshared claim."""
    if needs_recreate(settings):
        return k8s.apps.v1.DeploymentStrategyArgs(type="Recreate")
    return k8s.apps.v1.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(
            max_unavailable=0, max_surge=f"{settings.rollout.surge}%"
        ),
    )


def surge_pods(settings: LongRunning, replicas: int) -> int:
    """How many pods a rollout of `replicas` adds at once; Kubernetes rounds the share up."""
    return 0 if needs_recreate(settings) else math.ceil(replicas * settings.rollout.surge / 100)


def lifecycle(drain_seconds: int) -> k8s.core.v1.LifecycleArgs | None:
    """Keep serving for `drain_seconds` after the order to stop. The sleep is the kubelet's own and needs no shell."""
    if drain_seconds == 0:
        return None
    return k8s.core.v1.LifecycleArgs(
        pre_stop=k8s.core.v1.LifecycleHandlerArgs(sleep=k8s.core.v1.SleepActionArgs(seconds=drain_seconds))
    )


def _drain_seconds(settings: LongRunning, platform_drain_seconds: int) -> int:
    if settings.rollout.drain is not None:
        return settings.rollout.drain
    return platform_drain_seconds if isinstance(settings, WebSettings) else 0


def _rounds(settings: LongRunning) -> int:
    # Kubernetes counts its deadline anew after each pod that became available, so a rollout may take one per surge.
    return 1 if needs_recreate(settings) else math.ceil(100 / settings.rollout.surge)
