from __future__ import annotations

from typing import Any

import pytest

from infra.settings.app.pod_size import Requests, pod_requests
from infra.settings.build import build_settings
from infra.settings.problems import SettingsError
from infra.settings.scalars import MEBIBYTE, parse_bytes
from tests.apps.samples import one, web, worker
from tests.harness import build_apps


def _helper(cpu: str) -> dict[str, object]:
    return {"command": ["x"], "resources": {"cpu": cpu, "memory": "10Mi"}}


def test_memory_is_limited_to_its_request_and_cpu_is_not_limited() -> None:
    container = build_apps({"it": web(resources={"cpu": "1500m", "memory": "1Gi"})}).pod("it")["spec"]["containers"][0]
    assert container["resources"] == {"requests": {"cpu": "1500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}


def test_cpu_is_limited_where_that_is_asked_for() -> None:
    container = build_apps({"it": web(resources={"cpuLimit": 2})}).pod("it")["spec"]["containers"][0]
    assert container["resources"]["limits"]["cpu"] == "2"


def test_sidecars_add_up_with_the_app() -> None:
    app = one(web(resources={"cpu": "100m", "memory": "100Mi"}, sidecars={"a": _helper("20m"), "b": _helper("30m")}))
    assert pod_requests(app) == Requests(cpu=150, memory=120 * MEBIBYTE, most_memory=120 * MEBIBYTE)


def test_of_the_init_containers_only_the_largest_counts() -> None:
    app = one(web(resources={"cpu": "100m", "memory": "100Mi"}, init={"a": _helper("400m"), "b": _helper("500m")}))
    assert pod_requests(app) == Requests(cpu=500, memory=100 * MEBIBYTE, most_memory=100 * MEBIBYTE)


def test_an_init_container_runs_beside_the_sidecars() -> None:
    app = one(web(resources={"cpu": "100m"}, init={"a": _helper("500m")}, sidecars={"b": _helper("50m")}))
    assert pod_requests(app).cpu == 550


def test_memory_may_be_limited_above_its_request_and_the_quota_has_room_for_it() -> None:
    graph = build_apps({"it": worker(replicas=1, resources={"memory": "256Mi", "memoryLimit": "1Gi"})})
    resources = graph.pod("it")["spec"]["containers"][0]["resources"]
    assert resources["requests"]["memory"] == "256Mi"
    assert resources["limits"]["memory"] == "1Gi"
    hard = graph.only("ResourceQuota").props["spec"]["hard"]
    assert parse_bytes(hard["limits.memory"]) == 4 * parse_bytes(hard["requests.memory"])


def test_a_gpu_is_asked_for_as_a_whole() -> None:
    resources = build_apps({"it": worker(resources={"gpu": 2})}).pod("it")["spec"]["containers"][0]["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == "2"


@pytest.mark.parametrize(
    "of_whom", [{"resources": {"gpu": 1}}, {"sidecars": {"model": {"command": ["m"], "resources": {"gpu": 1}}}}]
)
def test_a_gpu_is_refused_where_no_node_has_one(of_whom: dict[str, Any]) -> None:
    platform = {"kind": "eks", "region": "eu-central-1", "accountId": "123456789012"}
    access = {"access": {"deployers": ["arn:aws:iam::123456789012:role/deployer"]}}
    with pytest.raises(SettingsError, match=r"resources\.gpu: no node pool has GPUs; add one such as gpu: "):
        build_settings({"platform": platform, "cluster": access, "apps": {"it": worker(**of_whom)}})


def test_shared_memory_is_a_volume_in_memory_at_dev_shm() -> None:
    pod = build_apps({"it": worker(shm="64Mi")}).pod("it")["spec"]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "shm"]
    assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}
    assert {"name": "shm", "mountPath": "/dev/shm"} in pod["containers"][0]["volumeMounts"]  # noqa: S108


def test_own_labels_and_annotations_are_on_pods_and_service_beside_those_of_the_project() -> None:
    app = web(labels={"team": "owls"}, annotations={"prometheus.io/scrape": "true"})
    graph = build_apps({"it": app})
    for metadata in (graph.pod("it")["metadata"], graph.one("Service", "it").props["metadata"]):
        assert metadata["labels"].items() >= {"team": "owls", "app.kubernetes.io/name": "it"}.items()
        assert metadata["annotations"]["prometheus.io/scrape"] == "true"
    assert "team" not in graph.one("Deployment", "it").props["spec"]["selector"]["matchLabels"]
