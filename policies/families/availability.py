"""Replicas, where they run, and how many may be taken away at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.values import is_true, mapping, mappings, number, text, texts, within
from policies.facts.helm import is_chart
from policies.facts.index import indexed
from policies.facts.objects import DEPLOYMENT, PDB, RELEASE, REPLICATED, WORKLOADS, namespace_of, selects
from policies.facts.pods import FEWEST_REPLICAS, least_replicas, pod_labels, pod_spec, scalers, selected
from policies.facts.quantities import quantity, share
from policies.facts.stack import Resource, Stack, once_each
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"

METRICS_SERVER = "metrics-server"
BUDGET_KEYS = ("maxUnavailable", "minAvailable")

family = Family(
    "Availability", __doc__, url="https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/"
)


@once_each
def _budgets(workload: Resource, stack: Stack) -> list[Resource]:
    labels = pod_labels(workload)
    index = indexed(stack, namespace_of(workload, stack), (PDB,), _covered_urns)
    return [budget for budget in index.get(workload.urn) if selects(_selector(budget), labels)]


def _covered_urns(budget: Resource, stack: Stack) -> list[str]:
    return [workload.urn for workload in selected(_selector(budget), budget, stack, *WORKLOADS)]


def _selector(budget: Resource) -> Mapping[str, Any]:
    return mapping(within(budget.props, "spec", "selector"))


def _covered(budget: Resource, stack: Stack) -> list[Resource]:
    return list(selected(_selector(budget), budget, stack, *REPLICATED))


def _replicated(workload: Resource, stack: Stack) -> bool:
    return least_replicas(workload, stack) >= FEWEST_REPLICAS


@family.stack_rule(
    "enough-replicas",
    HIGH,
    REPLICATED,
    "KubeLinter minimum-three-replicas",
    "Polaris",
    "kube-score",
    remediation=f"Set replicas to {FEWEST_REPLICAS} or more, or add a HorizontalPodAutoscaler.",
)
def _replicas(workload: Resource, stack: Stack) -> Messages:
    """One replica is gone with its node, and during every update of the nodes.

    https://docs.aws.amazon.com/eks/latest/best-practices/reliability-application.html
    """
    replicas = number(workload.props, "spec", "replicas")
    # With an autoscaler the number is its own; none at all is switched off on purpose.
    if not scalers(workload, stack) and replicas != 0 and (replicas or 1) < FEWEST_REPLICAS:
        yield f"spec.replicas is {'the default, 1' if replicas is None else f'{replicas:g}'}"


@family.stack_rule("disruption-budget", HIGH, REPLICATED, "kube-score", "Polaris", "EKS best practices")
def _budget(workload: Resource, stack: Stack) -> Messages:
    """A drain takes all replicas at once: an upgrade of the nodes is an outage.

    Add a PodDisruptionBudget with maxUnavailable 1 that selects the pods.
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    if _replicated(workload, stack) and not _budgets(workload, stack):
        yield "no PodDisruptionBudget selects its pods"


@family.stack_rule("one-disruption-budget", HIGH, REPLICATED)
def _one_budget(workload: Resource, stack: Stack) -> Messages:
    """A pod in two budgets cannot be evicted at all, so its node can never be drained.

    Let one budget select each pod.
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    budgets = _budgets(workload, stack)
    if len(budgets) > 1:
        yield f"its pods are in {len(budgets)} budgets: {', '.join(sorted(budget.name for budget in budgets))}"


@family.stack_rule(
    "disruption-budget-allows-drain", HIGH, PDB, "KubeLinter pdb-max-unavailable", "KubeLinter pdb-min-available"
)
def _evictable(budget: Resource, stack: Stack) -> Messages:
    """Nodes cannot be drained: the upgrade of a node group waits 15 minutes for each, and fails.

    Set maxUnavailable to 1 or more, or minAvailable below the fewest replicas.
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    most, least = (within(budget.props, "spec", key) for key in BUDGET_KEYS)
    if most is not None and quantity(str(most).removesuffix("%")) == 0:
        yield f"maxUnavailable is {most}"
    fewest = min((least_replicas(workload, stack) for workload in _covered(budget, stack)), default=None)
    if least is not None and _keeps_all(least, fewest):
        yield f"minAvailable is {least}, of {'all' if fewest is None else f'{fewest:g}'} replicas"


def _keeps_all(least: Any, fewest: float | None) -> bool:
    """Whether `minAvailable` leaves none to evict of the fewest replicas, where those are known."""
    if isinstance(least, str) and least.endswith("%"):
        of = 100.0 if fewest is None else fewest
        return (share(least, of, up=True) or 0.0) >= of > 0
    return fewest is not None and (quantity(least) or 0.0) >= fewest > 0


@family.rule("disruption-budget-frees-unhealthy", MEDIUM, PDB, "KEP-3017")
def _unhealthy(budget: Resource) -> Messages:
    """An app that crashes in a loop blocks the drain of its nodes.

    Set unhealthyPodEvictionPolicy to AlwaysAllow.
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy
    """
    policy = text(budget.props, "spec", "unhealthyPodEvictionPolicy")
    if policy != "AlwaysAllow":
        yield f"unhealthyPodEvictionPolicy is {policy or 'the default, IfHealthyBudget'}"


def _spread_over(workload: Resource, key: str) -> bool:
    """Whether pods are kept apart by a topology key, by either means that Kubernetes has."""
    pod = pod_spec(workload)
    apart = within(pod, "affinity", "podAntiAffinity")
    required = mappings(apart, "requiredDuringSchedulingIgnoredDuringExecution")
    preferred = mappings(apart, "preferredDuringSchedulingIgnoredDuringExecution")
    terms = [*mappings(pod, "topologySpreadConstraints"), *required, *(one.get("podAffinityTerm") for one in preferred)]
    return key in [text(one, "topologyKey") for one in terms]


@family.stack_rule("spread-over-zones", HIGH, REPLICATED, "EKS best practices")
def _zones(workload: Resource, stack: Stack) -> Messages:
    """All replicas may be in one zone, and gone with it.

    Add a topologySpreadConstraint for topology.kubernetes.io/zone with maxSkew 1.
    """
    if _replicated(workload, stack) and not _spread_over(workload, ZONE):
        yield "nothing spreads its pods over zones"


@family.stack_rule("spread-over-nodes", MEDIUM, REPLICATED, "EKS best practices", "kube-score")
def _hosts(workload: Resource, stack: Stack) -> Messages:
    """All replicas of a zone may be on one node.

    Add a topologySpreadConstraint for kubernetes.io/hostname with ScheduleAnyway.
    """
    if _replicated(workload, stack) and not _spread_over(workload, HOST):
        yield "nothing spreads its pods over nodes"


@family.rule("spread-selects-own-pods", HIGH, REPLICATED, "KubeLinter mismatching-selector")
def _spread_own(workload: Resource) -> Messages:
    """A spread that counts other pods, or none, spreads nothing.

    Let labelSelector match the labels of the pod template.
    """
    for constraint in mappings(pod_spec(workload), "topologySpreadConstraints"):
        selector = mapping(constraint.get("labelSelector"))
        if not selector or not selects(selector, pod_labels(workload)):
            yield f"the spread over {text(constraint, 'topologyKey')} does not select the pods that it is for"


@family.rule("spread-even-over-zones", MEDIUM, REPLICATED, "EKS best practices")
def _spread_skew(workload: Resource) -> Messages:
    """A greater skew lets most replicas be in the zone that is lost.

    Set maxSkew of topology.kubernetes.io/zone to 1.
    """
    for constraint in mappings(pod_spec(workload), "topologySpreadConstraints"):
        skew = number(constraint, "maxSkew")
        if text(constraint, "topologyKey") == ZONE and skew is not None and skew > 1:
            yield f"maxSkew over zones is {skew:g}"


@family.rule("spread-by-revision", LOW, DEPLOYMENT, "KEP-3243")
def _spread_revision(workload: Resource) -> Messages:
    """After a rollout the new pods are where the old ones left room, which may be one zone.

    Set matchLabelKeys of the constraint to [pod-template-hash].
    """
    for constraint in mappings(pod_spec(workload), "topologySpreadConstraints"):
        if "pod-template-hash" not in texts(constraint, "matchLabelKeys"):
            yield f"the spread over {text(constraint, 'topologyKey')} counts the pods of old revisions"


@family.rule(
    "metrics-server-survives-its-node",
    HIGH,
    RELEASE,
    "metrics-server README",
    remediation=f"Set the chart's replicas to {FEWEST_REPLICAS} and podDisruptionBudget.enabled to true.",
)
def _metrics_server(release: Resource) -> Messages:
    """While its one pod moves nothing is measured, so nothing scales.

    https://github.com/kubernetes-sigs/metrics-server#high-availability
    """
    if not is_chart(release, METRICS_SERVER):
        return
    replicas = number(release.props, "values", "replicas")
    if (1 if replicas is None else replicas) < FEWEST_REPLICAS:
        yield f"replicas is {'the default, 1' if replicas is None else f'{replicas:g}'}"
    if not is_true(release.props, "values", "podDisruptionBudget", "enabled"):
        yield "podDisruptionBudget.enabled is not true"
