"""Whatever a Compose file says, an import ends with a stack file or with one message, never with a traceback."""

from __future__ import annotations

import copy
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.errors import NightowlError
from infra.importing.acceptance import accepted
from infra.importing.compose.project import read_compose
from infra.importing.compose.stack import import_project
from infra.importing.source import leaves
from infra.importing.stack_text import stack_text
from infra.settings.partly import Location

PROJECT = """
x-common: &common
  image: "example.com/shop_app:1.2"
  env_file: [app.env]
  environment: {TOKEN: , DB_PASSWORD: "${DB_PASSWORD:-}", NODE: "{{.Node.Hostname}}", PEER: "http://api_server:8000"}
  volumes: ["./media:/app/media", "/srv/data:/data:ro", "run:/run/php", "./conf:/etc/app", "/var/run/docker.sock:/s"]
  depends_on: {db: {condition: service_healthy}, migrate: {condition: service_completed_successfully}}
services:
  api_server: {<<: *common, ports: ["127.0.0.1:8000:8000/tcp", {target: 9000, published: "9000"}], user: "1000:1000"}
  worker: {<<: *common, command: ["celery", "--broker=amqp://tasks.queue:5672"], network_mode: "service:api_server"}
  migrate: {image: "example.com/shop_app:1.2", entrypoint: [sh, -c, "mysqldump --password=hunter2 -h db"]}
  php: {image: "wordpress:fpm", volumes: ["run:/run/php"], tmpfs: ["/tmp:size=64m"], shm_size: 1gb}
  queue: {image: "rabbitmq:4", hostname: queue.shop, networks: {back: {aliases: [mq]}}, extra_hosts: ["a:host-gateway"]}
  db:
    image: pgvector/pgvector:pg17
    healthcheck: {test: [CMD-SHELL, "pg_isready -U $$USER || curl localhost:8080"], interval: 10s, start_period: 1m}
    volumes: [{type: volume, source: data, target: /var/lib/postgresql/data}]
    secrets: [db-password]
    configs: [{source: conf, target: /etc/db.conf}]
    deploy:
      replicas: 2
      update_config: {order: stop-first, parallelism: 1}
      placement: {constraints: [node.labels.disk == ssd], preferences: [{spread: node.labels.zone}]}
      resources: {limits: {cpus: "0.5", memory: 512M}, reservations: {devices: [{capabilities: [gpu], count: 1}]}}
      labels: ["traefik.http.routers.db.rule=Host(`db.example.org`) && PathPrefix(`/x`)", "traefik.port=80"]
jobs: {nightly: {image: "example.com/shop_app:1.2", triggers: {schedule: [{cron: "0 3 * * *", timezone: UTC}]}}}
networks: {back: {internal: true}}
volumes: {data: {driver: local, driver_opts: {o: "size=2g"}}, run: {external: true, name: run}}
secrets: {db-password: {file: ./db.txt}}
configs: {conf: {content: "upstream api_server:8000; resolver 127.0.0.11;"}}
"""
VALUES = yaml.safe_load(PROJECT)
PLACES = [place[:length] for place in leaves(VALUES) for length in range(1, len(place) + 1)]
OTHERS: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "x", "/", "..", "../..", ".:/", ":", "::", "a:b:c:d", "${", "${X?}",
    "$$(X)", "{{.Task.Slot}}", "service:", "service:db", "\0", "\ud83d\ude00", "é" * 70, "a" * 5000, [], {}, [[]],
    [None], [{}], {"": ""}, {"a": None}, {"a": {"b": ["c"]}}, "99999999999-1", "0x1F", "1e999", "-5s", "tasks.db",
    "host.docker.internal",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("damaged")
    (top / "app.env").write_text("SESSION_SECRET=\nLEVEL=info\n")
    (top / "conf").mkdir()
    (top / "conf" / "app.conf").write_text("to http://api_server:8000 and host.docker.internal\n")
    return top


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(OTHERS), st.booleans()), max_size=4),
    cut=st.none() | st.integers(0, len(PROJECT)),
)
def test_a_damaged_file_ends_in_a_stack_file_or_in_one_message(
    changes: list[tuple[Location, Any, bool]], cut: int | None, folder: Path
) -> None:
    values = copy.deepcopy(VALUES)
    for place, other, removed in changes:
        _change(values, place, other, removed=removed)
    text = PROJECT[:cut] if cut is not None else yaml.safe_dump(values, allow_unicode=True)
    file = folder / "compose.yaml"
    file.write_text(text, encoding="utf-8", errors="replace")

    with suppress(NightowlError):
        result = import_project(read_compose([file], environment={}), stack=None, origin="compose.yaml", top=folder)
        accepted(result.draft, result.findings)
        assert stack_text(result.draft)


def test_what_is_damaged_is_imported_as_it_was(folder: Path) -> None:
    file = folder / "compose.yaml"
    file.write_text(PROJECT)

    result = import_project(read_compose([file], environment={}), stack=None, origin="compose.yaml", top=folder)

    assert len(result.draft.apps) == 7
    assert len(result.findings) > 80


def _change(values: Any, place: Location, other: object, *, removed: bool) -> None:
    """Put another value at a place, or take it away; nothing where an earlier change took its parent."""
    try:
        for step in place[:-1]:
            values = values[step]
        values[place[-1]] = other
        if removed:
            del values[place[-1]]
    except (KeyError, IndexError, TypeError):
        return
