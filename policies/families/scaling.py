"""HorizontalPodAutoscalers, and what keeps them from scaling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.values import mappings, number, text, within
from policies.facts.objects import CRON_JOB, HPA, HPA_V1, JOB, REPLICATED, RESOURCE_QUOTA, name_of, neighbours
from policies.facts.pods import FEWEST_REPLICAS, label, lasting_containers, scalers, targets
from policies.facts.quantities import quantity
from policies.facts.stack import Resource, Stack
from policies.rule import CRITICAL, HIGH, LOW, MEDIUM, Family, Messages

HPAS = (HPA, HPA_V1)
PRIORITY_CLASS = "kubernetes:scheduling.k8s.io/v1:PriorityClass"


HIGHEST_CPU_PERCENT = 66
"""With more, losing one zone of three pushes the other two over what they can serve (two thirds of saturation)."""

SHORTEST_SCALE_DOWN_SECONDS = 300
"""The default stabilization window (Kubernetes API reference, HPAScalingRules)."""

LONGEST_SCALE_UP_SECONDS = 60

LOWEST_PRIORITY = -10
"""Pods below it make no autoscaler add nodes (Cluster Autoscaler FAQ, `expendable-pods-priority-cutoff`)."""

family = Family("Scaling", __doc__, url="https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/")


def _resource_metrics(scaler: Resource) -> Iterator[Mapping[str, Any]]:
    """The metrics that are a share of what pods request."""
    for metric in mappings(scaler.props, "spec", "metrics"):
        share = number(metric, "resource", "target", "averageUtilization")
        if text(metric, "type") == "Resource" and share is not None:
            yield metric
    if scaler.type == HPA_V1:
        yield {"resource": {"name": "cpu"}}


@family.stack_rule("hpa-targets-request-resources", CRITICAL, HPAS, "kube-score")
def _needs_requests(scaler: Resource, stack: Stack) -> Messages:
    """Use is measured as a share of the request: without one the autoscaler never acts.

    Set resources.requests of that resource in every container of the pod.
    """
    for metric in _resource_metrics(scaler):
        kind = text(metric, "resource", "name")
        for target in targets(scaler, stack):
            for container in lasting_containers(target):
                asks = [within(container, "resources", part, kind) for part in ("requests", "limits")]
                if all(asked is None for asked in asks):
                    yield f"it scales {target.label} by {kind}, of which {label(container)} requests none"


@family.stack_rule("hpa-owns-replicas", HIGH, REPLICATED, "kube-score")
def _fights_replicas(workload: Resource, stack: Stack) -> Messages:
    """Each deployment sets the replicas back, in the middle of the day's load.

    Start with the autoscaler's minReplicas in spec.replicas and ignore its changes (ignore_changes=["spec.replicas"]),
    or leave it out, which starts with one pod.
    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment
    """
    replicas = number(workload.props, "spec", "replicas")
    if replicas is None or workload.ignores_changes_of("spec.replicas"):
        return
    for scaler in scalers(workload, stack):
        yield f"spec.replicas is {replicas:g} beside {scaler.label}"


@family.rule(
    "hpa-minimum",
    HIGH,
    HPAS,
    "KubeLinter hpa-minimum-three-replicas",
    "Polaris",
    remediation=f"Set minReplicas to {FEWEST_REPLICAS} or more, and to three where three zones serve.",
)
def _minimum(scaler: Resource) -> Messages:
    """At night one replica is left, and with its node the app is gone.

    https://docs.aws.amazon.com/eks/latest/best-practices/reliability-application.html
    """
    least = number(scaler.props, "spec", "minReplicas")
    if least is None or least < FEWEST_REPLICAS:
        yield f"minReplicas is {'the default, 1' if least is None else f'{least:g}'}"


@family.rule("hpa-room", HIGH, HPAS)
def _room(scaler: Resource) -> Messages:
    """An autoscaler that cannot scale looks like one that can until the load comes.

    Set maxReplicas above minReplicas, to what the peak needs.
    """
    least, most = (number(scaler.props, "spec", key) for key in ("minReplicas", "maxReplicas"))
    if most is not None and most <= (1 if least is None else least):
        yield f"maxReplicas is {most:g}, so it cannot scale"


@family.rule(
    "hpa-spare-zone",
    MEDIUM,
    HPAS,
    "EKS user guide, zonal shift",
    remediation=f"Set averageUtilization of CPU to {HIGHEST_CPU_PERCENT} or less.",
)
def _target(scaler: Resource) -> Messages:
    """When one zone of three is lost, the pods of the others have no room for its load.

    https://docs.aws.amazon.com/eks/latest/userguide/zone-shift.html
    """
    of_cpu = [one for one in mappings(scaler.props, "spec", "metrics") if text(one, "resource", "name") == "cpu"]
    percents = [number(metric, "resource", "target", "averageUtilization") for metric in of_cpu]
    for percent in (*percents, number(scaler.props, "spec", "targetCPUUtilizationPercentage")):
        if percent is not None and percent > HIGHEST_CPU_PERCENT:
            yield f"its CPU target is {percent:g} %"


@family.rule(
    "hpa-patient-scale-down",
    LOW,
    HPA,
    remediation=f"Set scaleDown.stabilizationWindowSeconds to {SHORTEST_SCALE_DOWN_SECONDS}, or leave it out.",
)
def _scale_down(scaler: Resource) -> Messages:
    """Pods are removed in every lull and missing a minute later."""
    window = number(scaler.props, "spec", "behavior", "scaleDown", "stabilizationWindowSeconds")
    if window is not None and window < SHORTEST_SCALE_DOWN_SECONDS:
        yield f"scaleDown.stabilizationWindowSeconds is {window:g}"


@family.rule("hpa-prompt-scale-up", MEDIUM, HPA)
def _scale_up(scaler: Resource) -> Messages:
    """The autoscaler waits while requests already fail.

    Leave scaleUp.stabilizationWindowSeconds at 0, and scaleUp on.
    """
    rules = within(scaler.props, "spec", "behavior", "scaleUp")
    window = number(rules, "stabilizationWindowSeconds")
    if text(rules, "selectPolicy") == "Disabled":
        yield "scaleUp is Disabled"
    elif window is not None and window > LONGEST_SCALE_UP_SECONDS:
        yield f"scaleUp.stabilizationWindowSeconds is {window:g}"


@family.stack_rule("hpa-alone", HIGH, HPAS)
def _rivals(scaler: Resource, stack: Stack) -> Messages:
    """Two autoscalers on one workload undo each other's decisions without end.

    Put all metrics into one HorizontalPodAutoscaler.
    """
    for target in targets(scaler, stack):
        for other in scalers(target, stack):
            if other.urn < scaler.urn:
                yield f"it scales {target.label}, which {other.label} scales as well"


@family.rule("hpa-names-metrics", LOW, HPA)
def _metrics(scaler: Resource) -> Messages:
    """Without metrics the autoscaler aims at 80 % of the CPU request, which leaves no room.

    Write spec.metrics with a target of 50 to 65 % CPU.
    """
    if not mappings(scaler.props, "spec", "metrics"):
        yield "it names no metrics"


@family.stack_rule("quota-holds-all-replicas", HIGH, RESOURCE_QUOTA)
def _quota(quota: Resource, stack: Stack) -> Messages:
    """At the peak the quota refuses the pods that the autoscaler asks for.

    Raise the quota to what all apps need at maxReplicas, and some more for rollouts.
    https://kubernetes.io/docs/concepts/policy/resource-quotas/
    """
    needs = {"pods": 0.0, "requests.cpu": 0.0, "requests.memory": 0.0}
    for workload in neighbours(quota, stack, *REPLICATED, JOB, CRON_JOB):
        most = [number(scaler.props, "spec", "maxReplicas") for scaler in scalers(workload, stack)]
        replicas = max((one for one in most if one is not None), default=None)
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


@family.rule(
    "priority-above-cutoff",
    MEDIUM,
    PRIORITY_CLASS,
    "Cluster Autoscaler FAQ",
    remediation=f"Set value to {LOWEST_PRIORITY} or more.",
)
def _priority(resource: Resource) -> Messages:
    """For pods of so low a priority no node is ever added, so placeholders hold no place.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
    """
    value = number(resource.props, "value")
    if value is not None and value < LOWEST_PRIORITY:
        yield f"value is {value:g} in {name_of(resource)}"
