"""The HorizontalPodAutoscaler: a flood is answered at once, its end slowly.

Up: no stabilization, and one policy that never binds (`max` pods per 15 s), so each sync round of the controller goes
straight to the number that the metrics ask for. With Kubernetes' default (the larger of +100 % and +4 pods per 15 s) a
twentyfold load takes five rounds. `max` is the guard against a runaway metric. `growAfter` damps spikes: the controller
goes by the lowest number that the metrics asked for within that window. `growBy` lets the replicas grow step by step.

Down: only after the load was low for `shrinkAfter`, then at most a quarter of the replicas per minute, so a second wave
still finds most of them.

Use is measured over the whole pod, sidecars included, in percent of what the pod requests.
"""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.settings.app.scaling import ScalingSettings

GROW_PERIOD_SECONDS = 15
SHRINK_PERIOD_SECONDS = 60
SHRINK_PERCENT = 25


def autoscaler_spec(deployment: str, settings: ScalingSettings) -> k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs:
    """Describe bounds, targets and behaviour of the autoscaler of `deployment`."""
    return k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
        scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
            api_version="apps/v1", kind="Deployment", name=deployment
        ),
        min_replicas=settings.min,
        max_replicas=settings.max,
        metrics=[
            _utilization(resource, percent)
            for resource, percent in (("cpu", settings.cpu), ("memory", settings.memory))
            if percent is not None
        ],
        behavior=k8s.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgs(
            scale_up=k8s.autoscaling.v2.HPAScalingRulesArgs(
                stabilization_window_seconds=settings.grow_after,
                select_policy="Max",
                policies=[
                    _policy("Pods", settings.max, GROW_PERIOD_SECONDS)
                    if settings.grow_by is None
                    else _policy("Percent", settings.grow_by, GROW_PERIOD_SECONDS)
                ],
            ),
            scale_down=k8s.autoscaling.v2.HPAScalingRulesArgs(
                stabilization_window_seconds=settings.shrink_after,
                select_policy="Max",
                policies=[_policy("Percent", SHRINK_PERCENT, SHRINK_PERIOD_SECONDS)],
            ),
        ),
    )


def _utilization(resource: str, percent: int) -> k8s.autoscaling.v2.MetricSpecArgs:
    return k8s.autoscaling.v2.MetricSpecArgs(
        type="Resource",
        resource=k8s.autoscaling.v2.ResourceMetricSourceArgs(
            name=resource,
            target=k8s.autoscaling.v2.MetricTargetArgs(type="Utilization", average_utilization=percent),
        ),
    )


def _policy(kind: str, value: int, period_seconds: int) -> k8s.autoscaling.v2.HPAScalingPolicyArgs:
    return k8s.autoscaling.v2.HPAScalingPolicyArgs(type=kind, value=value, period_seconds=period_seconds)
