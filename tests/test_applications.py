"""Applications that people bring can be said as their own files say them, and pass in dev on any platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.plan import Plan, plan_of_file
from infra.settings.stack_file import stack_config

DEV = Path(__file__).parents[1] / "stacks" / "Pulumi.dev.yaml"
INFRASTRUCTURE = ("platform", "network", "cluster", "nodePools", "loadBalancer")
ON = pytest.mark.parametrize("platform", ["existing", "eks"])

KAFKA = """
kafka:
  kind: stateful
  image: docker.io/apache/kafka:4.0.0
  replicas: 3
  start: parallel
  port: 9092
  ports: { controller: 9093, internal: 19092 }
  command: [sh, -c, "export KAFKA_NODE_ID=$((${HOSTNAME##*-} + 1)) && exec /etc/kafka/docker/run"]
  env:
    POD_NAME: { field: metadata.name }
    KAFKA_PROCESS_ROLES: broker,controller
    KAFKA_CONTROLLER_QUORUM_VOTERS: 1@kafka-0.kafka-peers:9093,2@kafka-1.kafka-peers:9093,3@kafka-2.kafka-peers:9093
    KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://$(POD_NAME).kafka-peers:19092
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 3
    KAFKA_LOG_DIRS: /var/lib/kafka/data/logs
  health: { startWithin: 5m, readiness: { tcp: 9092 } }
  resources: { cpu: 500m, memory: 2Gi }
  security: { user: 1000, group: 1000, readOnlyRoot: false }
  volumes: { data: { mount: /var/lib/kafka/data, size: 20Gi, kind: persistent } }
topics:
  kind: job
  image: docker.io/apache/kafka:4.0.0
  command: [kafka-topics.sh, --bootstrap-server, "kafka:9092", --topic, orders, --create, --partitions, 6]
  resources: { memory: 512Mi }
  allowTo: [kafka]
  dependsOn: [kafka]
"""
COREDNS = """
coredns:
  image: docker.io/coredns/coredns:1.12.2
  args: [-conf, /etc/coredns/Corefile]
  ports:
    dns: { port: 5353, protocol: udp, servicePort: 53 }
    dns-tcp: { port: 5353, servicePort: 53 }
    ready: 8181
  files: { /etc/coredns/Corefile: ".:5353 { ready\\n forward . 9.9.9.9 }\\n" }
  health: { readiness: { http: /ready, port: 8181 } }
  traffic: { protocol: udp }
  allowTo: [{ cidr: 9.9.9.9/32, ports: [53/udp, 53] }]
"""


def _plan(apps: str, platform: str, folder: Path) -> Plan:
    config: dict[str, Any] = {"nightowl:platform": {"kind": "existing", "context": "any"}}
    if platform == "eks":
        dev = stack_config(DEV)
        config = {f"nightowl:{section}": dev[f"nightowl:{section}"] for section in INFRASTRUCTURE}
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": {**config, "nightowl:apps": yaml.safe_load(apps)}}))
    plan = plan_of_file(file, "dev")
    assert plan.policies.mandatory == []
    return plan


def _object(plan: Plan, kind: str, name: str) -> Mapping[str, Any]:
    return next(
        resource.props
        for resource in plan.graph
        if resource.props.get("kind") == kind and resource.props["metadata"].get("name") == name
    )


@ON
def test_brokers_of_kafka_announce_names_that_answer_before_they_are_ready(platform: str, tmp_path: Path) -> None:
    plan = _plan(KAFKA, platform, tmp_path)
    container = _object(plan, "StatefulSet", "kafka")["spec"]["template"]["spec"]["containers"][0]
    variables = [variable["name"] for variable in container["env"]]
    assert variables.index("POD_NAME") < variables.index("KAFKA_ADVERTISED_LISTENERS")
    assert _object(plan, "Service", "kafka-peers")["spec"]["publishNotReadyAddresses"] is True


@ON
def test_a_name_server_answers_datagrams_and_connections_on_one_port(platform: str, tmp_path: Path) -> None:
    plan = _plan(COREDNS, platform, tmp_path)
    ports = _object(plan, "Service", "coredns")["spec"]["ports"]
    assert {(port["port"], port["targetPort"], port["protocol"]) for port in ports if port["port"] == 53} == {
        (53, 5353, "UDP"),
        (53, 5353, "TCP"),
    }


GHOST = """
ghost:
  image: docker.io/library/ghost:5-alpine
  port: 2368
  replicas: 1
  env:
    url: https://blog.dev.example.com
    database__client: mysql
    database__connection__host: db
    database__connection__user: root
    database__connection__database: ghost
  secrets: { db: { ref: ghost/mysql, env: database__connection__password } }
  health:
    startWithin: 5m
    readiness: { http: /ghost/api/admin/site/, headers: { Host: blog.dev.example.com, X-Forwarded-Proto: https } }
  security: { user: 1000, group: 1000 }
  resources: { memory: 512Mi }
  volumes: { content: { mount: /var/lib/ghost/content, size: 10Gi, kind: persistent } }
  traffic: { host: blog.dev.example.com }
  dependsOn: [db]
  allowTo: [db]
db:
  kind: worker
  image: docker.io/library/mysql:8.4.10
  ports: { mysql: 3306 }
  replicas: 1
  env: { MYSQL_ROOT_PASSWORD_FILE: /run/secrets/mysql }
  secrets: { mysql: ghost/mysql }
  security: { user: 999, group: 999 }
  resources: { memory: 1Gi }
  volumes: { data: { mount: /var/lib/mysql, size: 10Gi, kind: persistent, subPath: data } }
  writable: [/var/run/mysqld]
"""
OUT_OF_A_COMPOSE_FILE = """
web:
  image: registry.example.com/web:1
  port: 8000
  env: { DATABASE_URL: "postgres://postgres:$(DB_PASSWORD)@db/web", REDIS_HOST: redis }
  secrets: { db: { ref: web/db, env: DB_PASSWORD } }
  allowTo: [db]
db:
  kind: worker
  image: postgres:17
  ports: { postgres: 5432 }
  replicas: 1
  volumes: { data: { mount: /var/lib/postgresql/data, size: 10Gi, kind: persistent } }
redis: { kind: worker, image: "redis:8-alpine", ports: { redis: 6379 }, replicas: 1 }
"""


@ON
def test_a_blog_with_its_database_keeps_the_top_of_the_disk_out_of_mysqls_sight(platform: str, tmp_path: Path) -> None:
    plan = _plan(GHOST, platform, tmp_path)
    assert plan.graph.warnings == ()
    mounts = _object(plan, "Deployment", "db")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    assert {"name": "volume-data", "mountPath": "/var/lib/mysql", "subPath": "data"} in mounts


@ON
def test_what_compose_forgives_and_a_cluster_does_not_is_told_before_anything_is_made(
    platform: str, tmp_path: Path
) -> None:
    warnings = _plan(OUT_OF_A_COMPOSE_FILE, platform, tmp_path).graph.warnings
    assert [key for line in warnings for key in re.findall(r"nightowl:[\w.]+(?=: )", line)] == [
        "nightowl:apps.db.writable",
        "nightowl:apps.db.env.PGDATA",
        "nightowl:apps.redis.security.user",
        "nightowl:apps.web.env.REDIS_HOST",
    ]


@ON
def test_nobody_is_told_to_share_the_files_of_a_database_without_a_warning(platform: str, tmp_path: Path) -> None:
    violations = _plan(GHOST, platform, tmp_path).policies.violations
    sharing = [one.remedy for one in violations if "shared: true" in one.remedy]
    assert sharing
    assert all("those of a database may not" in remedy for remedy in sharing)
