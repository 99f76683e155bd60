from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.settings.app.health import HealthSettings
from tests.apps.samples import cron, web, worker
from tests.harness import build_apps


def _probes(app: dict[str, Any]) -> dict[str, dict[str, Any]]:
    container = build_apps({"it": app}).pod("it")["spec"]["containers"][0]
    return {
        name: container[f"{name}Probe"] for name in ("startup", "readiness", "liveness") if f"{name}Probe" in container
    }


def _budget(probe: dict[str, Any]) -> int:
    return probe["periodSeconds"] * probe["failureThreshold"]


def test_a_web_app_without_probes_is_asked_on_its_port() -> None:
    probes = _probes(web())
    assert all(probe["tcpSocket"] == {"port": 8080} for probe in probes.values())
    assert set(probes) == {"startup", "readiness", "liveness"}
    assert _budget(probes["startup"]) == 120


def test_a_busy_app_loses_its_traffic_before_it_is_restarted() -> None:
    probes = _probes(web())
    assert _budget(probes["liveness"]) > 2 * _budget(probes["readiness"])


@pytest.mark.parametrize(("health", "seconds"), [({}, 120), ({"startWithin": "5m"}, 300), ({"startWithin": "9s"}, 10)])
def test_a_start_is_judged_by_the_readiness_question_for_as_long_as_it_may_take(
    health: dict[str, Any], seconds: int
) -> None:
    startup = _probes(web(health={"readiness": "/readyz", **health}))["startup"]
    assert startup["httpGet"] == {"path": "/readyz", "port": 8080}
    assert _budget(startup) == seconds


@given(period=st.integers(2, 900), failures=st.integers(1, 100))
def test_where_only_readiness_is_given_a_container_that_hangs_is_relieved_long_before_it_is_restarted(
    period: int, failures: int
) -> None:
    health = HealthSettings.model_validate({"readiness": {"tcp": 80, "period": f"{period}s", "failures": failures}})
    asked = health.probes(port=8080)
    assert asked.readiness is not None
    assert asked.liveness is not None
    assert asked.liveness.budget_seconds >= 2 * asked.readiness.budget_seconds


def test_an_answer_may_take_longer_than_the_period_and_counts_as_long() -> None:
    """As Kubernetes takes it: its kubelet asks a container the next question after the one before."""
    slow = {"exec": ["redis-cli", "ping"], "period": "5s", "timeout": "15s", "failures": 2}
    health = {"startup": slow, "readiness": slow, "liveness": {"tcp": 80}}
    readiness = _probes(web(health=health))["readiness"]
    assert (readiness["periodSeconds"], readiness["timeoutSeconds"]) == (5, 15)
    assert HealthSettings.model_validate(health).longest_start_seconds(port=8080) == 30
    only_readiness = HealthSettings.model_validate({"readiness": slow})
    liveness = only_readiness.probes(port=8080).liveness
    assert liveness is not None
    assert liveness.budget_seconds >= 60
    assert only_readiness.longest_start_seconds(port=8080) == 120


def test_given_probes_are_taken_as_they_are() -> None:
    health = {
        "startup": {"exec": ["check", "-v"], "period": "5s", "timeout": "5s", "failures": 100},
        "readiness": {"http": "/r", "port": 9000, "period": "3s", "timeout": "1s", "failures": 2},
        "liveness": {"tcp": 7000},
    }
    probes = _probes(web(health=health))
    assert probes["startup"] == {
        "exec": {"command": ["check", "-v"]}, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 100,
    }  # fmt: skip
    assert probes["readiness"]["httpGet"] == {"path": "/r", "port": 9000}
    assert probes["liveness"]["tcpSocket"] == {"port": 7000}


def test_a_grpc_server_is_asked_by_its_own_health_check() -> None:
    health = {"readiness": {"grpc": {"service": "cart"}}, "liveness": {"grpc": 9555}}
    probes = _probes(web(health=health))
    assert probes["readiness"]["grpc"] == {"port": 8080, "service": "cart"}
    assert probes["liveness"]["grpc"] == {"port": 9555}
    assert probes["startup"]["grpc"] == probes["readiness"]["grpc"]


def test_a_question_over_http_may_have_headers_and_tls() -> None:
    health = {"readiness": {"http": "/up", "headers": {"Host": "app.example.com"}, "scheme": "https", "port": 8443}}
    probes = _probes(web(health=health))
    for name in ("startup", "readiness"):
        assert probes[name]["httpGet"] == {
            "path": "/up",
            "port": 8443,
            "scheme": "HTTPS",
            "httpHeaders": [{"name": "Host", "value": "app.example.com"}],
        }


def test_a_container_that_is_not_asked_at_first_has_that_much_longer_to_start() -> None:
    health = {"readiness": {"http": "/r", "initialDelay": "20s", "successes": 3}}
    probes = _probes(web(health=health))
    assert (probes["readiness"]["initialDelaySeconds"], probes["readiness"]["successThreshold"]) == (20, 3)
    assert probes["startup"]["initialDelaySeconds"] == 20
    assert "successThreshold" not in probes["startup"]
    assert HealthSettings.model_validate(health).longest_start_seconds(port=8080) == 140


def test_a_worker_is_asked_only_what_it_can_answer() -> None:
    assert _probes(worker()) == {}
    probes = _probes(worker(health={"liveness": {"exec": ["alive"]}}))
    assert set(probes) == {"startup", "liveness"}
    assert probes["startup"]["exec"] == probes["liveness"]["exec"]


def test_a_scheduled_task_has_no_probes() -> None:
    assert _probes(cron()) == {}
