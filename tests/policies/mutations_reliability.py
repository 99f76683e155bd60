"""Broken scaling, availability, rollouts and selectors."""

from __future__ import annotations

from typing import Any

from policies.facts.objects import (
    DEPLOYMENT,
    HPA,
    HPA_V1,
    NAMESPACE,
    NETWORK_POLICY,
    PDB,
    RELEASE,
    RESOURCE_QUOTA,
    SERVICE,
    TARGET_GROUP_BINDING,
)
from policies.families.availability import HOST, ZONE
from policies.families.rollout import READINESS_GATE, TARGET_GROUP
from policies.families.scaling import PRIORITY_CLASS
from tests.policies.harness import Draft, Mutation
from tests.policies.objects import again, container, pod

NOBODY = {"matchLabels": {"app": "nobody"}}


def _scaler(draft: Draft) -> dict[str, Any]:
    return draft.of(HPA, "web")["spec"]


def _budget(draft: Draft) -> dict[str, Any]:
    return draft.of(PDB, "web")["spec"]


def _keep_available(draft: Draft, least: object) -> None:
    _budget(draft).pop("maxUnavailable")
    _budget(draft)["minAvailable"] = least


def _strategy(draft: Draft) -> dict[str, Any]:
    return draft.of(DEPLOYMENT, "web")["spec"]["strategy"]["rollingUpdate"]


def _without_spread(draft: Draft, key: str) -> None:
    constraints = pod(draft)["topologySpreadConstraints"]
    constraints.remove(next(one for one in constraints if one["topologyKey"] == key))


def _constraint(draft: Draft) -> dict[str, Any]:
    return pod(draft)["topologySpreadConstraints"][0]


def _one_replica(draft: Draft) -> None:
    draft.remove(HPA, "worker")
    draft.of(DEPLOYMENT, "worker")["spec"]["replicas"] = 1


def _old_scaler(draft: Draft) -> None:
    target = _scaler(draft)["scaleTargetRef"]
    draft.remove(HPA, "web")
    draft.add(
        HPA_V1,
        "web",
        {
            "metadata": {"name": "web", "namespace": "apps"},
            "spec": {
                "scaleTargetRef": target,
                "minReplicas": 3,
                "maxReplicas": 60,
                "targetCPUUtilizationPercentage": 90,
            },
        },
    )


def _ghost(draft: Draft, type_: str, **spec: object) -> None:
    again(draft, type_, "web").inputs["spec"].update(spec)


def _short_pause(draft: Draft) -> None:
    container(draft)["lifecycle"]["preStop"]["sleep"]["seconds"] = 20
    draft.of(TARGET_GROUP)["deregistrationDelay"] = 15


def _late_binding(draft: Draft) -> None:
    draft.forget_order(draft.get(DEPLOYMENT, "web"), draft.get(TARGET_GROUP_BINDING))


def _metrics_server(draft: Draft) -> None:
    release = draft.add(
        RELEASE, "metrics-server", {**draft.of(RELEASE), "chart": "metrics-server", "version": "3.13.0"}
    )
    release.inputs["values"] = {"replicas": 1, "podDisruptionBudget": {"enabled": True}}
    release.depends_on |= draft.get(RELEASE).depends_on


SCALING = [
    Mutation(
        rule="hpa-targets-request-resources",
        change=lambda draft: container(draft)["resources"]["requests"].pop("cpu"),
        # The container as such breaks that rule, whoever scales it.
        also=("cpu-request",),
    ),
    Mutation(
        rule="hpa-owns-replicas",
        change=lambda draft: draft.get(DEPLOYMENT, "web").ignore_changes.remove("spec.replicas"),
    ),
    Mutation(rule="hpa-minimum", change=lambda draft: _scaler(draft).update(minReplicas=1)),
    Mutation(rule="hpa-room", change=lambda draft: _scaler(draft).update(maxReplicas=3)),
    Mutation(
        rule="hpa-spare-zone",
        change=lambda draft: _scaler(draft)["metrics"][0]["resource"]["target"].update(averageUtilization=85),
    ),
    Mutation(rule="hpa-spare-zone", id="v1", change=_old_scaler),
    Mutation(
        rule="hpa-patient-scale-down",
        change=lambda draft: _scaler(draft)["behavior"]["scaleDown"].update(stabilizationWindowSeconds=0),
    ),
    Mutation(
        rule="hpa-prompt-scale-up",
        change=lambda draft: _scaler(draft)["behavior"]["scaleUp"].update(stabilizationWindowSeconds=300),
    ),
    Mutation(
        rule="hpa-prompt-scale-up",
        id="off",
        change=lambda draft: _scaler(draft)["behavior"]["scaleUp"].update(selectPolicy="Disabled"),
    ),
    Mutation(rule="hpa-alone", change=lambda draft: again(draft, HPA, "web")),
    Mutation(rule="hpa-names-metrics", change=lambda draft: _scaler(draft).update(metrics=[])),
    Mutation(
        rule="quota-holds-all-replicas",
        change=lambda draft: draft.of(RESOURCE_QUOTA)["spec"]["hard"].update({"requests.cpu": "5"}),
    ),
    Mutation(
        rule="quota-holds-all-replicas",
        id="pods",
        change=lambda draft: draft.of(RESOURCE_QUOTA)["spec"]["hard"].update(pods="79"),
    ),
    Mutation(rule="priority-above-cutoff", change=lambda draft: draft.of(PRIORITY_CLASS).update(value=-20)),
]

AVAILABILITY = [
    Mutation(rule="enough-replicas", change=_one_replica),
    Mutation(rule="disruption-budget", change=lambda draft: draft.remove(PDB, "web")),
    Mutation(rule="one-disruption-budget", change=lambda draft: again(draft, PDB, "web")),
    Mutation(
        rule="disruption-budget-allows-drain", id="none", change=lambda draft: _budget(draft).update(maxUnavailable=0)
    ),
    Mutation(rule="disruption-budget-allows-drain", id="all", change=lambda draft: _keep_available(draft, "100%")),
    Mutation(rule="disruption-budget-allows-drain", id="minimum", change=lambda draft: _keep_available(draft, 3)),
    Mutation(
        rule="disruption-budget-frees-unhealthy", change=lambda draft: _budget(draft).pop("unhealthyPodEvictionPolicy")
    ),
    Mutation(rule="spread-over-zones", change=lambda draft: _without_spread(draft, ZONE)),
    Mutation(rule="spread-over-nodes", change=lambda draft: _without_spread(draft, HOST)),
    Mutation(rule="spread-selects-own-pods", change=lambda draft: _constraint(draft).update(labelSelector=NOBODY)),
    Mutation(rule="spread-even-over-zones", change=lambda draft: _constraint(draft).update(maxSkew=3)),
    Mutation(rule="spread-by-revision", change=lambda draft: _constraint(draft).pop("matchLabelKeys")),
    Mutation(rule="metrics-server-survives-its-node", change=_metrics_server),
]

ROLLOUT = [
    Mutation(
        rule="rolling-update",
        change=lambda draft: draft.of(DEPLOYMENT, "web")["spec"].update(strategy={"type": "Recreate"}),
    ),
    Mutation(rule="rollout-keeps-capacity", change=lambda draft: _strategy(draft).pop("maxUnavailable")),
    Mutation(rule="rollout-surge", change=lambda draft: _strategy(draft).update(maxSurge="0%")),
    Mutation(
        rule="rollout-deadline",
        change=lambda draft: draft.of(DEPLOYMENT, "web")["spec"].update(progressDeadlineSeconds=30),
    ),
    Mutation(rule="rollout-settles", change=lambda draft: draft.of(DEPLOYMENT, "web")["spec"].pop("minReadySeconds")),
    Mutation(rule="pre-stop-pause", change=lambda draft: container(draft).pop("lifecycle")),
    Mutation(rule="grace-period", change=lambda draft: pod(draft).update(terminationGracePeriodSeconds=60)),
    Mutation(
        rule="deregistration-within-pause", change=lambda draft: draft.of(TARGET_GROUP).update(deregistrationDelay=61)
    ),
    Mutation(rule="pause-covers-load-balancer", change=_short_pause),
    Mutation(rule="readiness-gate", change=lambda draft: draft.of(NAMESPACE)["metadata"]["labels"].pop(READINESS_GATE)),
    Mutation(rule="binding-before-pods", change=_late_binding),
]

SELECTORS = [
    Mutation(
        rule="service-finds-pods",
        change=lambda draft: draft.of(SERVICE)["spec"].update(selector=NOBODY["matchLabels"]),
    ),
    Mutation(
        rule="service-port-exists",
        change=lambda draft: draft.of(SERVICE)["spec"]["ports"][0].update(targetPort="http"),
    ),
    Mutation(
        rule="backend-exists",
        change=lambda draft: draft.of(TARGET_GROUP_BINDING)["spec"]["serviceRef"].update(port="http"),
    ),
    Mutation(
        rule="backend-exists",
        id="service",
        change=lambda draft: draft.of(TARGET_GROUP_BINDING)["spec"]["serviceRef"].update(name="shop"),
    ),
    Mutation(rule="disruption-budget-finds-pods", change=lambda draft: _ghost(draft, PDB, selector=NOBODY)),
    Mutation(rule="network-policy-finds-pods", change=lambda draft: _ghost(draft, NETWORK_POLICY, podSelector=NOBODY)),
    Mutation(
        rule="hpa-finds-target",
        change=lambda draft: _ghost(draft, HPA, scaleTargetRef={"kind": "Deployment", "name": "ghost"}),
    ),
    Mutation(
        rule="selector-matches-template",
        change=lambda draft: draft.of(DEPLOYMENT, "web")["spec"].update(selector=NOBODY),
    ),
    Mutation(
        rule="selector-takes-own-pods-only",
        change=lambda draft: draft.of(DEPLOYMENT, "worker")["spec"].update(
            selector={"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "Exists"}]}
        ),
    ),
]

RELIABILITY = [*SCALING, *AVAILABILITY, *ROLLOUT, *SELECTORS]
