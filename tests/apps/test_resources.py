from __future__ import annotations

from infra.apps.resources import Requests, pod_requests
from infra.settings.scalars import MEBIBYTE
from tests.apps.samples import one, web
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
    assert pod_requests(app) == Requests(cpu=150, memory=120 * MEBIBYTE)


def test_of_the_init_containers_only_the_largest_counts() -> None:
    app = one(web(resources={"cpu": "100m", "memory": "100Mi"}, init={"a": _helper("400m"), "b": _helper("500m")}))
    assert pod_requests(app) == Requests(cpu=500, memory=100 * MEBIBYTE)


def test_an_init_container_runs_beside_the_sidecars() -> None:
    app = one(web(resources={"cpu": "100m"}, init={"a": _helper("500m")}, sidecars={"b": _helper("50m")}))
    assert pod_requests(app).cpu == 550
