from __future__ import annotations

from typing import Any

from tests.apps.samples import DIGEST, IMAGE, web, worker
from tests.harness import build_apps


def _spec(**changes: Any) -> dict[str, Any]:
    return build_apps({"it": web(**changes)}).pod("it")["spec"]


def test_sidecars_start_before_the_init_containers_and_go_on_running() -> None:
    spec = _spec(init={"migrate": {"command": ["migrate"]}}, sidecars={"proxy": {"command": ["proxy"]}})
    assert [container["name"] for container in spec["initContainers"]] == ["proxy", "migrate"]
    assert [container.get("restartPolicy") for container in spec["initContainers"]] == ["Always", None]
    assert [container["name"] for container in spec["containers"]] == ["it"]


def test_a_helper_has_the_apps_image_folders_and_secrets_and_its_own_configuration() -> None:
    spec = _spec(
        env={"OF": "app"},
        secrets={"token": "credentials/token"},
        volumes={"data": {"mount": "/data", "size": "32Mi"}},
        init={"migrate": {"command": ["migrate"], "env": {"OF": "helper"}}},
    )
    helper, app = spec["initContainers"][0], spec["containers"][0]
    assert helper["image"] == app["image"] == IMAGE
    assert {"/data", "/run/secrets"} <= {mount["mountPath"] for mount in helper["volumeMounts"]}
    assert helper["envFrom"] != app["envFrom"]


def test_a_sidecar_has_the_probes_that_it_is_given() -> None:
    spec = _spec(sidecars={"proxy": {"command": ["proxy"], "health": {"readiness": {"tcp": 15001}}}})
    sidecar = spec["initContainers"][0]
    assert sidecar["readinessProbe"]["tcpSocket"] == {"port": 15001}
    assert "livenessProbe" not in sidecar


def test_an_image_by_digest_is_not_asked_for_again() -> None:
    assert _spec()["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert _spec(image="registry.example.com/app:1.0.0")["containers"][0]["imagePullPolicy"] == "Always"
    assert _spec(image=f"registry.example.com/app@{DIGEST}")["containers"][0]["imagePullPolicy"] == "IfNotPresent"


def test_command_and_arguments_are_passed_on() -> None:
    container = build_apps({"it": worker(command=["sh", "-c"], args=["run"])}).pod("it")["spec"]["containers"][0]
    assert (container["command"], container["args"]) == (["sh", "-c"], ["run"])


def test_a_name_outside_the_cluster_costs_one_query() -> None:
    assert _spec()["dnsConfig"]["options"] == [{"name": "ndots", "value": "2"}]


def test_what_a_container_wrote_last_is_kept_as_the_reason_of_its_end() -> None:
    spec = _spec(init={"migrate": {"command": ["migrate"]}}, sidecars={"proxy": {"command": ["proxy"]}})
    for container in [*spec["initContainers"], *spec["containers"]]:
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
