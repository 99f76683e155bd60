"""What objects become in a stack file."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

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
        "tls.pem": "credentials/tls.pem",
        "password": {"ref": "credentials/password", "env": "DB_PASSWORD"},
        "admin_password": {"ref": "web/admin_password", "env": "ADMIN_PASSWORD"},
    }
    assert result.apps["web"]["env"] == {"CERTIFICATE": "/run/secrets/tls.pem"}
    everything = result.text + str(result.findings) + str(result.draft.steps) + str(result.draft.files)
    assert not any(value in everything for value in ("hunter2", "staple-battery", "another-value"))
    assert any("all.yaml" in step.command and "credentials" in step.command for step in result.draft.steps)


def test_the_folder_of_a_claim_that_a_container_mounts_stays_the_one_where_its_data_is(tmp_path: Path) -> None:
    web = deployment(
        container="volumeMounts: [{ name: data, mountPath: /var/lib/mysql, subPath: mysql }]",
        pod="volumes: [{ name: data, persistentVolumeClaim: { claimName: data }}]",
    )
    volume = imported(tmp_path, web).apps["web"]["volumes"]["data"]
    assert volume == {"mount": "/var/lib/mysql", "claim": "data", "subPath": "mysql"}


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
    assert "Deployment.web.spec.strategy.rollingUpdate" in result.told(Column.TAKEN)


def test_of_many_apps_one_that_names_nobody_may_call_all_as_before(tmp_path: Path) -> None:
    many = [deployment(f"app{index}", container="ports: [{ containerPort: 8080 }]") for index in range(12)]
    allowed = imported(tmp_path, *many).apps["app0"]["allowTo"]
    assert allowed == [*(f"app{index}" for index in range(1, 12)), "0.0.0.0/0"]


@pytest.mark.parametrize(
    ("follower", "allowed"),
    [
        (deployment("cache-replica", container="ports: [{ containerPort: 6379 }]"), True),
        (deployment("other", container="args: [--replicaof, cache, '6379']\nports: [{ containerPort: 6379 }]"), True),
        (deployment("other", container="ports: [{ containerPort: 6379 }]"), False),
        (deployment("db-replica", container="ports: [{ containerPort: 5432 }]"), False),
    ],
)
def test_a_store_calls_those_whose_data_it_has(follower: str, allowed: bool, tmp_path: Path) -> None:
    store = deployment("cache", container="ports: [{ containerPort: 6379 }]")
    apps = imported(tmp_path, store, follower).apps
    (name,) = apps.keys() - {"cache"}
    assert ("cache" in apps[name].get("allowTo", [])) is allowed


def test_a_service_that_is_gone_is_called_by_the_name_of_its_app_among_other_words_too(tmp_path: Path) -> None:
    command = """command: [sh, -c, 'join "db-public" /etc/db-public.conf']"""
    database = DATABASE.replace(
        "          ports:", f"          {command}\n          args: [--join, db-public]\n          ports:"
    )
    public = service("db-public", app="db", ports="[{ port: 5432 }]")
    app = imported(tmp_path, database, HEADLESS, public).apps["db"]
    assert app["command"] == ["sh", "-c", 'join "db" /etc/db-public.conf']
    assert app["args"] == ["--join", "db"]


def test_variables_of_services_are_there_where_a_container_names_them(tmp_path: Path) -> None:
    container = """
    command: [sh, -c, "exec proxy $MY_API_SERVICE_HOST"]
    env: [{ name: URL, value: "http://$(MY_API_SERVICE_HOST):$(MY_API_SERVICE_PORT)" }]
    """
    caller = deployment("caller", container=container)
    result = imported(tmp_path, deployment("api-v1"), service("my-api", app="api-v1"), caller)
    assert result.apps["caller"]["env"] == {
        "URL": "http://$(MY_API_SERVICE_HOST):$(MY_API_SERVICE_PORT)",
        "MY_API_SERVICE_HOST": "my-api",
        "MY_API_SERVICE_PORT": "80",
    }


def test_a_hook_of_argo_cd_before_a_deployment_comes_first(tmp_path: Path) -> None:
    hook = NIGHTLY.replace("CronJob", "Job").replace(
        "metadata: { name: nightly }",
        "metadata: { name: nightly, annotations: { argocd.argoproj.io/hook: PreSync } }",
    )
    hook = hook[: hook.index("spec:")] + dedent(hook[hook.index("    spec:") :])
    assert imported(tmp_path, deployment(), hook).apps["web"]["dependsOn"] == ["nightly"]


def test_what_says_nothing_is_as_if_it_were_left_out(tmp_path: Path) -> None:
    pod = (
        "affinity: {}\nnodeSelector:\ninitContainers:\nhostAliases: []\nvolumes: [{ name: a }, { name: b, emptyDir: }]"
    )
    container = "livenessProbe:\nresources: {}\nvolumeMounts: [{ name: a, mountPath: /a }, { name: b, mountPath: /b }]"
    result = imported(tmp_path, deployment(pod=pod, container=container, more="paused: null\nstrategy: {}"))
    assert result.told(Column.MISSING) == {}
    assert result.apps["web"]["volumes"] == {
        "a": {"mount": "/a", "size": "1Gi"},
        "b": {"mount": "/b", "size": "1Gi"},
    }


def test_an_object_that_is_there_twice_is_taken_once_and_its_place_is_told(tmp_path: Path) -> None:
    other = SETTINGS.replace("info", "debug")
    web = deployment(container="envFrom: [{ configMapRef: { name: settings } }]")
    result = imported(tmp_path, web, SETTINGS, other, deployment())
    assert list(result.apps) == ["web"]
    assert result.apps["web"]["env"]["LEVEL"] == "info"
    told = result.told(Column.MISSING)
    assert "all.yaml:19 too" in told['ConfigMap["settings (2)"]']
    assert "all.yaml:2 too" in told['Deployment["web (2)"]']


def test_pods_get_the_config_map_of_their_own_namespace(tmp_path: Path) -> None:
    inside = "metadata: {{ name: {}, namespace: blue }}"
    mine = SETTINGS.replace("info", "debug").replace("metadata: { name: settings }", inside.format("settings"))
    web = deployment(container="envFrom: [{ configMapRef: { name: settings } }]")
    web = web.replace("metadata: { name: web }", inside.format("web"))
    result = imported(tmp_path, SETTINGS.replace("settings }", "settings, namespace: green }"), mine, web)
    assert result.apps["web"]["env"]["LEVEL"] == "debug"


@pytest.mark.parametrize(
    ("kinds", "names", "paths"),
    [
        (("Role:x", "Role:x"), ("a.b", "a-b"), {"20-role-x-a.b.yaml", "20-role-x-a-b.yaml"}),
        (
            ("../../stacks/x", "Widget"),
            ("../b", "system:c"),
            {"20-..-..-stacks-x-..-b.yaml", "20-widget-system-c.yaml"},
        ),
    ],
)
def test_an_object_that_stays_as_it_is_has_a_file_in_its_folder(
    kinds: tuple[str, str], names: tuple[str, str], paths: set[str], tmp_path: Path
) -> None:
    others = [
        json.dumps({"apiVersion": "example.com/v1", "kind": kind, "metadata": {"name": name}})
        for kind, name in zip(kinds, names, strict=True)
    ]
    result = imported(tmp_path, deployment(), *others)
    assert set(result.draft.files) == {f"manifests/shop/{path}" for path in paths}


@pytest.mark.parametrize(
    "second",
    [
        "{ name: DB_PASSWORD, value: other-hoot-5678 }",
        "{ name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: a, key: b } } }",
    ],
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_containers_of_a_pod_with_different_secrets_under_one_name_do_not_share_one(
    second: str, is_turned: bool, tmp_path: Path
) -> None:
    first = "{ name: DB_PASSWORD, value: hoot-hoot-1234 }"
    if is_turned:
        first, second = second, first
    helper = f"- {{ name: helper, image: 'helper:1.0.0', env: [{second}] }}"
    result = imported(tmp_path, deployment(container=f"env: [{first}]").rstrip() + f"\n        {helper}\n")
    assert list(result.apps["web"]["secrets"]) == ["b" if "secretKeyRef" in first else "db_password"]
    key = "Deployment.web.spec.template.spec.containers[1].env[0]"
    assert "is another secret already" in result.told(Column.MISSING)[key]
    same = imported(tmp_path, deployment(container=f"env: [{second}]").rstrip() + f"\n        {helper}\n")
    assert same.told(Column.MISSING) == {}


@pytest.mark.parametrize(
    ("given", "path"),
    [("/api.*", "/api"), ("/api(/|$)(.*)", "/api"), ("/v1.0/api", "/v1.0/api"), ("/static/*", "/static")],
)
def test_a_path_with_a_pattern_is_what_comes_before_it(given: str, path: str, tmp_path: Path) -> None:
    web = deployment(container="ports: [{ containerPort: 8080 }]")
    ingress = INGRESS.replace("path: /api", f"path: '{given}'")
    assert imported(tmp_path, web, service(), ingress).apps["web"]["traffic"]["path"] == path


def test_two_folders_of_one_claim_are_two_volumes_which_the_report_names(tmp_path: Path) -> None:
    mounts = "[{ name: data, mountPath: /a, subPath: one }, { name: data, mountPath: /b, subPath: two }]"
    claims = "volumeClaimTemplates: [{ metadata: { name: data }, spec: { resources: { requests: { storage: 1Gi } } } }]"
    db = deployment("db", container=f"volumeMounts: {mounts}", more=claims).replace("Deployment", "StatefulSet")
    result = imported(tmp_path, db)
    assert {name: one["subPath"] for name, one in result.apps["db"]["volumes"].items()} == {
        "data": "one",
        "data-2": "two",
    }
    assert any(text.endswith("; data and data-2 were one") for text in result.told(Column.DECIDED).values())
