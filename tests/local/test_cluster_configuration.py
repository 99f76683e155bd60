"""What a cluster is made of: kwokctl's configuration, the stages, the first objects and the usage of pods."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.client import ApiClient
from typer.testing import CliRunner

from infra.cli import app
from infra.local.cluster.karpenter import instance_types_json
from infra.local.cluster.kwokctl import MANIFESTS, configuration, configuration_yaml
from infra.local.cluster.load_model import apply_load, clear_load
from infra.local.cluster.manifests import initial_objects_yaml
from infra.local.cluster.ports import Ports
from infra.local.cluster.usage import LOADS_ANNOTATION, usage_object
from infra.local.cluster.zones import ZONES
from tests.local.test_cluster import tools

PORTS = Ports(
    apiserver=20001,
    etcd=20002,
    etcd_peer=20003,
    controller_manager=20004,
    scheduler=20005,
    kwok=20006,
    metrics_server=20007,
    karpenter_metrics=20008,
    karpenter_health=20009,
)


def options(root: Path) -> dict[str, Any]:
    return configuration(tools(root, root), PORTS, certificates=root / "pki")["options"]


def arguments(root: Path) -> dict[str, str]:
    patches = configuration(tools(root, root), PORTS, certificates=root / "pki")["componentsPatches"]
    return {f"{patch['name']} {item['key']}": item["value"] for patch in patches for item in patch["extraArgs"]}


def test_every_component_listens_on_loopback_and_on_a_port_of_our_choice(tmp_path: Path) -> None:
    chosen = options(tmp_path)

    assert chosen["bindAddress"] == "127.0.0.1"
    assert {value for key, value in chosen.items() if key.endswith("Port") and key != "securePort"} == {
        port for name, port in asdict(PORTS).items() if not name.startswith("karpenter")
    }
    assert not [key for key in chosen if "insecure" in key.lower()]


def test_etcd_and_its_peers_talk_tls_to_holders_of_a_certificate_only(tmp_path: Path) -> None:
    chosen = arguments(tmp_path)

    addresses = [value for name, value in chosen.items() if name.endswith(("-urls", "-servers", "initial-cluster"))]
    assert len(addresses) == 6
    assert all("https://127.0.0.1:" in address and "http://" not in address for address in addresses)
    assert (chosen["etcd client-cert-auth"], chosen["etcd peer-client-cert-auth"]) == ("true", "true")
    assert chosen["etcd enable-grpc-gateway"] == "false"
    authority = str(tmp_path / "pki" / "ca.crt")
    assert {chosen[f"etcd {name}"] for name in ("trusted-ca-file", "peer-trusted-ca-file")} == {authority}
    assert chosen["kube-apiserver etcd-cafile"] == authority


def test_authentication_authorization_and_admission_are_on(tmp_path: Path) -> None:
    chosen = options(tmp_path)

    assert (chosen["securePort"], chosen["kubeAuthorization"], chosen["kubeAdmission"]) == (True, True, True)
    assert not [name for name in arguments(tmp_path) if "enable-admission" in name or "authorization" in name]


def test_only_webhooks_are_asked_nothing_as_no_pod_is_there_to_answer(tmp_path: Path) -> None:
    given_arguments = arguments(tmp_path)

    assert {name: value for name, value in given_arguments.items() if "admission" in name} == {
        "kube-apiserver disable-admission-plugins": "MutatingAdmissionWebhook,ValidatingAdmissionWebhook"
    }


def test_autoscalers_act_as_fast_as_on_eks_and_metrics_are_as_fresh_as_they_can_be(tmp_path: Path) -> None:
    given_arguments = arguments(tmp_path)

    assert given_arguments["kube-controller-manager horizontal-pod-autoscaler-sync-period"] == "10s"
    assert given_arguments["metrics-server metric-resolution"] == "10s"
    timeout = int(given_arguments["metrics-server kubelet-request-timeout"].rstrip("s"))
    assert timeout < 10 * 9 / 10, "metrics-server refuses a longer timeout"


def test_kwokctl_is_given_every_program_and_downloads_none(tmp_path: Path) -> None:
    given = {key: path for key, path in options(tmp_path).items() if key.endswith("Binary")}

    assert given == {
        "etcdBinary": str(tmp_path / "etcd"),
        "kubeApiserverBinary": str(tmp_path / "kube-apiserver"),
        "kubeControllerManagerBinary": str(tmp_path / "kube-controller-manager"),
        "kubeSchedulerBinary": str(tmp_path / "kube-scheduler"),
        "kubectlBinary": str(tmp_path / "kubectl"),
        "kwokControllerBinary": str(tmp_path / "kwok"),
        "metricsServerBinary": str(tmp_path / "metrics-server"),
    }


def test_the_configuration_carries_kwoks_stages_and_ours(tmp_path: Path) -> None:
    documents = list(
        yaml.safe_load_all(configuration_yaml(tools(tmp_path, tmp_path), PORTS, certificates=tmp_path / "pki"))
    )

    assert [item["kind"] for item in documents] == ["KwokctlConfiguration", *["Stage"] * (len(documents) - 1)]
    names = {item["metadata"]["name"] for item in documents[1:]}
    assert names >= {"node-initialize", "pod-ready", "pod-delete", "pod-image-pull-fails", "node-metrics-path"}


def test_the_stage_of_failing_images_is_preferred_to_the_one_that_starts_the_pod() -> None:
    stage = yaml.safe_load((MANIFESTS / "image-pull.yaml").read_text())

    assert stage["spec"]["weight"] > 0


def test_each_zone_begins_with_one_small_node_that_takes_apps() -> None:
    objects = list(yaml.safe_load_all(initial_objects_yaml()))

    nodes = [item for item in objects if item["kind"] == "Node"]
    assert [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes] == list(ZONES)
    assert all("taints" not in node["spec"] for node in nodes), "the scheduler knows a zone by a node that takes pods"
    assert {node["status"]["allocatable"]["cpu"] for node in nodes} == {"940m"}


def test_a_node_takes_some_seconds_to_boot() -> None:
    objects = yaml.safe_load_all(initial_objects_yaml())

    node_class = next(item for item in objects if item["kind"] == "KWOKNodeClass")
    assert node_class["spec"]["nodeRegistrationDelay"] == "5s"


@pytest.mark.parametrize("port", ["80", "70000"])
def test_a_port_that_no_user_may_take_is_refused(port: str) -> None:
    result = CliRunner().invoke(app, ["local", "up", "--port", port])
    assert result.exit_code == 2
    assert "'--port'" in result.output


def test_every_instance_type_is_offered_in_every_zone_and_larger_ones_cost_more() -> None:
    types = json.loads(instance_types_json())

    for instance_type in types:
        zones = [
            requirement["values"]
            for offering in instance_type["offerings"]
            for requirement in offering["Requirements"]
            if requirement["key"] == "topology.kubernetes.io/zone"
        ]
        assert zones == [[zone] for zone in ZONES]
    graviton = [item for item in types if item["architecture"] == "arm64"]
    prices = [item["offerings"][0]["Price"] for item in graviton]
    assert prices == sorted(prices)
    assert len(set(prices)) == len(prices)


API = cast(ApiClient, object())


class FakeCustomObjects:
    """Keeps the one usage object, as the API server would."""

    stored: ClassVar[dict[str, Any]] = {}

    def __init__(self, api: object) -> None:
        del api

    def get_cluster_custom_object(self, group: str, version: str, plural: str, name: str) -> dict[str, Any]:
        return FakeCustomObjects.stored

    def patch_cluster_custom_object(
        self, group: str, version: str, plural: str, name: str, body: dict[str, Any]
    ) -> None:
        FakeCustomObjects.stored = body


@pytest.fixture
def usage(monkeypatch: pytest.MonkeyPatch) -> type[FakeCustomObjects]:
    monkeypatch.setattr("infra.local.cluster.load_model.CustomObjectsApi", FakeCustomObjects)
    FakeCustomObjects.stored = usage_object({})
    return FakeCustomObjects


def cpu_expression(stored: dict[str, Any]) -> str:
    return stored["spec"]["usages"][0]["usage"]["cpu"]["expression"]


def test_a_load_is_shared_by_the_replicas(usage: type[FakeCustomObjects]) -> None:
    apply_load(API, "shop", "web", 9.0, 30)

    assert 'Quantity("300m")' in cpu_expression(usage.stored)
    assert '"shop"' in cpu_expression(usage.stored)


def test_loads_of_several_apps_are_kept_apart(usage: type[FakeCustomObjects]) -> None:
    apply_load(API, "shop", "web", 9.0, 30)
    apply_load(API, "shop", "api", 2.0, 4)

    assert json.loads(usage.stored["metadata"]["annotations"][LOADS_ANNOTATION]) == {"shop/web": 300, "shop/api": 500}


def test_a_cleared_load_leaves_the_usage_of_an_idle_cluster(usage: type[FakeCustomObjects]) -> None:
    apply_load(API, "shop", "web", 9.0, 30)
    clear_load(API, "shop", "web")
    clear_load(API, "shop", "web")

    assert usage.stored == usage_object({})


def test_a_load_on_an_app_without_replicas_waits_for_the_first(usage: type[FakeCustomObjects]) -> None:
    apply_load(API, "shop", "web", 2.0, 0)

    assert 'Quantity("2000m")' in cpu_expression(usage.stored)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}/[a-z]{1,8}", fullmatch=True), st.integers(1, 10**6), max_size=5))
def test_every_load_appears_once_in_the_expression_and_is_read_back_as_written(loads: dict[str, int]) -> None:
    made = usage_object(loads)

    assert json.loads(made["metadata"]["annotations"][LOADS_ANNOTATION]) == loads
    assert cpu_expression(made).count("pod.metadata.namespace ==") == len(loads)
