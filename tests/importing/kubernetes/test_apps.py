"""What objects become in a stack file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.importing.keys import Column
from infra.plan.plan import plan_of_file
from tests.importing.kubernetes.importing import deployment, imported, service

INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations: { nginx.ingress.kubernetes.io/force-ssl-redirect: "true" }
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - { path: /api, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }
"""
AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 2
  maxReplicas: 8
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } } }]
  behavior: { scaleDown: { stabilizationWindowSeconds: 60 } }
"""
SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { LEVEL: info, app.conf: "workers = 4\\n" }
"""
DATABASE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db-headless
  replicas: 3
  podManagementPolicy: Parallel
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec:
      containers:
        - name: db
          image: docker.io/library/postgres:17.6
          ports: [{ containerPort: 5432, name: sql }]
          env: [{ name: PRIMARY, value: db-0.db-headless.default.svc.cluster.local }]
          volumeMounts: [{ name: data, mountPath: /var/lib/postgresql/data }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 20Gi } } }
"""
HEADLESS = service("db-headless", app="db", ports="[{ port: 5432, targetPort: sql }]", more="clusterIP: None")
NIGHTLY = """
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "30 2 * * *"
  timeZone: Europe/Berlin
  concurrencyPolicy: Replace
  jobTemplate:
    spec:
      activeDeadlineSeconds: 900
      backoffLimit: 1
      template:
        spec:
          restartPolicy: Never
          containers: [{ name: nightly, image: "registry.example.com/report:1.0.0", args: [report] }]
"""


def test_a_small_shop_is_written_as_a_person_would(tmp_path: Path) -> None:
    web = deployment(
        container="""
        ports: [{ name: http, containerPort: 8080 }]
        envFrom: [{ configMapRef: { name: settings } }]
        readinessProbe: { httpGet: { path: /ready, port: http } }
        livenessProbe: { httpGet: { path: /live, port: http }, failureThreshold: 6 }
        resources: { requests: { cpu: 250m, memory: 128Mi }, limits: { memory: 256Mi } }
        securityContext: { runAsUser: 1000, readOnlyRootFilesystem: true }
        """,
        pod="terminationGracePeriodSeconds: 60",
    )
    result = imported(
        tmp_path,
        web,
        service(ports="[{ port: 80, targetPort: http }]"),
        INGRESS,
        AUTOSCALER,
        SETTINGS.replace("app.conf", "MODE"),
    )
    assert result.apps["web"] == {
        "image": "registry.example.com/web:1.2.3",
        "port": 8080,
        "servicePort": 80,
        "traffic": {"redirect": "https", "host": "shop.example.com", "path": "/api"},
        "env": {"LEVEL": "info", "MODE": "workers = 4\n"},
        "health": {"readiness": "/ready", "liveness": {"http": "/live", "failures": 6}},
        "scaling": {"min": 2, "max": 8, "cpu": "70%", "shrinkAfter": "1m"},
        "resources": {"cpu": "250m", "memory": "128Mi", "memoryLimit": "256Mi"},
        "security": {"user": 1000, "group": 1000},
        "rollout": {"finishWithin": "1m"},
        "allowTo": ["0.0.0.0/0"],
    }
    assert result.told(Column.MISSING) == result.told(Column.DANGEROUS) == {}


def test_replicas_with_names_keep_their_order_their_disks_and_their_addresses(tmp_path: Path) -> None:
    db = imported(tmp_path, DATABASE, HEADLESS, service("db", ports="[{ port: 5432 }]")).apps["db"]
    assert (db["kind"], db["replicas"], db["start"]) == ("stateful", 3, "parallel")
    assert db["volumes"] == {"data": {"mount": "/var/lib/postgresql/data", "size": "20Gi", "kind": "persistent"}}
    assert db["env"] == {"PRIMARY": "db-0.db-peers"}


def test_a_cron_job_keeps_its_time_and_what_happens_when_it_overlaps(tmp_path: Path) -> None:
    app = imported(tmp_path, NIGHTLY).apps["nightly"]
    assert {key: app[key] for key in ("kind", "schedule", "timeZone", "overlap", "timeout", "retries", "args")} == {
        "kind": "cron",
        "schedule": "30 2 * * *",
        "timeZone": "Europe/Berlin",
        "overlap": "replace",
        "timeout": "15m",
        "retries": 1,
        "args": ["report"],
    }


def test_what_others_call_is_the_name_of_the_app(tmp_path: Path) -> None:
    caller = deployment("caller", container="env: [{ name: API_URL, value: 'http://api.default.svc:80/v1' }]")
    result = imported(tmp_path, deployment("api-v1"), service("api", app="api-v1"), caller)
    assert set(result.apps) == {"api", "caller"}
    assert result.apps["caller"]["env"] == {"API_URL": "http://api:80/v1"}
    assert "Deployment.api-v1.metadata.name" in result.told(Column.DECIDED)


def test_a_service_in_front_of_two_deployments_is_reported(tmp_path: Path) -> None:
    two = [deployment(name).replace("app: " + name, "app: reviews") for name in ("reviews-v1", "reviews-v2")]
    result = imported(tmp_path, *two, service("reviews"))
    assert set(result.apps) == {"reviews", "reviews-v2"}
    assert "reviews-v2" in result.told(Column.MISSING)["Service.reviews.spec.selector"]


def test_no_value_of_a_secret_is_written_or_printed(tmp_path: Path) -> None:
    values = {"password": "hunter2-correct-horse", "tls.pem": "another-value"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "credentials"}, "stringData": values}
    web = deployment(
        container="""
        env:
          - { name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: credentials, key: password } } }
          - { name: ADMIN_PASSWORD, value: staple-battery-42 }
          - { name: CERTIFICATE, value: /etc/credentials/tls.pem }
        volumeMounts: [{ name: credentials, mountPath: /etc/credentials }]
        """,
        pod="""
        volumes: [{ name: credentials, secret: { secretName: credentials, items: [{ key: tls.pem, path: tls.pem }] }}]
        """,
    )
    result = imported(tmp_path, web, json.dumps(secret))
    assert result.apps["web"]["secrets"] == {
        "tls-pem": "credentials/tls.pem",
        "password": {"ref": "credentials/password", "env": "DB_PASSWORD"},
        "admin_password": {"ref": "web/admin_password", "env": "ADMIN_PASSWORD"},
    }
    assert result.apps["web"]["env"] == {"CERTIFICATE": "/run/secrets/tls-pem"}
    everything = result.text + str(result.findings) + str(result.draft.steps) + str(result.draft.files)
    assert not any(value in everything for value in ("hunter2", "staple-battery", "another-value"))
    assert any("all.yaml" in step.command and "credentials" in step.command for step in result.draft.steps)


def test_files_of_a_config_map_are_files(tmp_path: Path) -> None:
    web = deployment(
        container="volumeMounts: [{ name: conf, mountPath: /etc/app.conf, subPath: app.conf }]",
        pod="volumes: [{ name: conf, configMap: { name: settings } }]",
    )
    assert imported(tmp_path, web, SETTINGS).apps["web"]["files"] == {"/etc/app.conf": "workers = 4\n"}


def test_what_takes_hold_of_a_node_is_left_out_as_dangerous(tmp_path: Path) -> None:
    web = deployment(
        container="""
        ports: [{ containerPort: 8080, hostPort: 80 }]
        securityContext: { privileged: true, capabilities: { add: [SYS_ADMIN] } }
        volumeMounts: [{ name: docker, mountPath: /var/run/docker.sock }]
        """,
        pod="""
        hostNetwork: true
        volumes: [{ name: docker, hostPath: { path: /var/run/docker.sock } }]
        """,
    )
    result = imported(tmp_path, web)
    told = {key.rpartition(".")[2] for key in result.told(Column.DANGEROUS)}
    assert {"hostNetwork", "hostPort", "privileged", "hostPath", "add[0]"} <= told
    assert "volumes" not in result.apps["web"]


def test_flows_are_those_that_network_policies_leave(tmp_path: Path) -> None:
    policy = """
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: { name: db }
    spec:
      podSelector: { matchLabels: { app: db } }
      policyTypes: [Ingress]
      ingress:
        - from: [{ podSelector: { matchLabels: { app: web } } }]
        - from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }]
    """
    apps = [deployment(name, container="ports: [{ containerPort: 8080 }]") for name in ("web", "other", "db")]
    result = imported(tmp_path, *apps, service("db"), policy)
    assert "db" in result.apps["web"]["allowTo"]
    assert "db" not in result.apps["other"]["allowTo"]
    assert result.apps["db"]["allowFrom"] == [{"namespace": "monitoring"}]


def test_a_hook_of_helm_in_the_image_of_an_app_is_its_release(tmp_path: Path) -> None:
    hook = """
    apiVersion: batch/v1
    kind: Job
    metadata: { name: migrate, annotations: { helm.sh/hook: "pre-install,pre-upgrade" } }
    spec:
      activeDeadlineSeconds: 300
      template:
        spec:
          restartPolicy: Never
          containers: [{ name: migrate, image: "registry.example.com/web:1.2.3", command: [./migrate] }]
    """
    result = imported(tmp_path, deployment(), hook)
    assert set(result.apps) == {"web"}
    assert result.apps["web"]["release"] == {"command": ["./migrate"], "timeout": "5m", "retries": 6}


def test_objects_of_other_kinds_stay_as_they_are_without_what_a_cluster_writes(tmp_path: Path) -> None:
    monitor = """
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: web
      namespace: production
      uid: 1b2c
      annotations: { kubectl.kubernetes.io/last-applied-configuration: "{}" }
    spec: { endpoints: [{ port: http }] }
    status: {}
    """
    result = imported(tmp_path, deployment(), monitor)
    assert result.draft.sections == {"manifests": ["manifests/shop"]}
    (text,) = result.draft.files.values()
    assert text == (
        "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata:\n  name: web\nspec:\n  endpoints:\n"
        "  - port: http\n"
    )


def test_what_is_imported_passes_at_the_levels_of_dev(tmp_path: Path) -> None:
    result = imported(tmp_path, deployment(), service(), INGRESS, AUTOSCALER, SETTINGS, DATABASE, HEADLESS, NIGHTLY)
    (tmp_path / "Pulumi.yaml").write_text("name: nightowl\n")
    for path, text in {"stacks/Pulumi.shop.yaml": result.text, **result.draft.files}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert plan_of_file(tmp_path / "stacks/Pulumi.shop.yaml", "dev").policies.mandatory == []


@pytest.mark.parametrize("kind", ["Role", "ClusterRole", "DaemonSet", "StorageClass", "ValidatingWebhookConfiguration"])
def test_what_is_of_those_who_run_the_cluster_is_reported(kind: str, tmp_path: Path) -> None:
    other = json.dumps({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}})
    result = imported(tmp_path, deployment(), other)
    assert f"{kind}.x" in {**result.told(Column.MISSING), **result.told(Column.DANGEROUS)}
    assert result.draft.files == {}


def test_a_store_calls_nobody_and_of_many_apps_each_may_call_those_that_it_names(tmp_path: Path) -> None:
    ports = "ports: [{ containerPort: 8080 }]"
    many = [deployment(f"app{index}", container=ports) for index in range(10)]
    caller = deployment("caller", container="env: [{ name: API, value: 'http://app3/v1' }]")
    store = deployment("store", container="ports: [{ containerPort: 5432 }]")
    apps = imported(tmp_path, *many, caller, store).apps
    assert apps["caller"]["allowTo"] == ["app3", "0.0.0.0/0"]
    assert "allowTo" not in apps["store"]


def test_an_update_without_figures_as_charts_write_it_is_known(tmp_path: Path) -> None:
    result = imported(tmp_path, deployment(more="strategy: { type: Recreate, rollingUpdate: null }"))
    assert "Deployment.web.spec.strategy.rollingUpdate" in result.told(Column.DECIDED)
