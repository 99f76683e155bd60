"""Manifests, imported and deployed: what runs means the same as the manifests say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import AppsV1Api, AutoscalingV2Api, BatchV1Api, CoreV1Api, NetworkingV1Api, V1Probe

from infra.local.up import wait_until_available
from tests.e2e.conftest import CLUSTER, Cluster, remove_namespaces

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
STACK = "market"
MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web-v2, labels: { app: web } }
spec:
  selector: { matchLabels: { app: web } }
  strategy: { rollingUpdate: { maxSurge: 50%, maxUnavailable: 0 } }
  template:
    metadata: { labels: { app: web } }
    spec:
      nodeSelector: { topology.kubernetes.io/zone: local-a }
      terminationGracePeriodSeconds: 45
      securityContext: { runAsUser: 1000, runAsNonRoot: true }
      containers:
        - name: web
          image: registry.example.com/web:1.4.0
          ports: [{ name: http, containerPort: 8080 }]
          envFrom: [{ configMapRef: { name: settings } }]
          env: [{ name: API_URL, value: "http://api.default.svc.cluster.local:9000/v1" }]
          readinessProbe: { httpGet: { path: /ready, port: http }, periodSeconds: 5 }
          livenessProbe: { httpGet: { path: /live, port: http }, periodSeconds: 20, failureThreshold: 4 }
          resources: { requests: { cpu: 250m, memory: 128Mi }, limits: { memory: 256Mi } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  rules:
    - host: market.example.com
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web-v2 }
  minReplicas: 2
  maxReplicas: 6
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 65 } } }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { LEVEL: info, SHOW: all }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  replicas: 3
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers:
        - name: api
          image: registry.example.com/api:2.0.1
          ports: [{ containerPort: 9000 }]
          env:
            - { name: DB_HOST, value: db }
            - { name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }
          readinessProbe: { tcpSocket: { port: 9000 } }
---
apiVersion: v1
kind: Service
metadata: { name: api }
spec: { selector: { app: api }, ports: [{ port: 9000 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api }
spec:
  podSelector: { matchLabels: { app: api } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 9000 }] }]
---
apiVersion: v1
kind: Secret
metadata: { name: db }
stringData: { password: hoot-hoot-1234 }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  replicas: 2
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec:
      containers:
        - name: postgres
          image: docker.io/library/postgres:17.6
          ports: [{ containerPort: 5432 }]
          env: [{ name: POSTGRES_PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }]
          readinessProbe: { exec: { command: [pg_isready] }, timeoutSeconds: 3 }
          volumeMounts: [{ name: data, mountPath: /var/lib/postgresql/data }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 2Gi } } }
---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "30 2 * * *"
  timeZone: Europe/Berlin
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 2
      activeDeadlineSeconds: 900
      template:
        spec:
          restartPolicy: Never
          containers: [{ name: nightly, image: "registry.example.com/report:1.0.0", args: [report, --all] }]
"""


@pytest.fixture(scope="module")
def given() -> Mapping[tuple[str, str], Any]:
    """The specifications of the manifests, by kind and name."""
    return {(one["kind"], one["metadata"]["name"]): one.get("spec") for one in yaml.safe_load_all(MANIFESTS)}


@pytest.fixture(scope="module")
def report(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """The report of the import, once what came of it runs on the cluster of the suite."""
    machine = cluster.machine
    folder = tmp_path_factory.mktemp(STACK)
    (folder / "all.yaml").write_text(MANIFESTS)
    imported = machine.nightowl("import", "kubernetes", str(folder), "--json", "--stack", STACK)
    assert imported.code == 0, imported.out + imported.err
    planned = machine.nightowl("plan", "-s", STACK)
    assert planned.code == 0, planned.out + planned.err
    up = cluster.up("--stack", STACK)
    try:
        assert up.code == 0, up.out + up.err
        assert wait_until_available(machine.paths(CLUSTER), STACK).available
        yield json.loads(imported.out)
    finally:
        remove_namespaces(cluster, STACK)
        Path(machine.project / "stacks" / f"Pulumi.{STACK}.yaml").unlink()


@pytest.fixture(scope="module")
def running(cluster: Cluster, report: Mapping[str, Any]) -> Mapping[str, Any]:
    """What makes pods, by the names of the apps."""
    apps = AppsV1Api(cluster.api)
    found = [*apps.list_namespaced_deployment(STACK).items, *apps.list_namespaced_stateful_set(STACK).items]
    return {one.metadata.name: one for one in found}


def container(workload: Any) -> Any:
    return workload.spec.template.spec.containers[0]


def variables(cluster: Cluster, workload: Any) -> dict[str, Any]:
    """What the variables of an app are, from its ConfigMaps and its own list."""
    core = CoreV1Api(cluster.api)
    found: dict[str, Any] = {}
    for source in container(workload).env_from or []:
        found |= core.read_namespaced_config_map(source.config_map_ref.name, STACK).data
    return found | {one.name: one.value or one.value_from for one in container(workload).env or []}


def test_each_app_has_the_name_of_its_service_and_the_replicas_of_its_manifest(
    cluster: Cluster, running: Mapping[str, Any], given: Mapping[tuple[str, str], Any]
) -> None:
    assert running.keys() == {"web", "api", "db"}
    assert running["api"].spec.replicas == given["Deployment", "api"]["replicas"]
    assert running["db"].spec.replicas == given["StatefulSet", "db"]["replicas"]
    [scaler] = AutoscalingV2Api(cluster.api).list_namespaced_horizontal_pod_autoscaler(STACK).items
    wanted = given["HorizontalPodAutoscaler", "web"]
    assert (scaler.spec.min_replicas, scaler.spec.max_replicas) == (wanted["minReplicas"], wanted["maxReplicas"])
    [metric] = scaler.spec.metrics or []
    target = wanted["metrics"][0]["resource"]["target"]["averageUtilization"]
    assert (metric.resource.name, metric.resource.target.average_utilization) == ("cpu", target)
    assert scaler.spec.scale_target_ref.name == "web"


def test_services_and_containers_have_the_ports_that_callers_know(
    cluster: Cluster, running: Mapping[str, Any], given: Mapping[tuple[str, str], Any]
) -> None:
    core = CoreV1Api(cluster.api)
    for name, workload in running.items():
        ports = core.read_namespaced_service(name, STACK).spec.ports
        assert [one.port for one in ports] == [one["port"] for one in given["Service", name]["ports"]]
        numbers = {one.name: one.container_port for one in container(workload).ports}
        assert [numbers.get(one.target_port, one.target_port) for one in ports] == list(numbers.values())
    numbers = {name: [one.container_port for one in container(one).ports] for name, one in running.items()}
    assert numbers == {"web": [8080], "api": [9000], "db": [5432]}


def test_variables_come_from_the_same_places(cluster: Cluster, running: Mapping[str, Any]) -> None:
    web, api, db = (variables(cluster, running[name]) for name in ("web", "api", "db"))
    assert (web["LEVEL"], web["SHOW"], web["API_URL"]) == ("info", "all", "http://api:9000/v1")
    assert api["DB_HOST"] == "db"
    for own, key in ((api, "DB_PASSWORD"), (db, "POSTGRES_PASSWORD")):
        assert (own[key].secret_key_ref.name, own[key].secret_key_ref.key) == ("db", "password")


def test_probes_ask_the_same_as_often(running: Mapping[str, Any]) -> None:
    ready: V1Probe = container(running["web"]).readiness_probe
    alive: V1Probe = container(running["web"]).liveness_probe
    assert (ready.http_get.path, ready.period_seconds) == ("/ready", 5)
    assert (alive.http_get.path, alive.period_seconds, alive.failure_threshold) == ("/live", 20, 4)
    assert container(running["api"]).readiness_probe.tcp_socket is not None
    asked: V1Probe = container(running["db"]).readiness_probe
    assert (asked._exec.command, asked.timeout_seconds) == (["pg_isready"], 3)


def test_pods_run_where_and_as_whom_and_with_what_they_did(running: Mapping[str, Any]) -> None:
    pod = running["web"].spec.template.spec
    assert pod.node_selector == {"topology.kubernetes.io/zone": "local-a"}
    assert pod.termination_grace_period_seconds >= 45
    assert {pod.security_context.run_as_user, container(running["web"]).security_context.run_as_user} & {1000}
    resources = container(running["web"]).resources
    assert resources.requests == {"cpu": "250m", "memory": "128Mi"}
    assert resources.limits["memory"] == "256Mi"
    update = running["web"].spec.strategy.rolling_update
    assert (update.max_surge, update.max_unavailable) == ("50%", 0)


def test_who_may_call_is_who_was_named(cluster: Cluster, running: Mapping[str, Any]) -> None:
    def callers(app: str) -> set[str]:
        policy = NetworkingV1Api(cluster.api).read_namespaced_network_policy(app, STACK)
        peers = [peer for rule in policy.spec.ingress or [] for peer in rule._from or [] if peer.pod_selector]
        labels = [peer.pod_selector.match_labels or {} for peer in peers]
        return {one["app.kubernetes.io/name"] for one in labels if "app.kubernetes.io/name" in one}

    assert callers("api") == {"web"}
    assert {"api", "web", "nightly"} <= callers("db")


def test_each_replica_of_the_database_has_the_claim_of_the_template(
    cluster: Cluster, running: Mapping[str, Any]
) -> None:
    claims = CoreV1Api(cluster.api).list_namespaced_persistent_volume_claim(STACK).items
    assert {one.metadata.name for one in claims} == {"volume-data-db-0", "volume-data-db-1"}
    assert {one.spec.resources.requests["storage"] for one in claims} == {"2Gi"}
    mounts = [one.mount_path for one in container(running["db"]).volume_mounts]
    assert "/var/lib/postgresql/data" in mounts


def test_the_cron_job_has_its_time(
    cluster: Cluster, running: Mapping[str, Any], given: Mapping[tuple[str, str], Any]
) -> None:
    job = BatchV1Api(cluster.api).read_namespaced_cron_job("nightly", STACK).spec
    wanted = given["CronJob", "nightly"]
    assert (job.schedule, job.time_zone, job.concurrency_policy) == (
        wanted["schedule"],
        wanted["timeZone"],
        wanted["concurrencyPolicy"],
    )
    runs, wanted_runs = job.job_template.spec, wanted["jobTemplate"]["spec"]
    assert runs.backoff_limit == wanted_runs["backoffLimit"]
    assert runs.template.spec.containers[0].args == ["report", "--all"]


def test_the_report_names_the_secret_and_has_no_value_of_it(cluster: Cluster, report: Mapping[str, Any]) -> None:
    stack_file = cluster.machine.project / "stacks" / f"Pulumi.{STACK}.yaml"
    assert "hoot-hoot-1234" not in f"{stack_file.read_text()}{json.dumps(report)}"
    assert any("apply Secret db" in step["what"] for step in report["steps"])
    columns = {finding["key"]: finding["column"] for finding in report["findings"]}
    assert columns["Deployment.api.spec.replicas"] == "taken over"
    assert "no equivalent" not in columns.values()
