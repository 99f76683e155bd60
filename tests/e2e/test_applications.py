"""What applications ask for, as a real API server admits and stores it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from kubernetes.client import ApiClient, AppsV1Api, CoreV1Api, NetworkingV1Api

from tests.e2e.conftest import CLUSTER, Cluster

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
STACK = "applications"

API: Mapping[str, Any] = {
    "port": 8080,
    "servicePort": 80,
    "ports": {"metrics": 9464, "syslog": {"port": 5514, "protocol": "udp", "servicePort": 514}},
    "replicas": 2,
    "labels": {"team": "payments"},
    "annotations": {"prometheus.io/scrape": "true"},
    "writable": ["/run/api", {"/var/cache/api": "1Gi"}],
    "shm": "64Mi",
    "resources": {"cpu": "50m", "memory": "128Mi", "memoryLimit": "256Mi"},
    "health": {
        "readiness": {
            "http": "/up", "scheme": "HTTPS", "headers": {"Host": "a.example.com"}, "initialDelay": "1s", "successes": 2
        },
        "liveness": {"grpc": {"port": 9464, "service": "api"}, "period": "30s"},
    },
    "traffic": {
        "hosts": ["a.example.com", "*.b.example.com"],
        "paths": ["/api", {"path": "/robots.txt", "exact": True}],
        "sticky": "1h",
        "redirect": "https",
    },
    "allowTo": [
        "self",
        {"app": "broker", "ports": ["amqp"]},
        {"namespace": "data", "app": "postgres", "ports": [5432]},
        {"cidr": "10.20.0.0/16", "ports": ["53/udp"]},
    ],
    "allowFrom": [{"namespace": "monitoring", "labels": {"app": "prometheus"}, "ports": ["metrics"]}],
}  # fmt: skip
BROKER: Mapping[str, Any] = {
    "kind": "worker",
    "ports": {"amqp": 5672, "management": 15672},
    "replicas": 1,
    "security": {"level": "baseline", "user": 0, "capabilities": ["CHOWN", "SETUID"]},
}
APPS: Mapping[str, Mapping[str, Any]] = {
    "api": API,
    "broker": BROKER,
    "beat": {"kind": "worker", "replicas": 1, "rollout": {"strategy": "replace"}},
    "importer": {"kind": "worker", "replicas": 0},
}


def up(cluster: Cluster, apps: Mapping[str, Mapping[str, Any]]) -> None:
    stacks = cluster.machine.project / "stacks"
    local: dict[str, Any] = yaml.safe_load((stacks / "Pulumi.local.yaml").read_text())["config"]
    image = local["nightowl:apps"]["web"]["image"]
    ingress = {"className": "nginx", "namespace": "ingress-nginx", "clusterIssuer": "letsencrypt"}
    config = {
        "nightowl:platform": {**local["nightowl:platform"], "ingress": ingress},
        "nightowl:namespace": {"name": STACK},
        "nightowl:apps": {name: {"image": image, **app} for name, app in apps.items()},
    }
    (stacks / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": config}, sort_keys=False))
    run = cluster.machine.nightowl("local", "up", "--name", CLUSTER, "--stack", STACK)
    assert run.code == 0, run.out + run.err


@pytest.fixture(scope="module")
def stack(cluster: Cluster) -> Cluster:
    up(cluster, APPS)
    return cluster


def plain(api: ApiClient, stored: Any) -> Any:
    """An object as the API server writes it."""
    return api.sanitize_for_serialization(stored)


def workload(cluster: Cluster, app: str) -> dict[str, Any]:
    return plain(cluster.api, AppsV1Api(cluster.api).read_namespaced_deployment(app, STACK))


def pod(cluster: Cluster, app: str) -> dict[str, Any]:
    return workload(cluster, app)["spec"]["template"]


def service(cluster: Cluster, app: str) -> dict[str, Any]:
    return plain(cluster.api, CoreV1Api(cluster.api).read_namespaced_service(app, STACK))


def test_a_service_has_ports_of_its_own_and_of_both_protocols(stack: Cluster) -> None:
    ports = {port["name"]: port for port in service(stack, "api")["spec"]["ports"]}
    assert {(port["port"], port["protocol"]) for port in ports.values()} == {(80, "TCP"), (9464, "TCP"), (514, "UDP")}
    [container] = pod(stack, "api")["spec"]["containers"]
    served = {(port["name"], port["containerPort"], port["protocol"]) for port in container["ports"]}
    targets = {port["targetPort"] for port in ports.values()}
    assert {(8080, "TCP"), (9464, "TCP"), (5514, "UDP")} == {(number, protocol) for _, number, protocol in served}
    assert targets <= {name for name, _, _ in served} | {number for _, number, _ in served}


def test_probes_ask_as_the_app_says(stack: Cluster) -> None:
    [container] = pod(stack, "api")["spec"]["containers"]
    readiness, liveness = container["readinessProbe"], container["livenessProbe"]
    assert readiness["httpGet"]["path"] == "/up"
    assert readiness["httpGet"]["scheme"] == "HTTPS"
    assert readiness["httpGet"]["httpHeaders"] == [{"name": "Host", "value": "a.example.com"}]
    assert (readiness["initialDelaySeconds"], readiness["successThreshold"]) == (1, 2)
    assert liveness["grpc"] == {"port": 9464, "service": "api"}
    assert liveness["periodSeconds"] == 30


def test_labels_annotations_memory_and_folders_arrive_at_the_pods(stack: Cluster) -> None:
    template = pod(stack, "api")
    assert template["metadata"]["labels"]["team"] == service(stack, "api")["metadata"]["labels"]["team"] == "payments"
    assert template["metadata"]["annotations"]["prometheus.io/scrape"] == "true"
    [container] = template["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    by_name = {volume["name"]: volume["emptyDir"] for volume in template["spec"]["volumes"] if "emptyDir" in volume}
    folders = {mount["mountPath"]: by_name.get(mount["name"]) for mount in container["volumeMounts"]}
    assert folders["/run/api"] == {"sizeLimit": "64Mi"}
    assert folders["/var/cache/api"] == {"sizeLimit": "1Gi"}
    assert folders["/dev/shm"] == {"medium": "Memory", "sizeLimit": "64Mi"}  # noqa: S108


def test_an_ingress_has_every_host_and_path(stack: Cluster) -> None:
    ingress = plain(stack.api, NetworkingV1Api(stack.api).read_namespaced_ingress("api", STACK))
    rules = {rule["host"]: {(path["path"], path["pathType"]) for path in rule["http"]["paths"]}
             for rule in ingress["spec"]["rules"]}  # fmt: skip
    paths = {("/api", "Prefix"), ("/robots.txt", "Exact")}
    assert rules == {"a.example.com": paths, "*.b.example.com": paths}
    annotations = ingress["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    assert annotations["nginx.ingress.kubernetes.io/force-ssl-redirect"] == "true"
