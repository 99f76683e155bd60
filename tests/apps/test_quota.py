from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.apps.quota import computed_limits
from infra.settings.problems import SettingsError
from infra.settings.scalars import parse_bytes, parse_millicores
from tests.apps.samples import APPS, NAMES, cron, settings_of, web, worker
from tests.harness import Graph, build_apps


def _hard(graph: Graph) -> dict[str, str]:
    return graph.one("ResourceQuota", "namespace").props["spec"]["hard"]


def _pod_requests(template: dict[str, Any]) -> tuple[int, int]:
    """CPU in millicores and memory in bytes, as the scheduler counts (k8s.io/component-helpers, PodRequests)."""

    def of(container: dict[str, Any]) -> tuple[int, int]:
        requests = container["resources"]["requests"]
        return parse_millicores(requests["cpu"]), parse_bytes(requests["memory"])

    running, largest = (0, 0), (0, 0)
    for container in template["spec"].get("initContainers", []):
        cpu, memory = of(container)
        beside = (running[0] + cpu, running[1] + memory)
        largest = (max(largest[0], beside[0]), max(largest[1], beside[1]))
        if container.get("restartPolicy") == "Always":
            running = beside
    for container in template["spec"]["containers"]:
        cpu, memory = of(container)
        running = (running[0] + cpu, running[1] + memory)
    return max(running[0], largest[0]), max(running[1], largest[1])


def _running(graph: Graph, apps: dict[str, Any]) -> tuple[int, int, int]:
    """CPU, memory and pods of all replicas at their maxima, with no rollout in progress, and one run of each task."""
    cpu = memory = pods = 0
    for name in apps:
        each, count = _pod_requests(graph.pod(name)), 1
        if graph.has("HorizontalPodAutoscaler", name):
            count = graph.one("HorizontalPodAutoscaler", name).props["spec"]["maxReplicas"]
        elif graph.has("Deployment", name):
            count = graph.one("Deployment", name).props["spec"]["replicas"]
        cpu, memory, pods = cpu + count * each[0], memory + count * each[1], pods + count
    return cpu, memory, pods


@given(apps=st.dictionaries(NAMES, APPS, min_size=1, max_size=3))
@settings(max_examples=15)
def test_the_quota_has_room_for_every_app_at_its_maximum_in_the_middle_of_a_rollout(apps: dict[str, Any]) -> None:
    graph = build_apps(apps)
    cpu = memory = pods = 0
    for name in apps:
        each = _pod_requests(graph.pod(name))
        count = 1
        if graph.has("Deployment", name):
            spec = graph.one("Deployment", name).props["spec"]
            most = spec.get("replicas")
            if most is None:
                most = graph.one("HorizontalPodAutoscaler", name).props["spec"]["maxReplicas"]
            surge = spec["strategy"]["rollingUpdate"]["maxSurge"]
            # Rounded up, and as many old pods still stopping as there are new ones.
            count = 2 * most - (-most * int(surge.removesuffix("%")) // 100)
        cpu, memory, pods = cpu + count * each[0], memory + count * each[1], pods + count
    hard = _hard(graph)
    assert parse_millicores(hard["requests.cpu"]) >= cpu
    assert parse_bytes(hard["requests.memory"]) >= memory
    assert hard["limits.memory"] == hard["requests.memory"]
    assert int(hard["pods"]) >= pods


def test_the_figures_of_a_small_stack() -> None:
    graph = build_apps({"web": web(scaling={"min": 3, "max": 10}, resources={"cpu": "250m"}), "nightly": cron()})
    # web: 10 + 3 of surge + 10 that stop; nightly: one run and one by hand.
    assert _hard(graph)["pods"] == str(10 + 3 + 10 + 2)
    assert _hard(graph)["requests.cpu"] == f"{23 * 250 + 2 * 100}m"


@pytest.mark.parametrize(
    ("overlap", "runs"),
    [("forbid", 1), ("replace", 2), ("allow", 5)],
    ids=["forbid", "replace", "allow"],
)
def test_runs_that_may_overlap_are_counted(overlap: str, runs: int) -> None:
    graph = build_apps({"it": cron(schedule="*/5 * * * *", timeout="15m", overlap=overlap)})
    assert _hard(graph)["pods"] == str(runs + 1)


def _after(before: Graph, apps: dict[str, Any], **more: Any) -> dict[str, str]:
    """The quota of `apps` in the next run of the stack that is `before`."""
    return _hard(build_apps(apps, state=before.components("nightowl:apps:Namespace"), **more))


@given(
    before=st.dictionaries(NAMES, APPS, min_size=1, max_size=3),
    after=st.dictionaries(NAMES, APPS, min_size=1, max_size=3),
)
@settings(max_examples=8)
def test_the_pods_of_the_file_fit_in_beside_those_of_the_last_run(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    graph = build_apps(before)
    hard, running, wanted = _after(graph, after), _running(graph, before), _running(build_apps(after), after)
    assert parse_millicores(hard["requests.cpu"]) >= running[0] + wanted[0]
    assert parse_bytes(hard["requests.memory"]) >= running[1] + wanted[1]
    assert int(hard["pods"]) >= running[2] + wanted[2]


def test_a_computed_limit_does_not_shrink_and_stays_in_the_run_after_it() -> None:
    large = build_apps({"web": web(scaling={"min": 3, "max": 10}), "nightly": cron()})
    small = build_apps({"site": web(replicas=1)}, state=large.components("nightowl:apps:Namespace"))
    assert _hard(small) == _hard(large)
    assert _after(small, {"site": web(replicas=1)}) == _hard(large)


def test_a_computed_limit_grows_with_the_apps() -> None:
    small = build_apps({"web": web(replicas=1)})
    apps = {"web": web(replicas=9)}
    assert _after(small, apps) == _hard(build_apps(apps))


def test_an_explicit_quota_that_is_left_out_again_leaves_nothing_behind() -> None:
    apps = {"web": web()}
    explicit = build_apps(apps, namespace={"quota": {"cpu": 40, "memory": "64Gi", "pods": 99}})
    assert _after(explicit, apps) == _hard(build_apps(apps))


def test_another_namespace_begins_anew() -> None:
    large, apps = build_apps({"web": web(scaling={"min": 3, "max": 10})}), {"web": web(replicas=1)}
    other = {"namespace": {"name": "other"}}
    assert _after(large, apps, **other) == _hard(build_apps(apps, **other))


def test_nobody_opens_a_side_door() -> None:
    hard = _hard(build_apps({"web": web()}))
    assert (hard["services.loadbalancers"], hard["services.nodeports"]) == ("0", "0")


def test_an_explicit_quota_is_taken() -> None:
    hard = _hard(build_apps({"web": web()}, namespace={"quota": {"cpu": 40, "memory": "64Gi", "pods": 99}}))
    assert (hard["requests.cpu"], hard["requests.memory"], hard["pods"]) == ("40", "64Gi", "99")


def test_a_quota_below_the_needs_of_the_apps_is_refused_with_each_key() -> None:
    with pytest.raises(SettingsError) as refused:
        build_apps(
            {"web": web(scaling={"min": 3, "max": 10}), "w": worker(replicas=2)},
            namespace={"quota": {"cpu": 1, "memory": "64Gi", "pods": 15}},
        )
    lines = str(refused.value).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("nightowl:namespace.quota.cpu: 1 is below the 1600m that the apps need")
    assert lines[1].startswith("nightowl:namespace.quota.pods: 15 is below the 16 that the apps need")
    assert lines[0].endswith("raise it, leave it out, or lower scaling.max or replicas or resources of apps")
    assert lines[1].endswith(
        "at their maxima, surge included; raise it, leave it out, or lower scaling.max or replicas of apps"
    )


def test_a_refused_quota_names_keys_that_the_apps_have() -> None:
    with pytest.raises(SettingsError, match=r"at their maxima; raise it, or leave it out$"):
        build_apps({"nightly": cron(), "one": worker(kind="stateful")}, namespace={"quota": {"pods": 1}})


def test_a_stateful_app_has_room_for_the_volumes_of_all_its_replicas() -> None:
    volume = {"mount": "/data", "size": "1Gi", "kind": "persistent"}
    apps = settings_of(broker=worker(kind="stateful", replicas=3, volumes={"data": volume}))
    limits = computed_limits(apps, {}, with_volumes=True)
    assert limits["persistentvolumeclaims"] >= 3
    assert limits["requests.storage"] >= 3 * 2**30
