"""What applications ask for, as the API server stores it: one stack, one deployment, and one that changes all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from kubernetes.client import ApiClient, ApiException, AppsV1Api, AutoscalingV2Api, CoreV1Api, NetworkingV1Api

from infra.local.cluster.load_model import apply_load, clear_load
from tests.apps.network_evaluator import Address, Pod, allowed
from tests.e2e.conftest import CLUSTER, Cluster, remove_namespaces, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
STACK = "applications"
LEVEL = "pod-security.kubernetes.io"
SPIKE_CORES = 2
SPIKE_SECONDS = 60
"""Until the autoscaler has seen the spike, and until it has seen its end: two scrapes and two of its rounds."""

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
    "quick": {"kind": "worker", "resources": {"cpu": "100m"}, "scaling": {"min": 1, "max": 9}},
    "calm": {"kind": "worker", "resources": {"cpu": "100m"}, "scaling": {"min": 1, "max": 9, "growAfter": "2m"}},
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
def stack(cluster: Cluster) -> Iterator[Cluster]:
    up(cluster, APPS)
    yield cluster
    remove_namespaces(cluster, STACK)


def plain(api: ApiClient, stored: Any) -> Any:
    """An object as the API server writes it."""
    return api.sanitize_for_serialization(stored)


def workload(cluster: Cluster, app: str) -> dict[str, Any]:
    return plain(cluster.api, AppsV1Api(cluster.api).read_namespaced_deployment(app, STACK))


def pod(cluster: Cluster, app: str) -> dict[str, Any]:
    return workload(cluster, app)["spec"]["template"]


def service(cluster: Cluster, app: str) -> dict[str, Any]:
    return plain(cluster.api, CoreV1Api(cluster.api).read_namespaced_service(app, STACK))


def levels(cluster: Cluster) -> dict[str, str]:
    labels = CoreV1Api(cluster.api).read_namespace(STACK).metadata.labels
    return {mode: labels[f"{LEVEL}/{mode}"] for mode in ("enforce", "warn", "audit")}


def opens(cluster: Cluster, caller: Pod | Address, target: Pod | Address, port: int, protocol: str = "TCP") -> bool:
    policies = NetworkingV1Api(cluster.api).list_namespaced_network_policy(STACK).items
    return allowed([plain(cluster.api, policy) for policy in policies], caller, target, port, protocol)


def of_app(cluster: Cluster, app: str) -> Pod:
    return Pod(pod(cluster, app)["metadata"]["labels"], STACK)


def autoscaler(cluster: Cluster, app: str) -> Any:
    return AutoscalingV2Api(cluster.api).read_namespaced_horizontal_pod_autoscaler(app, STACK)


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


def test_the_network_policies_that_are_stored_open_what_the_apps_allow_and_nothing_else(stack: Cluster) -> None:
    api, broker, beat = (of_app(stack, app) for app in ("api", "broker", "beat"))
    assert opens(stack, api, api, 7800)
    assert opens(stack, api, broker, 5672)
    assert not opens(stack, api, broker, 15672)
    assert not opens(stack, beat, broker, 5672)
    assert opens(stack, api, Pod({"app.kubernetes.io/name": "postgres"}, "data"), 5432)
    assert not opens(stack, api, Pod({"app.kubernetes.io/name": "redis"}, "data"), 5432)
    assert opens(stack, api, Address("10.20.0.2"), 53, "UDP")
    assert not opens(stack, api, Address("10.20.0.2"), 443)
    assert opens(stack, Pod({"app": "prometheus"}, "monitoring"), api, 9464)
    assert not opens(stack, Pod({"app": "prometheus"}, "monitoring"), api, 8080)


def test_the_namespace_admits_the_root_that_an_app_asks_for_and_no_more(stack: Cluster) -> None:
    assert levels(stack) == {"enforce": "baseline", "warn": "restricted", "audit": "restricted"}
    pods = CoreV1Api(stack.api).list_namespaced_pod(STACK, label_selector="app.kubernetes.io/name=broker").items
    assert [one.spec.containers[0].security_context.capabilities.add for one in pods] == [["CHOWN", "SETUID"]]
    assert pods[0].spec.security_context.run_as_user == 0
    privileged = {
        "metadata": {"name": "privileged"},
        "spec": {"containers": [{"name": "it", "image": "busybox:1", "securityContext": {"privileged": True}}]},
    }
    with pytest.raises(ApiException) as refusal:
        CoreV1Api(stack.api).create_namespaced_pod(STACK, privileged, dry_run="All")
    assert refusal.value.status == 403
    assert "baseline" in refusal.value.body


def test_an_app_that_is_off_has_no_pods_and_one_that_is_replaced_never_two(stack: Cluster) -> None:
    assert workload(stack, "importer")["spec"]["replicas"] == 0
    assert "readyReplicas" not in workload(stack, "importer")["status"]
    assert workload(stack, "beat")["spec"]["strategy"] == {"type": "Recreate"}


def test_a_spike_of_seconds_brings_replicas_to_an_app_that_grows_at_once_and_none_to_a_calm_one(
    stack: Cluster,
) -> None:
    def use(app: str) -> int:
        metrics = autoscaler(stack, app).status.current_metrics or []
        # Until the first round of the autoscaler, an entry says nothing.
        known = [metric.resource.current for metric in metrics if metric.resource is not None]
        return sum(current.average_utilization or 0 for current in known)

    def replicas(app: str) -> int:
        return workload(stack, app)["spec"]["replicas"]

    def held() -> bool:
        conditions = autoscaler(stack, "calm").status.conditions or []
        return any(condition.reason == "ScaleUpStabilized" for condition in conditions)

    wait_for("metrics of both", lambda: use("calm") > 0 and use("quick") > 0, SPIKE_SECONDS)
    try:
        for app in ("calm", "quick"):
            apply_load(stack.api, STACK, app, cores=SPIKE_CORES, replicas=1)
        wait_for("the answer to the spike", lambda: replicas("quick") > 1 and held(), SPIKE_SECONDS)
    finally:
        for app in ("calm", "quick"):
            clear_load(stack.api, STACK, app)
    assert replicas("quick") == 9
    wait_for("the end of the spike", lambda: use("calm") < 60, SPIKE_SECONDS)
    assert replicas("calm") == 1


def test_an_update_changes_all_of_it(stack: Cluster) -> None:
    api = {
        **API,
        "servicePort": 8081,
        "ports": {"metrics": 9464},
        "labels": {"team": "checkout"},
        "resources": {"cpu": "50m", "memory": "128Mi"},
        "writable": ["/run/api"],
        "shm": "32Mi",
        "health": {"readiness": {"tcp": 8080}},
        "traffic": {"host": "c.example.com"},
        "allowTo": [{"app": "broker", "ports": ["management"]}],
    }
    broker = {key: value for key, value in BROKER.items() if key != "security"}
    importer = {"kind": "worker", "replicas": 1}
    up(stack, {**APPS, "api": api, "broker": broker, "importer": importer})

    assert {(port["port"], port["protocol"]) for port in service(stack, "api")["spec"]["ports"]} == {
        (8081, "TCP"), (9464, "TCP")
    }  # fmt: skip
    template = pod(stack, "api")
    [container] = template["spec"]["containers"]
    assert template["metadata"]["labels"]["team"] == service(stack, "api")["metadata"]["labels"]["team"] == "checkout"
    assert container["resources"]["limits"] == {"memory": "128Mi"}
    assert "/var/cache/api" not in {mount["mountPath"] for mount in container["volumeMounts"]}
    assert container["readinessProbe"]["tcpSocket"] == {"port": 8080}
    assert opens(stack, of_app(stack, "api"), of_app(stack, "broker"), 15672)
    assert not opens(stack, of_app(stack, "api"), of_app(stack, "broker"), 5672)
    ingress = plain(stack.api, NetworkingV1Api(stack.api).read_namespaced_ingress("api", STACK))
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["c.example.com"]
    assert levels(stack)["enforce"] == "restricted"
    assert workload(stack, "importer")["status"]["readyReplicas"] == 1
