"""A service that shares the network of another one is its sidecar where that says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.importing.keys import Column
from infra.importing.stack_text import stack_text
from infra.plan.plan import plan_of_file
from tests.importing.compose.projects import imported

RESULT = imported("""
services:
  web:
    image: example.com/web:1
    ports: ["8080:8080"]
    networks: [out]
    volumes: ["data:/data"]
  helper:
    image: example.com/helper:1
    network_mode: service:web
    ipc: service:web
    pid: service:web
    expose: [9100]
    depends_on: [web, api]
    environment: {DB_PASSWORD: hunter2hunter2, API: "http://api:9000"}
    healthcheck: {test: curl localhost}
    volumes: ["data:/data", "own:/own"]
  api: {image: "example.com/api:1", expose: [9000], networks: [out]}
  client: {image: "example.com/client:1", networks: [out], depends_on: [helper]}
  reader: {image: "example.com/reader:1", volumes: ["own:/in:ro"]}
networks: {out: {}}
volumes: {data: {}, own: {}}
""")
WEB = RESULT.app("web")


def test_it_is_a_sidecar_of_the_app_whose_network_it_shares() -> None:
    assert "helper" not in RESULT.draft.apps
    assert WEB["sidecars"]["helper"] == {
        "image": "example.com/helper:1",
        "env": {"API": "http://api:9000"},
        "resources": {"memory": "512Mi"},
    }


def test_the_app_has_the_secrets_the_ports_and_the_order_of_its_sidecar() -> None:
    assert WEB["secrets"] == {"db_password": {"ref": "helper/db_password", "env": "DB_PASSWORD"}}
    assert (WEB["port"], list(WEB["ports"].values())) == (8080, [9100])
    assert WEB["dependsOn"] == ["api"]
    assert "api" in WEB["allowTo"]


def test_who_waits_for_the_sidecar_waits_for_its_app() -> None:
    assert RESULT.app("client")["dependsOn"] == ["web"]


def test_a_volume_that_both_have_at_one_place_is_that_of_one_pod() -> None:
    assert WEB["volumes"]["data"] == {"mount": "/data", "size": "1Gi", "kind": "persistent"}


def test_a_volume_of_the_sidecar_alone_is_one_of_its_app_and_shared_from_there() -> None:
    assert WEB["volumes"]["own"] == {"mount": "/own", "size": "1Gi", "kind": "persistent", "shared": True}
    assert RESULT.app("reader")["volumes"]["own"]["from"] == "web.own"


@pytest.mark.parametrize(
    ("key", "column"),
    [
        ("network_mode", Column.DECIDED),
        ("ipc", Column.TAKEN),
        ("pid", Column.MISSING),
        ("depends_on[0]", Column.DECIDED),
        ("depends_on[1]", Column.TAKEN),
        ("healthcheck.test", Column.MISSING),
        ("volumes[0]", Column.DECIDED),
        ("volumes[1]", Column.DECIDED),
    ],
)
def test_a_key_of_a_sidecar_ends_in_its_column(key: str, column: Column) -> None:
    assert RESULT.column(f"services.helper.{key}") == {column}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("user: '33'", "security"),
        ("volumes: ['own:/data/own']", "something else at /data/own"),
        ("scale: 2", "replicas"),
        ("ports: ['81:81']", "publishes ports"),
        ("labels: {a: b}", "labels"),
        ("restart: 'no'", "runs to its end"),
        ("environment: {DB_PASSWORD: swordfish1swordfish}", "from a secret"),
    ],
)
def test_one_that_is_no_sidecar_stays_an_app_and_the_report_says_why(line: str, reason: str) -> None:
    result = imported(f"""
services:
  web:
    image: example.com/web:1
    environment: {{DB_PASSWORD: hunter2hunter2}}
    expose: [80]
    volumes: ["own:/data"]
  helper: {{image: "example.com/helper:1", network_mode: "service:web", {line}}}
volumes: {{own: {{}}}}
""")

    assert "helper" in result.draft.apps
    assert result.column("services.helper.network_mode") == {Column.MISSING}
    assert reason in result.text("services.helper.network_mode")


def test_a_sidecar_has_no_sidecar() -> None:
    result = imported("""
services:
  web: {image: "example.com/web:1", ports: ["53:53/udp"]}
  one: {image: "example.com/one:1", network_mode: "service:web"}
  two: {image: "example.com/two:1", network_mode: "service:one"}
""")

    assert list(result.draft.apps) == ["web", "two"]


def test_the_stack_is_planned_without_a_violation(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(stack_text(RESULT.draft))

    assert [found.rule.name for found in plan_of_file(file, "dev").policies.mandatory] == []
