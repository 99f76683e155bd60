"""New versions and ending pods, so that no new connection is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.values import mapping, number, text, within
from policies.facts.aws import DEFAULT_DEREGISTRATION_SECONDS
from policies.facts.ingresses import alb_attributes, backends, on_alb
from policies.facts.objects import (
    DEPLOYMENT,
    INGRESS,
    NAMESPACE,
    REPLICATED,
    STATEFUL_SET,
    TARGET_GROUP_BINDING,
    in_namespace,
    labels_of,
    name_of,
    neighbours,
)
from policies.facts.pods import (
    grace_seconds,
    label,
    lasting_containers,
    least_replicas,
    pre_stop_seconds,
    serves,
    services,
)
from policies.facts.quantities import quantity, share
from policies.facts.stack import Resource, Stack
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
DEREGISTRATION = "deregistration_delay.timeout_seconds"
READINESS_GATE = "elbv2.k8s.aws/pod-readiness-gate-inject"


LOAD_BALANCER_LAG_SECONDS = 25
"""From a pod's deletion until the load balancer sends it nothing new (measured: 15 s were too short, 25 s were not)."""

STOP_MARGIN_SECONDS = 10
"""What is left after the pause to end what runs."""

SHORTEST_READY_SECONDS = 5

family = Family("Rollout", __doc__, url="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/")


@family.rule("rolling-update", HIGH, DEPLOYMENT, "Polaris", "EKS best practices")
def _strategy(workload: Resource) -> Messages:
    """All old pods end before the first new one starts, and a bad version has no old one behind it.

    Set strategy.type to RollingUpdate.
    """
    kind = text(workload.props, "spec", "strategy", "type")
    if kind not in {"", "RollingUpdate"}:
        yield f"strategy is {kind}"


@family.rule("rollout-keeps-capacity", MEDIUM, DEPLOYMENT, "EKS best practices")
def _capacity(workload: Resource) -> Messages:
    """During a rollout a quarter of the pods is missing, and with a bad version it stays so.

    Set strategy.rollingUpdate.maxUnavailable to 0.
    """
    if text(workload.props, "spec", "strategy", "type") == "Recreate":
        return
    most = within(workload.props, "spec", "strategy", "rollingUpdate", "maxUnavailable")
    if most is None or quantity(str(most).removesuffix("%")) != 0:
        yield f"maxUnavailable is {'the default, 25%' if most is None else most}"


@family.rule("rollout-surge", HIGH, DEPLOYMENT, "EKS best practices")
def _surge(workload: Resource) -> Messages:
    """Without room for one more pod a rollout takes old ones away first, or cannot begin.

    Set strategy.rollingUpdate.maxSurge to 25% or 1.
    """
    rolling = mapping(within(workload.props, "spec", "strategy", "rollingUpdate"))
    surge = rolling.get("maxSurge")
    if surge is not None and share(surge, 100.0, up=True) == 0:
        yield f"maxSurge is {surge}"


@family.rule("rollout-deadline", MEDIUM, DEPLOYMENT)
def _deadline(workload: Resource) -> Messages:
    """A start within its allowed time is reported as a failed rollout.

    Set progressDeadlineSeconds above minReadySeconds and what the startup probe allows.
    """
    deadline = number(workload.props, "spec", "progressDeadlineSeconds")
    if deadline is None:
        return
    settling = number(workload.props, "spec", "minReadySeconds") or 0
    starting = max((_longest_start(container) for container in lasting_containers(workload)), default=0.0)
    if deadline <= settling + starting:
        yield f"progressDeadlineSeconds is {deadline:g}, and a start may take {settling + starting:g}"


def _longest_start(container: Mapping[str, Any]) -> float:
    probe = mapping(within(container, "startupProbe"))
    if not probe:
        return 0.0
    period, failures = number(probe, "periodSeconds") or 10, number(probe, "failureThreshold") or 3
    return (number(probe, "initialDelaySeconds") or 0) + period * failures


@family.rule(
    "rollout-settles",
    LOW,
    DEPLOYMENT,
    "EKS best practices",
    remediation=f"Set minReadySeconds to {SHORTEST_READY_SECONDS} or more.",
)
def _settling(workload: Resource) -> Messages:
    """A version that crashes after its first ready second replaces all good pods."""
    seconds = number(workload.props, "spec", "minReadySeconds") or 0
    if seconds < SHORTEST_READY_SECONDS:
        yield f"minReadySeconds is {seconds:g}"


@family.stack_rule("pre-stop-pause", HIGH, REPLICATED, "EKS best practices")
def _pause(workload: Resource, stack: Stack) -> Messages:
    """With every rollout and drain some requests go to pods that are already gone.

    Set lifecycle.preStop.sleep: 60 seconds behind a load balancer, 5 inside the cluster.
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    """
    if not services(workload, stack) or _is_alone(workload, stack):
        return
    for container in lasting_containers(workload):
        if serves(container) and not mapping(within(container, "lifecycle", "preStop")):
            yield f"{label(container)} ends as soon as it is told to, while a Service still sends to it"


def _is_alone(workload: Resource, stack: Stack) -> bool:
    """Whether a pod is gone before the next one starts, so that requests find nobody however long it waits."""
    ends_first = workload.type == STATEFUL_SET or text(workload.props, "spec", "strategy", "type") == "Recreate"
    return ends_first and least_replicas(workload, stack) <= 1


@family.rule(
    "grace-period",
    HIGH,
    REPLICATED,
    remediation=f"Set terminationGracePeriodSeconds to pause, longest request and {STOP_MARGIN_SECONDS} more.",
)
def _grace(workload: Resource) -> Messages:
    """The pod is killed in the middle of its last requests.

    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    """
    grace = grace_seconds(workload)
    for container in lasting_containers(workload):
        pause = pre_stop_seconds(container)
        if pause and grace < pause + STOP_MARGIN_SECONDS:
            yield f"terminationGracePeriodSeconds is {grace:g}, of which {label(container)} waits {pause:g} in preStop"


def _deregistrations(workload: Resource, stack: Stack) -> Iterator[tuple[Resource, float]]:
    """What registers a workload's pods with load balancers, and for how long they stay after they are taken out."""
    names = {name_of(service) for service in services(workload, stack)}
    for binding in neighbours(workload, stack, TARGET_GROUP_BINDING):
        if text(binding.props, "spec", "serviceRef", "name") in names:
            for group in stack.dependencies(binding, "spec", TARGET_GROUP):
                delay = number(group.props, "deregistrationDelay")
                yield group, DEFAULT_DEREGISTRATION_SECONDS if delay is None else delay
    for ingress in neighbours(workload, stack, INGRESS):
        if names & _backends(ingress) and on_alb(ingress):
            delay = quantity(alb_attributes(ingress, "target-group-attributes").get(DEREGISTRATION))
            yield ingress, DEFAULT_DEREGISTRATION_SECONDS if delay is None else delay


def _backends(ingress: Resource) -> set[str]:
    return {text(backend, "service", "name") for backend in backends(ingress)}


def _shortest_pause(workload: Resource) -> float | None:
    """The shortest `preStop.sleep` of the serving containers; None if one waits in another way, or not at all."""
    serving = [container for container in lasting_containers(workload) if serves(container)]
    pauses = [pre_stop_seconds(container) for container in serving]
    return min(pauses) if pauses and all(pauses) else None


@family.stack_rule("deregistration-within-pause", HIGH, REPLICATED, "govuk-helm-charts 4033")
def _deregistration(workload: Resource, stack: Stack) -> Messages:
    """The load balancer still counts on a pod that has ended: clients see 502.

    Set the deregistration delay to the preStop pause or less (its default is 300 seconds).
    https://docs.aws.amazon.com/eks/latest/best-practices/load-balancing.html
    """
    pause = _shortest_pause(workload)
    if pause is None:
        return
    for source, delay in _deregistrations(workload, stack):
        if delay > pause:
            yield f"it waits {pause:g} seconds in preStop, and {source.label} deregisters it for {delay:g}"


@family.stack_rule("pause-covers-load-balancer", MEDIUM, REPLICATED)
def _lag(workload: Resource, stack: Stack) -> Messages:
    """The load balancer learns of a pod's end only seconds later, and sends to it until then.

    Set lifecycle.preStop.sleep to 60 seconds.
    https://docs.aws.amazon.com/eks/latest/best-practices/load-balancing.html
    """
    pause = _shortest_pause(workload)
    if pause is not None and pause < LOAD_BALANCER_LAG_SECONDS and any(_deregistrations(workload, stack)):
        yield f"it waits {pause:g} seconds in preStop, behind a load balancer"


@family.stack_rule("readiness-gate", HIGH, NAMESPACE, "AWS Load Balancer Controller", "EKS best practices")
def _gate(namespace: Resource, stack: Stack) -> Messages:
    """A rollout removes old pods before the load balancer sends to the new ones.

    Label the namespace elbv2.k8s.aws/pod-readiness-gate-inject: enabled.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/
    """
    bound = in_namespace(stack, name_of(namespace), TARGET_GROUP_BINDING)
    ingresses = [one for one in in_namespace(stack, name_of(namespace), INGRESS) if on_alb(one)]
    if (bound or ingresses) and text(labels_of(namespace), READINESS_GATE) != "enabled":
        yield f"label {READINESS_GATE} is not enabled"


@family.stack_rule("binding-before-pods", MEDIUM, REPLICATED, "AWS Load Balancer Controller")
def _order(workload: Resource, stack: Stack) -> Messages:
    """Pods made before their binding get no readiness gate, so the first rollout loses requests.

    Let the workload depend on the TargetGroupBinding or Ingress.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/
    """
    names = {name_of(service) for service in services(workload, stack)}
    for binding in neighbours(workload, stack, TARGET_GROUP_BINDING):
        if text(binding.props, "spec", "serviceRef", "name") in names and not stack.waits_for(workload, binding):
            yield f"it does not wait for {binding.label}"
    for ingress in neighbours(workload, stack, INGRESS):
        if names & _backends(ingress) and on_alb(ingress) and not stack.waits_for(workload, ingress):
            yield f"it does not wait for {ingress.label}"
