from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infra.apps.scaling import GROW_PERIOD_SECONDS, autoscaler_spec
from infra.settings.app.scaling import ScalingSettings
from tests.apps.samples import web
from tests.harness import Graph, build_apps


def _autoscaler(graph: Graph) -> dict[str, Any]:
    return graph.one("HorizontalPodAutoscaler", "it").props["spec"]


def test_a_scaled_app_starts_at_its_minimum_and_no_update_sets_the_number_again() -> None:
    graph = build_apps({"it": web(scaling={"min": 4, "max": 60}), "by-default": web()})
    for app, least in (("it", 4), ("by-default", 3)):
        deployment = graph.one("Deployment", app)
        assert deployment.props["spec"]["replicas"] == least
        assert deployment.ignore_changes == ["spec.replicas"]
    assert (_autoscaler(graph)["minReplicas"], _autoscaler(graph)["maxReplicas"]) == (4, 60)


def test_a_fixed_number_of_replicas_has_no_autoscaler() -> None:
    graph = build_apps({"it": web(replicas=2)})
    deployment = graph.one("Deployment", "it")
    assert deployment.props["spec"]["replicas"] == 2
    assert deployment.ignore_changes == []
    assert graph.all("HorizontalPodAutoscaler") == []


def test_an_autoscaler_of_others_finds_none_of_the_app_and_moves_the_replicas_alone() -> None:
    graph = build_apps({"it": web(scaling={"external": True, "min": 2, "max": 40})})
    deployment = graph.one("Deployment", "it")
    assert graph.all("HorizontalPodAutoscaler") == []
    assert deployment.props["spec"]["replicas"] == 2
    assert deployment.ignore_changes == ["spec.replicas"]
    hard = graph.only("ResourceQuota").props["spec"]["hard"]
    assert int(hard["pods"]) >= 40


def test_the_number_changes_hands_by_an_update_even_where_it_is_the_same() -> None:
    # The state still has the number from which the autoscaler started: without another difference nothing is sent.
    scaled, fixed = (
        build_apps({"it": app}).one("Deployment", "it").props for app in (web(scaling={"min": 3}), web(replicas=3))
    )
    assert scaled["spec"] == fixed["spec"]
    assert scaled["metadata"] != fixed["metadata"]


def test_targets_are_shares_of_the_requests() -> None:
    spec = _autoscaler(build_apps({"it": web(scaling={"cpu": "55%", "memory": "70%"})}))
    targets = {metric["resource"]["name"]: metric["resource"]["target"] for metric in spec["metrics"]}
    assert targets == {
        "cpu": {"type": "Utilization", "averageUtilization": 55},
        "memory": {"type": "Utilization", "averageUtilization": 70},
    }


def test_by_default_the_target_is_sixty_percent_cpu_only() -> None:
    spec = _autoscaler(build_apps({"it": web()}))
    assert [(m["resource"]["name"], m["resource"]["target"]["averageUtilization"]) for m in spec["metrics"]] == [
        ("cpu", 60)
    ]


def test_the_end_of_a_flood_is_answered_slowly() -> None:
    down = _autoscaler(build_apps({"it": web(scaling={"shrinkAfter": "7m"})}))["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] == 420
    assert down["policies"] == [{"type": "Percent", "value": 25, "periodSeconds": 60}]


def test_a_spike_that_is_shorter_than_the_window_brings_no_replicas_and_growth_goes_step_by_step() -> None:
    up = _autoscaler(build_apps({"it": web(scaling={"growAfter": "1m", "growBy": "50%"})}))["behavior"]["scaleUp"]
    assert up["stabilizationWindowSeconds"] == 60
    assert up["policies"] == [{"type": "Percent", "value": 50, "periodSeconds": 15}]
    assert up["selectPolicy"] == "Max"


def test_by_default_nothing_is_damped() -> None:
    up = _autoscaler(build_apps({"it": web(scaling={"max": 7})}))["behavior"]["scaleUp"]
    assert up["stabilizationWindowSeconds"] == 0
    assert up["policies"] == [{"type": "Pods", "value": 7, "periodSeconds": 15}]


@given(start=st.integers(1, 50), factor=st.integers(2, 20))
def test_a_flood_is_absorbed_in_the_first_round(start: int, factor: int) -> None:
    scaling = ScalingSettings(min=start, max=start * 20)
    behavior: Any = autoscaler_spec("it", scaling).behavior
    up = behavior.scale_up
    assert _limit(up, start) >= start * factor
    assert up.stabilization_window_seconds == 0


def _limit(rules: Any, current: int) -> int:
    """The most replicas that the rules allow after one period (kube-controller-manager, calculateScaleUpLimit)."""
    assert all(policy.period_seconds == GROW_PERIOD_SECONDS for policy in rules.policies)
    grown = [
        current + policy.value if policy.type == "Pods" else math.ceil(current * (1 + policy.value / 100))
        for policy in rules.policies
    ]
    return max(grown)
