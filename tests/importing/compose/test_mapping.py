"""What a service of Compose or Swarm is as an app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.importing.keys import Column
from infra.importing.report import report_json
from infra.importing.stack_text import stack_text
from infra.plan.plan import plan_of_file
from tests.importing.compose.projects import imported

SHOP = """
services:
  web:
    image: example.com/web:1.2.0
    ports: ["8080:80", "127.0.0.1:9229:9229"]
    environment: [API_KEY=hunter2hunter2, "GREETING=cost: ${PRICE}", DATABASE_URL=postgres://db_main:5432/shop]
    command: serve --now 'two words'
    depends_on: {db_main: {condition: service_healthy}, migrate: {condition: service_completed_successfully}}
    deploy:
      replicas: 4
      update_config: {parallelism: 1, order: start-first, failure_action: rollback}
      placement: {constraints: [node.labels.disk == ssd, node.role == manager, node.hostname != a]}
      resources: {limits: {cpus: "0.5", memory: 256M}, reservations: {memory: 64M}}
  migrate:
    image: example.com/web:1.2.0
    command: [migrate]
    depends_on: [db_main]
  db_main:
    image: postgres:17-alpine
    environment: {POSTGRES_PASSWORD: changeme, POSTGRES_DB: db_main}
    healthcheck: {test: [CMD-SHELL, pg_isready -U postgres], interval: 10s, timeout: 20s, start_period: 5m}
    volumes: ["data:/var/lib/postgresql/data", "/var/run/docker.sock:/var/run/docker.sock"]
    stop_grace_period: 1m30s
volumes: {data: {}}
"""
RESULT = imported(SHOP)
WEB, DB = RESULT.app("web"), RESULT.app("db-main")


def test_a_published_port_is_an_address_and_one_of_the_machine_alone_is_not() -> None:
    assert (WEB["port"], WEB["traffic"]) == (80, {"host": "web.shop.example.com"})
    assert list(WEB["ports"].values()) == [9229]
    assert RESULT.column("services.web.ports[1]") >= {Column.DECIDED}


def test_a_data_store_serves_the_port_of_its_image_inside_only() -> None:
    assert (DB["kind"], DB["ports"]) == ("worker", {"postgres": 5432})


def test_secrets_in_plain_text_are_in_no_output() -> None:
    outputs = stack_text(RESULT.draft) + json.dumps(report_json(RESULT.findings, RESULT.draft.steps))

    assert "hunter2" not in outputs
    assert "changeme" not in outputs
    assert WEB["secrets"]["api_key"] == {"ref": "web/api_key", "env": "API_KEY"}
    assert any("create secret generic db-main" in step.command for step in RESULT.draft.steps)


def test_a_service_with_another_name_is_found_where_its_name_is_a_host() -> None:
    assert WEB["env"]["DATABASE_URL"] == "postgres://db-main:5432/shop"
    assert DB["env"]["POSTGRES_DB"] == "db_main"


def test_a_service_whose_name_is_one_here_keeps_it_whoever_comes_first() -> None:
    result = imported("""
services:
  A_b: {image: "redis:8"}
  a-b: {image: "redis:8"}
  web: {image: "example.com/web:1", environment: {ONE: "redis://A_b:6379", TWO: "redis://a-b:6379"}}
""")

    assert result.app("web")["env"] == {"ONE": "redis://a-b-2:6379", "TWO": "redis://a-b:6379"}


def test_a_dollar_sign_that_nobody_expands_stays_one() -> None:
    assert WEB["env"]["GREETING"] == "cost: $${PRICE}"


def test_a_command_is_split_as_a_shell_does() -> None:
    assert WEB["args"] == ["serve", "--now", "two words"]


def test_what_others_wait_for_to_end_is_a_job() -> None:
    assert RESULT.app("migrate")["kind"] == "job"
    assert WEB["dependsOn"] == ["db-main", "migrate"]


def test_updates_placement_and_resources_of_swarm_keep_their_meaning() -> None:
    assert WEB["replicas"] == 4
    assert WEB["rollout"] == {"surge": "25%"}
    assert WEB["placement"] == {"labels": {"disk": "ssd"}}
    assert WEB["resources"] == {"cpuLimit": "500m", "memory": "64Mi", "memoryLimit": "256Mi"}
    assert RESULT.column("services.web.deploy.placement.constraints[1]") == {Column.DECIDED}
    assert RESULT.column("services.web.deploy.placement.constraints[2]") == {Column.MISSING}


def test_a_health_check_is_that_of_readiness() -> None:
    readiness = {"exec": ["sh", "-c", "pg_isready -U postgres"], "period": "10s", "timeout": "10s"}
    assert DB["health"] == {"readiness": readiness, "startWithin": "330s"}


def test_a_password_in_a_check_or_a_command_is_written_nowhere() -> None:
    result = imported("""
services:
  db:
    image: mysql:8.4
    command: [mysqladmin, -psw0rdfish7, ping]
    healthcheck: {test: [CMD, mysqladmin, ping, -uroot, -psw0rdfish7]}
""")

    assert result.app("db")["args"] == ["mysqladmin", "-p$(PASSWORD)", "ping"]
    assert "health" not in result.app("db")
    assert result.column("services.db.healthcheck") == {Column.MISSING}


def test_a_named_volume_is_persistent_and_the_socket_of_docker_is_dangerous() -> None:
    assert DB["volumes"] == {"data": {"mount": "/var/lib/postgresql/data", "size": "1Gi", "kind": "persistent"}}
    assert RESULT.column("services.db_main.volumes[1]") == {Column.DANGEROUS}


def test_services_on_one_network_may_call_each_other_and_a_store_calls_nobody() -> None:
    assert WEB["allowTo"] == ["db-main", "0.0.0.0/0"]
    assert "allowTo" not in DB


def test_the_time_to_stop_is_the_time_to_finish() -> None:
    assert DB["rollout"] == {"finishWithin": "90s"}


def test_the_stack_is_planned_without_a_violation(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(stack_text(RESULT.draft))

    assert [found.rule.name for found in plan_of_file(file, "dev").policies.mandatory] == []


@pytest.mark.parametrize(
    ("line", "key", "column"),
    [
        ("privileged: true", "privileged", Column.DANGEROUS),
        ("network_mode: host", "network_mode", Column.DANGEROUS),
        ("pid: host", "pid", Column.DANGEROUS),
        ("devices: [/dev/kvm]", "devices", Column.DANGEROUS),
        ("cap_add: [SYS_ADMIN]", "cap_add[0]", Column.DANGEROUS),
        ("cap_add: [NET_BIND_SERVICE]", "cap_add[0]", Column.TAKEN),
        ("volumes: ['/srv:/srv']", "volumes[0]", Column.DANGEROUS),
        ("volumes: ['../other:/srv']", "volumes[0]", Column.MISSING),
        ("volumes: ['/data']", "volumes[0]", Column.DECIDED),
        ("tmpfs: /run/app", "tmpfs", Column.DECIDED),
        ("shm_size: 64mb", "shm_size", Column.TAKEN),
        ("logging: {driver: syslog}", "logging", Column.MISSING),
        ("container_name: other", "container_name", Column.DECIDED),
        ("deploy: {mode: global}", "deploy.mode", Column.MISSING),
        (
            "deploy: {placement: {constraints: [node.role == manager]}}",
            "deploy.placement.constraints[0]",
            Column.DECIDED,
        ),
        (
            "deploy: {placement: {constraints: [node.platform.os == linux]}}",
            "deploy.placement.constraints[0]",
            Column.DECIDED,
        ),
        (
            "deploy: {placement: {constraints: [node.platform.os != linux]}}",
            "deploy.placement.constraints[0]",
            Column.MISSING,
        ),
        (
            "deploy: {placement: {constraints: [node.platform.arch == x86_64]}}",
            "deploy.placement.constraints[0]",
            Column.TAKEN,
        ),
        ("deploy: {endpoint_mode: dnsrr}", "deploy.endpoint_mode", Column.MISSING),
        ("user: nobody-knows", "user", Column.MISSING),
        ("user: 33:33", "user", Column.TAKEN),
        ("gpus: all", "gpus", Column.DECIDED),
        ("configs: [gone]", "configs[0]", Column.MISSING),
        ("labels: {com.example.team: shop}", 'labels["com.example.team"]', Column.TAKEN),
        ("restart: {condition: any}", "restart", Column.DECIDED),
        ("network_mode: [host]", "network_mode", Column.MISSING),
        ("gpus: [{driver: {name: nvidia}}]", "gpus[0]", Column.MISSING),
    ],
)
def test_a_key_ends_in_its_column(line: str, key: str, column: Column) -> None:
    result = imported(f"services: {{web: {{image: 'example.com/web:1', {line}}}}}")

    assert {found.column for found in result.findings if found.key[:2] == ("services", "web")} == {
        column,
        Column.TAKEN,
    }, result.findings
    assert column in result.column(f"services.web.{key}")
    assert all(found.text for found in result.findings if found.column in {Column.DANGEROUS, Column.MISSING}), "why"


def test_a_route_of_traefik_is_the_address() -> None:
    result = imported("""
services:
  blog:
    image: ghost:5.82
    labels:
      - traefik.enable=true
      - traefik.http.routers.blog.rule=Host(`blog.example.org`) && PathPrefix(`/news`)
      - traefik.http.services.blog.loadbalancer.server.port=2368
""")

    assert result.app("blog")["port"] == 2368
    assert result.app("blog")["traffic"] == {"host": "blog.example.org", "path": "/news"}


@pytest.mark.parametrize(
    ("options", "size"),
    [("{size: 20}", "20Gi"), ("{size: '2g'}", "2Gi"), ("{o: 'size=100m,uid=1000'}", "100Mi"), ("{size: x}", "1Gi")],
)
def test_a_volume_has_the_size_that_its_driver_is_told(options: str, size: str) -> None:
    result = imported(f"""
services: {{web: {{image: "example.com/web:1", volumes: ["data:/data"]}}}}
volumes: {{data: {{driver: rexray/ebs, driver_opts: {options}}}}}
""")

    assert result.app("web")["volumes"]["data"]["size"] == size


def test_what_two_services_share_is_one_volume_and_one_secret() -> None:
    result = imported("""
services:
  web: {image: "example.com/web:1", volumes: ["up:/up"], environment: {DB_PASSWORD: swordfish1}}
  job: {image: "example.com/job:1", volumes: ["up:/in:ro"], environment: {PASSWORD: swordfish1}}
volumes: {up: {}}
""")

    assert result.app("web")["volumes"]["up"]["shared"] is True
    assert result.app("job")["volumes"]["up"] == {"mount": "/in", "from": "web.up", "readOnly": True}
    assert result.app("job")["secrets"]["password"]["ref"] == "web/db_password"


def test_small_files_of_the_checkout_become_files_and_data_a_volume(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "app.conf").write_text("level = info\n")
    result = imported(
        "services: {web: {image: 'example.com/web:1', volumes: ['./conf:/etc/app:ro', './data:/data']}}", tmp_path
    )

    assert result.app("web")["files"] == {"/etc/app/app.conf": "level = info\n"}
    assert result.app("web")["volumes"]["data"]["kind"] == "persistent"


def test_a_dockerfile_tells_port_and_user(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM node:24 AS build\nEXPOSE 1\nFROM node:24-slim\nEXPOSE 3000/tcp\nUSER node\n"
    )
    app = imported("services: {web: {build: .}}", tmp_path).app("web")

    assert app["port"] == 3000
    assert app["security"] == {"user": 1000, "group": 1000, "readOnlyRoot": False}
    assert app["image"] == "registry.example.com/shop/web:replace-me"


def test_a_password_in_a_command_becomes_a_variable() -> None:
    result = imported("services: {cache: {image: 'redis:8', command: redis-server --requirepass swordfish99}}")

    assert result.app("cache")["args"] == ["redis-server", "--requirepass", "$(REQUIREPASS)"]
    assert "swordfish" not in stack_text(result.draft)
    assert "script" not in result.text("services.cache.command")


def test_a_script_with_a_password_is_told_to_take_it_from_a_variable() -> None:
    result = imported("services: {site: {image: 'example.com/site:1', command: [sh, -c, make --password=sword99fish]}}")

    assert result.app("site")["args"] == ["sh", "-c", "$(COMMAND)"]
    assert "COMMAND is a whole script: rather write it here" in result.text("services.site.command")


def test_a_mounted_script_is_run_by_its_interpreter_and_a_file_tells_whom_the_app_calls(tmp_path: Path) -> None:
    (tmp_path / "check.sh").write_text("#!/usr/bin/env bash\ncurl backend:9000/up\n")
    result = imported(
        """
services:
  web:
    image: example.com/web:1
    volumes: ["./check.sh:/check.sh"]
    healthcheck: {test: /check.sh --fast}
  backend: {image: "example.com/backend:1"}
""",
        tmp_path,
    )

    assert result.app("web")["health"]["readiness"]["exec"] == ["sh", "-c", "bash /check.sh --fast"]
    assert result.app("backend")["port"] == 9000


def test_what_is_built_alike_is_one_image_and_a_worker_of_it_serves_no_port(tmp_path: Path) -> None:
    lines = ["FROM python:3.14", "ARG UID=1234", "RUN useradd --uid ${UID} app", "USER app", "EXPOSE 8000"]
    (tmp_path / "Dockerfile").write_text("\n".join(lines))
    result = imported("services: {web: {build: .}, tasks: {build: ., command: celery worker}}", tmp_path)

    assert result.app("tasks")["image"] == result.app("web")["image"]
    assert (result.app("web")["port"], result.app("tasks")["kind"]) == (8000, "worker")
    assert result.app("tasks")["security"]["user"] == 1234
    assert len(result.draft.steps) == 1


@pytest.mark.parametrize(
    ("mount", "kept"),
    [
        ("/srv/shop:/var/lib/shop", True),
        ("/srv/shop:/in:ro", False),
        ("/proc:/host/proc", False),
        ("/etc:/conf", False),
    ],
)
def test_a_folder_of_the_host_is_dangerous_and_one_for_data_has_a_new_volume_instead(mount: str, kept: bool) -> None:
    result = imported(f"services: {{web: {{image: 'example.com/web:1', volumes: ['{mount}']}}}}")

    assert result.column("services.web.volumes[0]") == {Column.DANGEROUS}
    assert ("volumes" in result.app("web")) is kept


@pytest.mark.parametrize(("first", "second"), [("/srv/shop", "/srv/shop/in"), ("./data/in", "./data")])
def test_a_folder_of_the_host_in_another_one_is_said_to_be_a_disk_of_its_own(first: str, second: str) -> None:
    result = imported(f"""
    services:
      a: {{image: "a:1", volumes: ["{first}:/data"]}}
      b: {{image: "b:1", volumes: ["{second}:/data"]}}
      c: {{image: "c:1", volumes: ["/srv/shop-more:/data"]}}
    """)
    said = {one.to[1]: one.text for one in result.findings if one.to[2:] == ("volumes", "data")}
    assert [app for app, text in said.items() if "disk of its own" in text] == ["b"]
    assert "a.data is a folder above or below it" in said["b"]


def test_a_blank_for_a_password_becomes_a_secret() -> None:
    result = imported("""
    services:
      web: {image: "web:1", environment: {CLIENT_SECRET: <Client Secret>, NAME: <Your Name>, KEY_NAME: <key>}}
    """)
    assert result.app("web")["env"] == {"NAME": "<Your Name>", "KEY_NAME": "<key>"}
    assert result.app("web")["secrets"]["client_secret"] == {"ref": "web/client_secret", "env": "CLIENT_SECRET"}
