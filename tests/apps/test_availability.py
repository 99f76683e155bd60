from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.apps.availability import disruption_budget_spec
from infra.settings.app.availability import AvailabilitySettings
from tests.apps.samples import cron, web, worker
from tests.harness import build_apps


def _spread(app: dict[str, Any], *, has_zones: bool = True) -> dict[str, dict[str, Any]]:
    pod = build_apps({"it": app}, platform={"zones": has_zones}).pod("it")
    constraints = pod["spec"]["topologySpreadConstraints"]
    return {constraint["topologyKey"]: constraint for constraint in constraints}


@pytest.mark.parametrize(("zones", "rule"), [("require", "DoNotSchedule"), ("prefer", "ScheduleAnyway")])
def test_replicas_are_spread_evenly_over_zones_as_strictly_as_asked(zones: str, rule: str) -> None:
    zone = _spread(web(availability={"zones": zones}))["topology.kubernetes.io/zone"]
    assert (zone["maxSkew"], zone["whenUnsatisfiable"]) == (1, rule)


def test_a_cluster_whose_nodes_may_not_know_their_zone_keeps_no_pod_pending() -> None:
    zone = _spread(web(availability={"zones": "require"}), has_zones=False)["topology.kubernetes.io/zone"]
    assert zone["whenUnsatisfiable"] == "ScheduleAnyway"


def test_a_full_node_never_keeps_a_pod_pending() -> None:
    assert _spread(web())["kubernetes.io/hostname"]["whenUnsatisfiable"] == "ScheduleAnyway"


def test_neither_the_old_version_nor_a_lost_zone_distorts_the_spread() -> None:
    for constraint in _spread(web()).values():
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]
        assert constraint["nodeTaintsPolicy"] == "Honor"


@given(percent=st.integers(1, 100), replicas=st.integers(1, 1000))
def test_a_drain_may_always_take_a_pod(percent: int, replicas: int) -> None:
    spec = disruption_budget_spec("it", AvailabilitySettings.model_construct(max_unavailable=percent))
    budget = str(spec.max_unavailable)
    # The disruption controller rounds a share of maxUnavailable up.
    assert math.ceil(int(budget.removesuffix("%")) * replicas / 100) >= 1
    assert budget.endswith("%")


@pytest.mark.parametrize("app", [web(), worker(), web(replicas=1)])
def test_every_long_running_app_has_a_budget_that_ignores_broken_pods(app: dict[str, Any]) -> None:
    spec = build_apps({"it": app}).one("PodDisruptionBudget", "it").props["spec"]
    assert spec["maxUnavailable"] == "10%"
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_a_scheduled_task_has_no_budget() -> None:
    assert build_apps({"it": cron()}).all("PodDisruptionBudget") == []


@pytest.mark.parametrize(("app", "seconds"), [(web(availability={"evictAfter": "1m"}), 60), (web(), 30), (cron(), 30)])
def test_pods_leave_a_lost_node_after_the_given_time(app: dict[str, Any], seconds: int) -> None:
    tolerations = build_apps({"it": app}).pod("it")["spec"]["tolerations"]
    assert {(t["key"], t["tolerationSeconds"]) for t in tolerations} == {
        ("node.kubernetes.io/not-ready", seconds),
        ("node.kubernetes.io/unreachable", seconds),
    }
    assert all(t["effect"] == "NoExecute" for t in tolerations)
