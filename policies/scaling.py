"""HorizontalPodAutoscalers, and what keeps them from scaling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.objects import (
    CRON_JOB,
    HPA,
    HPA_V1,
    JOB,
    REPLICATED,
    RESOURCE_QUOTA,
    name_of,
    neighbours,
)
from policies.pods import called, lasting_containers, scalers, targets
from policies.quantities import quantity
from policies.rule import ResourceRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack
from policies.values import mappings, number, text, within

HPAS = (HPA, HPA_V1)
PRIORITY_CLASS = "kubernetes:scheduling.k8s.io/v1:PriorityClass"

FEWEST_REPLICAS = 2
"""With fewer, one node's end is the app's (kube-score, Polaris: floor 2; three for three zones)."""

HIGHEST_CPU_PERCENT = 66
"""With more, losing one zone of three pushes the other two over what they can serve (R3: 2/3 of saturation)."""

SHORTEST_SCALE_DOWN_SECONDS = 300
"""The default stabilization window (Kubernetes API reference, HPAScalingRules)."""

LONGEST_SCALE_UP_SECONDS = 60

LOWEST_PRIORITY = -10
"""Pods below it make no autoscaler add nodes (Cluster Autoscaler FAQ, `expendable-pods-priority-cutoff`)."""

URL = "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"
HOW_FAR_URL = "https://docs.aws.amazon.com/eks/latest/best-practices/reliability-application.html"


def _resource_metrics(scaler: Resource) -> Iterator[Mapping[str, Any]]:
    """The metrics that are a share of what pods request."""
    for metric in mappings(scaler.props, "spec", "metrics"):
        if (
            text(metric, "type") == "Resource"
            and number(metric, "resource", "target", "averageUtilization") is not None
        ):
            yield metric
    if scaler.type == HPA_V1:
        yield {"resource": {"name": "cpu"}}


def _needs_requests(scaler: Resource, stack: Stack) -> Iterator[str]:
    for metric in _resource_metrics(scaler):
        kind = text(metric, "resource", "name")
        for target in targets(scaler, stack):
            for container in lasting_containers(target):
                asks = [within(container, "resources", part, kind) for part in ("requests", "limits")]
                if all(asked is None for asked in asks):
                    yield f"it scales {target.label} by {kind}, of which {called(container)} requests none"


def _fights_replicas(workload: Resource, stack: Stack) -> Iterator[str]:
    replicas = number(workload.props, "spec", "replicas")
    if replicas is None or workload.ignores_changes_of("spec.replicas"):
        return
    for scaler in scalers(workload, stack):
        yield f"spec.replicas is {replicas:g} beside {scaler.label}"


def _minimum(scaler: Resource) -> Iterator[str]:
    least = number(scaler.props, "spec", "minReplicas")
    if least is None or least < FEWEST_REPLICAS:
        yield f"minReplicas is {'the default, 1' if least is None else f'{least:g}'}"


def _room(scaler: Resource) -> Iterator[str]:
    least, most = (number(scaler.props, "spec", key) for key in ("minReplicas", "maxReplicas"))
    if most is not None and most <= (1 if least is None else least):
        yield f"maxReplicas is {most:g}, so it cannot scale"


def _target(scaler: Resource) -> Iterator[str]:
    percents = [
        number(metric, "resource", "target", "averageUtilization")
        for metric in mappings(scaler.props, "spec", "metrics")
        if text(metric, "resource", "name") == "cpu"
    ]
    for percent in (*percents, number(scaler.props, "spec", "targetCPUUtilizationPercentage")):
        if percent is not None and percent > HIGHEST_CPU_PERCENT:
            yield f"its CPU target is {percent:g} %"


def _scale_down(scaler: Resource) -> Iterator[str]:
    window = number(scaler.props, "spec", "behavior", "scaleDown", "stabilizationWindowSeconds")
    if window is not None and window < SHORTEST_SCALE_DOWN_SECONDS:
        yield f"scaleDown.stabilizationWindowSeconds is {window:g}"


def _scale_up(scaler: Resource) -> Iterator[str]:
    rules = within(scaler.props, "spec", "behavior", "scaleUp")
    window = number(rules, "stabilizationWindowSeconds")
    if text(rules, "selectPolicy") == "Disabled":
        yield "scaleUp is Disabled"
    elif window is not None and window > LONGEST_SCALE_UP_SECONDS:
        yield f"scaleUp.stabilizationWindowSeconds is {window:g}"


def _rivals(scaler: Resource, stack: Stack) -> Iterator[str]:
    for target in targets(scaler, stack):
        for other in scalers(target, stack):
            if other.urn < scaler.urn:
                yield f"it scales {target.label}, which {other.label} scales as well"


def _metrics(scaler: Resource) -> Iterator[str]:
    if not mappings(scaler.props, "spec", "metrics"):
        yield "it names no metrics"


def _quota(quota: Resource, stack: Stack) -> Iterator[str]:
    needs = {"pods": 0.0, "requests.cpu": 0.0, "requests.memory": 0.0}
    for workload in neighbours(quota, stack, *REPLICATED, JOB, CRON_JOB):
        most = [number(scaler.props, "spec", "maxReplicas") for scaler in scalers(workload, stack)]
        replicas = max((count for count in most if count is not None), default=None)
        if replicas is None:
            replicas = number(workload.props, "spec", "replicas")
        count = 1.0 if replicas is None else replicas
        needs["pods"] += count
        for kind in ("cpu", "memory"):
            asked = [quantity(within(part, "resources", "requests", kind)) for part in lasting_containers(workload)]
            needs[f"requests.{kind}"] += count * sum(amount for amount in asked if amount is not None)
    for key, needed in needs.items():
        hard = quantity(within(quota.props, "spec", "hard", key))
        if hard is not None and hard < needed:
            yield f"{key} is {within(quota.props, 'spec', 'hard', key)}; all replicas together need {needed:g}"


def _priority(resource: Resource) -> Iterator[str]:
    value = number(resource.props, "value")
    if value is not None and value < LOWEST_PRIORITY:
        yield f"value is {value:g} in {name_of(resource)}"


RULES: tuple[Rule, ...] = (
    StackRule(
        name="hpa-targets-request-resources",
        severity=Severity.CRITICAL,
        types=HPAS,
        controls=("R15", "C64"),
        frameworks=("kube-score",),
        protects_from="Use is measured as a share of the request: without one the autoscaler never acts.",
        remediation="Set resources.requests of that resource in every container of the pod.",
        url=URL,
        check=_needs_requests,
    ),
    StackRule(
        name="hpa-owns-replicas",
        severity=Severity.HIGH,
        types=REPLICATED,
        controls=("R16", "P12"),
        frameworks=("kube-score",),
        protects_from="Each deployment sets the replicas back, in the middle of the day's load.",
        remediation=(
            "Start with the autoscaler's minReplicas in spec.replicas and ignore its changes "
            '(ignore_changes=["spec.replicas"]), or leave it out, which starts with one pod.'
        ),
        url="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment",
        check=_fights_replicas,
    ),
    ResourceRule(
        name="hpa-minimum",
        severity=Severity.HIGH,
        types=HPAS,
        controls=("R5", "R15"),
        frameworks=("KubeLinter hpa-minimum-three-replicas", "Polaris"),
        protects_from="At night one replica is left, and with its node the app is gone.",
        remediation=f"Set minReplicas to {FEWEST_REPLICAS} or more, and to three where three zones serve.",
        url=HOW_FAR_URL,
        check=_minimum,
    ),
    ResourceRule(
        name="hpa-room",
        severity=Severity.HIGH,
        types=HPAS,
        controls=("R15",),
        frameworks=(),
        protects_from="An autoscaler that cannot scale looks like one that can until the load comes.",
        remediation="Set maxReplicas above minReplicas, to what the peak needs.",
        url=URL,
        check=_room,
    ),
    ResourceRule(
        name="hpa-spare-zone",
        severity=Severity.MEDIUM,
        types=HPAS,
        controls=("R3", "R15"),
        frameworks=("EKS user guide, zonal shift",),
        protects_from="When one zone of three is lost, the pods of the others have no room for its load.",
        remediation=f"Set averageUtilization of CPU to {HIGHEST_CPU_PERCENT} or less.",
        url="https://docs.aws.amazon.com/eks/latest/userguide/zone-shift.html",
        check=_target,
    ),
    ResourceRule(
        name="hpa-patient-scale-down",
        severity=Severity.LOW,
        types=(HPA,),
        controls=("R15",),
        frameworks=(),
        protects_from="Pods are removed in every lull and missing a minute later.",
        remediation=f"Set scaleDown.stabilizationWindowSeconds to {SHORTEST_SCALE_DOWN_SECONDS}, or leave it out.",
        url=URL,
        check=_scale_down,
    ),
    ResourceRule(
        name="hpa-prompt-scale-up",
        severity=Severity.MEDIUM,
        types=(HPA,),
        controls=("R15",),
        frameworks=(),
        protects_from="The autoscaler waits while requests already fail.",
        remediation="Leave scaleUp.stabilizationWindowSeconds at 0, and scaleUp on.",
        url=URL,
        check=_scale_up,
    ),
    StackRule(
        name="hpa-alone",
        severity=Severity.HIGH,
        types=HPAS,
        controls=("R15",),
        frameworks=(),
        protects_from="Two autoscalers on one workload undo each other's decisions without end.",
        remediation="Put all metrics into one HorizontalPodAutoscaler.",
        url=URL,
        check=_rivals,
    ),
    ResourceRule(
        name="hpa-names-metrics",
        severity=Severity.LOW,
        types=(HPA,),
        controls=("R15",),
        frameworks=(),
        protects_from="Without metrics the autoscaler aims at 80 % of the CPU request, which leaves no room.",
        remediation="Write spec.metrics with a target of 50 to 65 % CPU.",
        url=URL,
        check=_metrics,
    ),
    StackRule(
        name="quota-holds-all-replicas",
        severity=Severity.HIGH,
        types=(RESOURCE_QUOTA,),
        controls=("C58", "R15"),
        frameworks=(),
        protects_from="At the peak the quota refuses the pods that the autoscaler asks for.",
        remediation="Raise the quota to what all apps need at maxReplicas, and some more for rollouts.",
        url="https://kubernetes.io/docs/concepts/policy/resource-quotas/",
        check=_quota,
    ),
    ResourceRule(
        name="priority-above-cutoff",
        severity=Severity.MEDIUM,
        types=(PRIORITY_CLASS,),
        controls=("R23",),
        frameworks=("Cluster Autoscaler FAQ",),
        protects_from="For pods of so low a priority no node is ever added, so placeholders hold no place.",
        remediation=f"Set value to {LOWEST_PRIORITY} or more.",
        url="https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md",
        check=_priority,
    ),
)
