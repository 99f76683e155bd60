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
        "hpa-targets-request-resources",
        lambda draft: container(draft)["resources"]["requests"].pop("cpu"),
        also=("cpu-request",),  # the container as such breaks that rule, whoever scales it
    ),
    Mutation("hpa-owns-replicas", lambda draft: draft.get(DEPLOYMENT, "web").ignore_changes.remove("spec.replicas")),
    Mutation("hpa-minimum", lambda draft: _scaler(draft).update(minReplicas=1)),
    Mutation("hpa-room", lambda draft: _scaler(draft).update(maxReplicas=3)),
    Mutation(
        "hpa-spare-zone", lambda draft: _scaler(draft)["metrics"][0]["resource"]["target"].update(averageUtilization=85)
    ),
    Mutation("hpa-spare-zone", _old_scaler, id="v1"),
    Mutation(
        "hpa-patient-scale-down",
        lambda draft: _scaler(draft)["behavior"]["scaleDown"].update(stabilizationWindowSeconds=0),
    ),
    Mutation(
        "hpa-prompt-scale-up",
        lambda draft: _scaler(draft)["behavior"]["scaleUp"].update(stabilizationWindowSeconds=300),
    ),
    Mutation(
        "hpa-prompt-scale-up",
        lambda draft: _scaler(draft)["behavior"]["scaleUp"].update(selectPolicy="Disabled"),
        id="off",
    ),
    Mutation("hpa-alone", lambda draft: again(draft, HPA, "web")),
    Mutation("hpa-names-metrics", lambda draft: _scaler(draft).update(metrics=[])),
    Mutation(
        "quota-holds-all-replicas", lambda draft: draft.of(RESOURCE_QUOTA)["spec"]["hard"].update({"requests.cpu": "5"})
    ),
    Mutation(
        "quota-holds-all-replicas", lambda draft: draft.of(RESOURCE_QUOTA)["spec"]["hard"].update(pods="79"), id="pods"
    ),
    Mutation("priority-above-cutoff", lambda draft: draft.of(PRIORITY_CLASS).update(value=-20)),
]

AVAILABILITY = [
    Mutation("enough-replicas", _one_replica),
    Mutation("disruption-budget", lambda draft: draft.remove(PDB, "web")),
    Mutation("one-disruption-budget", lambda draft: again(draft, PDB, "web")),
    Mutation("disruption-budget-allows-drain", lambda draft: _budget(draft).update(maxUnavailable=0), id="none"),
    Mutation("disruption-budget-allows-drain", lambda draft: _keep_available(draft, "100%"), id="all"),
    Mutation("disruption-budget-allows-drain", lambda draft: _keep_available(draft, 3), id="minimum"),
    Mutation("disruption-budget-frees-unhealthy", lambda draft: _budget(draft).pop("unhealthyPodEvictionPolicy")),
    Mutation("spread-over-zones", lambda draft: _without_spread(draft, ZONE)),
    Mutation("spread-over-nodes", lambda draft: _without_spread(draft, HOST)),
    Mutation("spread-selects-own-pods", lambda draft: _constraint(draft).update(labelSelector=NOBODY)),
    Mutation("spread-even-over-zones", lambda draft: _constraint(draft).update(maxSkew=3)),
    Mutation("spread-by-revision", lambda draft: _constraint(draft).pop("matchLabelKeys")),
    Mutation("metrics-server-survives-its-node", _metrics_server),
]

ROLLOUT = [
    Mutation("rolling-update", lambda draft: draft.of(DEPLOYMENT, "web")["spec"].update(strategy={"type": "Recreate"})),
    Mutation("rollout-keeps-capacity", lambda draft: _strategy(draft).pop("maxUnavailable")),
    Mutation("rollout-surge", lambda draft: _strategy(draft).update(maxSurge="0%")),
    Mutation("rollout-deadline", lambda draft: draft.of(DEPLOYMENT, "web")["spec"].update(progressDeadlineSeconds=30)),
    Mutation("rollout-settles", lambda draft: draft.of(DEPLOYMENT, "web")["spec"].pop("minReadySeconds")),
    Mutation("pre-stop-pause", lambda draft: container(draft).pop("lifecycle")),
    Mutation("grace-period", lambda draft: pod(draft).update(terminationGracePeriodSeconds=60)),
    Mutation("deregistration-within-pause", lambda draft: draft.of(TARGET_GROUP).update(deregistrationDelay=61)),
    Mutation("pause-covers-load-balancer", _short_pause),
    Mutation("readiness-gate", lambda draft: draft.of(NAMESPACE)["metadata"]["labels"].pop(READINESS_GATE)),
    Mutation("binding-before-pods", _late_binding),
]

SELECTORS = [
    Mutation("service-finds-pods", lambda draft: draft.of(SERVICE)["spec"].update(selector=NOBODY["matchLabels"])),
    Mutation("service-port-exists", lambda draft: draft.of(SERVICE)["spec"]["ports"][0].update(targetPort="http")),
    Mutation("backend-exists", lambda draft: draft.of(TARGET_GROUP_BINDING)["spec"]["serviceRef"].update(port="http")),
    Mutation(
        "backend-exists",
        lambda draft: draft.of(TARGET_GROUP_BINDING)["spec"]["serviceRef"].update(name="shop"),
        id="service",
    ),
    Mutation("disruption-budget-finds-pods", lambda draft: _ghost(draft, PDB, selector=NOBODY)),
    Mutation("network-policy-finds-pods", lambda draft: _ghost(draft, NETWORK_POLICY, podSelector=NOBODY)),
    Mutation(
        "hpa-finds-target", lambda draft: _ghost(draft, HPA, scaleTargetRef={"kind": "Deployment", "name": "ghost"})
    ),
    Mutation("selector-matches-template", lambda draft: draft.of(DEPLOYMENT, "web")["spec"].update(selector=NOBODY)),
    Mutation(
        "selector-takes-own-pods-only",
        lambda draft: draft.of(DEPLOYMENT, "worker")["spec"].update(
            selector={"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "Exists"}]}
        ),
    ),
]

RELIABILITY = [*SCALING, *AVAILABILITY, *ROLLOUT, *SELECTORS]
