"""A group of Marathon, imported and deployed: what runs means the same as what the group says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import AppsV1Api, CoreV1Api, V1Deployment, V1Probe

from tests.e2e.conftest import REPOSITORY, Cluster, remove_namespaces

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
GROUP = REPOSITORY / "tests" / "importing" / "marathon" / "shop.json"
STACK = "shop"


@pytest.fixture(scope="module")
def group() -> Mapping[str, Mapping[str, Any]]:
    """The apps of the group, by the names that they get."""
    document = json.loads(GROUP.read_text(encoding="utf-8"))
    apps = [*document["apps"], *document["groups"][0]["apps"]]
    return {app["id"]: app for app in apps}


@pytest.fixture(scope="module")
def shop(cluster: Cluster) -> Iterator[Mapping[str, V1Deployment]]:
    """The Deployments of the imported group, on the cluster of the suite."""
    machine = cluster.machine
    imported = machine.nightowl("import", "marathon", str(GROUP))
    assert imported.code == 0, imported.out + imported.err
    up = cluster.up("--stack", STACK)
    try:
        assert up.code == 0, up.out + up.err
        yield {one.metadata.name: one for one in AppsV1Api(cluster.api).list_namespaced_deployment(STACK).items}
    finally:
        remove_namespaces(cluster, STACK)
        Path(machine.project / "stacks" / f"Pulumi.{STACK}.yaml").unlink()


def container(deployment: V1Deployment) -> Any:
    (own,) = [one for one in deployment.spec.template.spec.containers if one.name == deployment.metadata.name]
    return own


def test_each_app_has_the_instances_of_the_group(
    shop: Mapping[str, V1Deployment], group: Mapping[str, Mapping[str, Any]]
) -> None:
    wanted = {name: app["instances"] for name, app in group.items()}
    assert {name: deployment.spec.replicas for name, deployment in shop.items()} == wanted


def test_services_have_the_ports_that_callers_know(cluster: Cluster, shop: Mapping[str, V1Deployment]) -> None:
    core = CoreV1Api(cluster.api)
    services = {name: core.read_namespaced_service(name, STACK).spec.ports for name in shop}
    found = {name: [(one.port, one.target_port) for one in ports] for name, ports in services.items()}
    numbers = {name: [one.container_port for one in container(deployment).ports] for name, deployment in shop.items()}
    assert numbers == {"web": [8080], "api": [9000], "db": [5432]}
    assert {name: [port for port, _ in ports] for name, ports in found.items()} == {
        "web": [80], "api": [9000], "db": [5432],
    }  # fmt: skip


def test_variables_say_what_they_said_and_call_apps_by_their_names_here(
    cluster: Cluster, shop: Mapping[str, V1Deployment]
) -> None:
    core = CoreV1Api(cluster.api)

    def variables(name: str) -> dict[str, Any]:
        own = container(shop[name])
        maps = [core.read_namespaced_config_map(one.config_map_ref.name, STACK).data for one in own.env_from or []]
        plain = {one.name: one.value or one.value_from for one in own.env or []}
        return {key: value for found in [*maps, plain] for key, value in (found or {}).items()}

    web, api, db = (variables(name) for name in ("web", "api", "db"))
    assert (web["API"], web["SHOW"]) == ("http://api:9000/v1", "all")
    assert (api["DATABASE"], api["PORT0"]) == ("db:5432", "9000")
    assert db["PGDATA"] == "/var/lib/postgresql/data/pg"
    assert db["POSTGRES_PASSWORD"].secret_key_ref.name == "db"
    assert container(shop["api"]).command == ["/bin/sh", "-c", "exec /srv/api --listen 0.0.0.0:$PORT0"]


def test_health_checks_ask_the_same_as_often_and_give_up_as_late(
    shop: Mapping[str, V1Deployment], group: Mapping[str, Mapping[str, Any]]
) -> None:
    for name, app in group.items():
        (check,) = app["healthChecks"]
        liveness: V1Probe = container(shop[name]).liveness_probe
        startup: V1Probe = container(shop[name]).startup_probe
        assert liveness.period_seconds == check["intervalSeconds"]
        assert liveness.timeout_seconds == check["timeoutSeconds"]
        assert liveness.failure_threshold == check.get("maxConsecutiveFailures", 3)
        assert startup.period_seconds * startup.failure_threshold == check["gracePeriodSeconds"]
    asked = {name: container(shop[name]).readiness_probe for name in group}
    assert asked["web"].http_get.path == "/health"
    assert asked["api"].tcp_socket is not None
    assert asked["db"]._exec.command == ["/bin/sh", "-c", "pg_isready --username postgres"]


def test_instances_are_spread_as_the_constraints_want(shop: Mapping[str, V1Deployment]) -> None:
    spread = {
        one.topology_key: one.when_unsatisfiable for one in shop["web"].spec.template.spec.topology_spread_constraints
    }
    assert spread["topology.kubernetes.io/zone"] == "DoNotSchedule"
    assert "kubernetes.io/hostname" in spread


def test_an_update_adds_and_removes_pods_in_the_order_of_the_group(shop: Mapping[str, V1Deployment]) -> None:
    web, api, db = (shop[name].spec.strategy for name in ("web", "api", "db"))
    assert (web.rolling_update.max_surge, web.rolling_update.max_unavailable) in {(2, 0), ("50%", 0)}
    assert api.rolling_update.max_surge in {0, "0%"}
    assert api.rolling_update.max_unavailable not in {0, "0%"}
    assert db.type == "Recreate"
    assert int(shop["web"].spec.template.spec.termination_grace_period_seconds or 0) >= 20


def test_each_app_has_the_cpu_and_the_memory_of_the_group(
    shop: Mapping[str, V1Deployment], group: Mapping[str, Mapping[str, Any]]
) -> None:
    for name, app in group.items():
        requests = container(shop[name]).resources.requests
        assert requests["memory"] == f"{app['mem']}Mi"
        assert requests["cpu"] == f"{round(app['cpus'] * 1000)}m"
