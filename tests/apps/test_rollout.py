from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.apps.rollout import ENGINE_MARGIN_SECONDS, strategy, surge_pods, timing
from infra.settings.app.application import LongRunning, Task, WebSettings
from tests.apps.samples import WEBS, WORKERS, one, web, worker
from tests.harness import build_apps


@given(app=st.one_of(WEBS, WORKERS), platform_drain=st.integers(0, 130))
def test_a_stopping_pod_has_time_to_drain_and_to_finish(app: dict[str, Any], platform_drain: int) -> None:
    settings_of_app = one(app)
    assert not isinstance(settings_of_app, Task)
    times = timing(settings_of_app, platform_drain_seconds=platform_drain)
    assert times.grace_seconds >= times.drain_seconds + settings_of_app.rollout.finish_within + 10
    if settings_of_app.rollout.drain is not None:
        assert times.drain_seconds == settings_of_app.rollout.drain
    else:
        assert times.drain_seconds == platform_drain


@given(app=WEBS)
def test_the_engine_waits_longer_than_kubernetes(app: dict[str, Any]) -> None:
    settings_of_app = one(app)
    assert isinstance(settings_of_app, WebSettings)
    times = timing(settings_of_app, platform_drain_seconds=15)
    assert times.deploy_timeout_seconds > settings_of_app.deadline_seconds
    assert times.delete_timeout_seconds > times.grace_seconds


@given(percent=st.integers(1, 100), replicas=st.integers(1, 1000))
def test_a_rollout_always_adds_a_pod_and_takes_none_first(percent: int, replicas: int) -> None:
    app = one(web(replicas=replicas, rollout={"surge": percent}))
    assert isinstance(app, WebSettings)
    rolling: Any = strategy(app).rolling_update
    assert rolling.max_unavailable == 0
    assert surge_pods(app, replicas) == math.ceil(replicas * percent / 100) >= 1


def test_the_example_of_the_rule() -> None:
    pod = build_apps({"it": web(rollout={"finishWithin": "30s", "drain": "60s"})}).pod("it")["spec"]
    assert pod["terminationGracePeriodSeconds"] == 100
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 60}}}


@pytest.mark.parametrize(
    "app", [worker(ports={"queue": 5672}), worker(kind="stateful", replicas=3, port=5672)], ids=["worker", "stateful"]
)
def test_a_pod_that_peers_call_serves_on_until_they_know_another_one(app: dict[str, Any]) -> None:
    pod = build_apps({"it": {**app, "health": {"readiness": {"tcp": 5672}}}}).pod("it")["spec"]
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 15}}}


VOLUME = {"mount": "/data", "size": "1Gi", "kind": "persistent"}


@pytest.mark.parametrize(
    "app",
    [
        worker(),
        web(rollout={"drain": "0s"}),
        worker(ports={"postgres": 5432}, replicas=1, volumes={"data": VOLUME}),
    ],
    ids=["nobody calls it", "it says so", "nobody takes over"],
)
def test_an_app_that_is_sent_nothing_stops_at_once(app: dict[str, Any]) -> None:
    pod = build_apps({"it": app}).pod("it")["spec"]
    assert "lifecycle" not in pod["containers"][0]
    assert pod["terminationGracePeriodSeconds"] == 40


def test_no_old_version_is_kept_whose_configuration_is_gone() -> None:
    # `kubectl rollout undo` takes what revisionHistoryLimit keeps, and its ConfigMaps went with the update.
    spec = build_apps({"it": web(env={"A": "1"})}).one("Deployment", "it").props["spec"]
    assert spec["revisionHistoryLimit"] == 0


def test_the_deployment_carries_deadline_and_the_engines_patience() -> None:
    made = build_apps({"it": web(rollout={"surge": 50, "deadline": "5m"})}).one("Deployment", "it")
    spec = made.props["spec"]
    assert spec["progressDeadlineSeconds"] == 300
    assert spec["minReadySeconds"] == 5
    assert made.timeouts == {"create": "330s", "update": "330s", "delete": "85s"}


@pytest.mark.parametrize("app", [web(), worker(), web(scaling={"min": 3, "max": 1000}), web(replicas=60)])
def test_by_default_an_update_has_failed_after_ten_minutes(app: dict[str, Any]) -> None:
    made = build_apps({"it": app}).one("Deployment", "it")
    assert made.props["spec"]["progressDeadlineSeconds"] == 600
    assert made.timeouts["update"] == made.timeouts["create"] == f"{600 + ENGINE_MARGIN_SECONDS}s"


@pytest.mark.parametrize(
    ("app", "seconds"),
    [
        (web(health={"startWithin": "5m"}), 600),
        (web(health={"startWithin": "15m"}), 2 * 15 * 60),
        (web(health={"startWithin": "1h"}), 2 * 60 * 60),
        (worker(replicas=1, rollout={"strategy": "replace", "finishWithin": "20m"}), 2 * 20 * 60),
        (web(health={"startWithin": "15m"}, rollout={"deadline": "16m"}), 16 * 60),
    ],
)
def test_an_app_that_may_start_slowly_has_not_failed_before_it_may_have_started(
    app: dict[str, Any], seconds: int
) -> None:
    made = build_apps({"it": app}).one("Deployment", "it")
    assert made.props["spec"]["progressDeadlineSeconds"] == seconds
    assert int(made.timeouts["update"].removesuffix("s")) > seconds


@given(app=st.one_of(WEBS, WORKERS), registration=st.integers(0, 180))
def test_a_rollout_that_takes_as_long_as_it_may_in_each_wave_is_not_cut(app: dict[str, Any], registration: int) -> None:
    it = one(app)
    assert not isinstance(it, Task)
    times = timing(it, platform_drain_seconds=15, platform_registration_seconds=registration)
    sizes = (it.autoscaling.min, it.autoscaling.max) if it.autoscaling else (it.replicas or 1,)
    assert all(times.deploy_timeout_seconds > _simulated(it, replicas, registration) for replicas in sizes)


def _simulated(app: LongRunning, replicas: int, registration: int) -> int:
    """The seconds of a rollout, wave by wave, if every new pod takes as long to start as its probes allow."""
    old, new, seconds = replicas, 0, 0
    while new < replicas:
        new = min(replicas, new + replicas + surge_pods(app, replicas) - old - new)
        seconds += app.longest_start_seconds + registration + 5
        old = replicas - new
    return seconds


def test_a_volume_that_is_handed_over_leaves_time_for_the_old_pod_to_go() -> None:
    data = {"mount": "/data", "size": "1Gi", "kind": "persistent"}
    rollout = {"finishWithin": "9m", "deadline": "10m"}
    app = worker(replicas=1, volumes={"data": data}, rollout=rollout, health={"readiness": {"tcp": 80}})
    made = build_apps({"it": app}).one("Deployment", "it")
    grace = made.props["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert made.timeouts["update"] == f"{grace + 120 + 5 + ENGINE_MARGIN_SECONDS}s"


def test_a_replaced_app_has_never_two_pods_in_an_update() -> None:
    spec = build_apps({"it": worker(replicas=1, rollout={"strategy": "replace"})}).one("Deployment", "it").props["spec"]
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["replicas"] == 1


def test_without_surge_one_old_pod_goes_before_each_new_one() -> None:
    made = build_apps({"it": worker(replicas=4, rollout={"surge": "0%"})}).one("Deployment", "it")
    assert made.props["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "0%", "maxUnavailable": 1}


def test_an_app_that_is_switched_off_keeps_all_but_its_pods() -> None:
    graph = build_apps({"it": web(replicas=0)})
    assert graph.one("Deployment", "it").props["spec"]["replicas"] == 0
    assert graph.has("Service", "it")
    assert not graph.has("HorizontalPodAutoscaler", "it")
    assert graph.only("ResourceQuota").props["spec"]["hard"]["pods"] == "0"
