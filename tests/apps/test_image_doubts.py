"""What would keep a well-known image from starting is told before, with the line that mends it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.apps.image_doubts import image_doubts
from infra.settings.build import build_settings

DISK = {"size": "1Gi", "kind": "persistent"}


def _doubts(image: str, **app: Any) -> list[str]:
    settings = {"kind": "worker", "image": image, "replicas": 1, "ports": {"main": 5000}, **app}
    existing = {"kind": "existing", "context": "test"}
    return list(image_doubts(build_settings({"platform": existing, "apps": {"it": settings}}).apps))


@pytest.mark.parametrize(
    ("image", "app", "doubts"),
    [
        (
            "redis:8",
            {},
            ["security.user: redis writes to /data, which is user 999's; write user: 999, or a volume there"],
        ),
        (
            "docker.io/library/postgres:17-alpine",
            {"volumes": {"data": {"mount": "/var/lib/postgresql/data", **DISK}}},
            [
                "writable: postgres writes to /var/run/postgresql, which is read-only here; add it",
                "env.PGDATA: a new disk has a folder lost+found at its top, with which initdb makes no database; "
                "write PGDATA: /var/lib/postgresql/data/pgdata",
            ],
        ),
        (
            "ghcr.io/immich-app/postgres:14-vectorchord0.4.3",
            {"volumes": {"data": {"mount": "/var/lib/postgresql/data", **DISK}}},
            [
                "env.PGDATA: a new disk has a folder lost+found at its top, with which initdb makes no database; "
                "write PGDATA: /var/lib/postgresql/data/pgdata"
            ],
        ),
        (
            "postgres:18.1",
            {"volumes": {"data": {"mount": "/var/lib/postgresql/data", **DISK}}, "writable": ["/run/postgresql"]},
            ["volumes.data.mount: from 18 on postgres wants its volume at /var/lib/postgresql"],
        ),
        (
            "mysql:8.4",
            {"volumes": {"data": {"mount": "/var/lib/mysql", **DISK}}, "writable": ["/var/run/mysqld"]},
            [
                "volumes.data.subPath: a new disk has a folder lost+found at its top, with which mysql does not start; "
                "write subPath: data"
            ],
        ),
        (
            "docker.io/confluentinc/cp-kafka:7.9.0",
            {"volumes": {"data": {"mount": "/var/lib/kafka/data", **DISK}}},
            [
                "volumes.data.subPath: a new disk has a folder lost+found at its top, with which cp-kafka does not "
                "start; write subPath: data"
            ],
        ),
        (
            "docker.io/apache/kafka:4.0.0",
            {"volumes": {"data": {"mount": "/data", **DISK}}, "security": {"user": 1000, "readOnlyRoot": False}},
            [
                "env.KAFKA_LOG_DIRS: kafka keeps its data in /tmp, which dies with the pod; "
                "write KAFKA_LOG_DIRS: /data/logs"
            ],
        ),
        (
            "docker.io/apache/kafka:4.0.0",
            {
                "volumes": {"data": {"mount": "/data", **DISK}},
                "env": {"KAFKA_LOG_DIRS": "/data"},
                "security": {"user": 1000, "readOnlyRoot": False},
            },
            [
                "env.KAFKA_LOG_DIRS: a new disk has a folder lost+found at its top, with which kafka does not start; "
                "write /data/logs"
            ],
        ),
        (
            "docker.elastic.co/elasticsearch/elasticsearch:8.15.5",
            {"security": {"user": 1000}},
            [
                "security.readOnlyRoot: elasticsearch changes its files in /usr/share/elasticsearch/config when it "
                "starts; write false"
            ],
        ),
        (
            "quay.io/keycloak/keycloak:26.4.5",
            {"security": {"readOnlyRoot": False}},
            ["security.user: keycloak writes to files of user 1000, which user 10001 may not; write 1000"],
        ),
    ],
)
def test_what_an_image_lacks_is_told_with_its_line(image: str, app: dict[str, Any], doubts: list[str]) -> None:
    assert _doubts(image, **app) == [f"nightowl:apps.it.{doubt}" for doubt in doubts]


@pytest.mark.parametrize(
    ("image", "app"),
    [
        ("redis:8", {"security": {"user": 999}}),
        ("redis:8", {"volumes": {"data": {"mount": "/data", **DISK}}}),
        ("redis:8", {"command": ["redis-cli"]}),
        ("postgres:17", {"args": ["/bin/sh", "-c", "pg_dump -h db app"]}),
        ("registry.example.com/redis:8", {}),
        ("ghcr.io/somebody/redis:8", {}),
        ("postgres:18.1", {"volumes": {"d": {"mount": "/var/lib/postgresql", **DISK}}, "writable": ["/run"]}),
        (
            "mysql:8.4",
            {
                "volumes": {"data": {"mount": "/var/lib/mysql", "subPath": "mysql", **DISK}},
                "writable": ["/var/run/mysqld"],
            },
        ),
        ("zookeeper:3.9", {"security": {"user": 1000}, "files": {"/conf/zoo.cfg": "clientPort=2181"}}),
        ("registry.example.com/own:1", {}),
    ],
)
def test_an_image_that_starts_as_the_app_says_is_not_doubted(image: str, app: dict[str, Any]) -> None:
    assert _doubts(image, **app) == []


def test_a_task_of_a_well_known_image_is_not_doubted() -> None:
    job = {"kind": "job", "image": "redis:8", "args": ["redis-cli", "ping"]}
    settings = build_settings({"platform": {"kind": "existing", "context": "test"}, "apps": {"it": job}})
    assert list(image_doubts(settings.apps)) == []
