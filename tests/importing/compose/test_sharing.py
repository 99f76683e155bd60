"""What services of a project share: folders, sockets, and the names by which they call each other."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from infra.importing.compose.files import MOST_ENTRIES, read_folder
from infra.importing.compose.project import read_compose
from infra.importing.compose.stack import import_project
from infra.importing.keys import Column
from tests.importing.compose.projects import imported


@pytest.mark.parametrize("source", ["./media", "/srv/media", "/var/lib/media"])
def test_a_folder_of_the_host_that_two_services_have_is_one_volume(source: str) -> None:
    result = imported(f"""
services:
  web: {{image: "example.com/web:1", volumes: ["{source}:/app/media"]}}
  worker: {{image: "example.com/worker:1", volumes: ["{source}/:/media:ro"]}}
""")

    assert result.app("web")["volumes"]["media"]["shared"] is True
    assert result.app("worker")["volumes"]["media"] == {"mount": "/media", "from": "web.media", "readOnly": True}


def test_a_folder_that_one_service_has_twice_is_told() -> None:
    result = imported("services: {web: {image: 'example.com/web:1', volumes: ['./data:/a', './data:/b']}}")

    assert [one["mount"] for one in result.app("web")["volumes"].values()] == ["/a"]
    assert "mounted at /a, too" in result.text("services.web.volumes[1]")


@pytest.mark.parametrize("target", ["/var/run/mysqld", "/run/php", "/var/www/sockets"])
def test_a_folder_of_sockets_is_shared_by_nobody_and_told(target: str) -> None:
    result = imported(f"""
services:
  db: {{image: "example.com/db:1", volumes: ["shared:{target}"]}}
  web: {{image: "example.com/web:1", volumes: ["shared:{target}"]}}
volumes: {{shared: {{}}}}
""")

    for app in ("db", "web"):
        assert "volumes" not in result.app(app)
        assert result.app(app)["writable"] == {target: "64Mi"}
        assert result.column(f"services.{app}.volumes[0]") == {Column.MISSING}
        assert "sockets" in result.text(f"services.{app}.volumes[0]")


def test_a_folder_of_sockets_in_one_pod_stays_a_volume() -> None:
    result = imported("""
services:
  app: {image: "example.com/app:1", user: "1000", volumes: ["run:/run/app"]}
  proxy: {image: "example.com/proxy:1", user: "1000", network_mode: "service:app", volumes: ["run:/run/app"]}
volumes: {run: {}}
""")

    assert result.app("app")["volumes"]["run"]["mount"] == "/run/app"
    assert list(result.app("app")["sidecars"]) == ["proxy"]


@pytest.mark.parametrize(
    ("mount", "env", "folder"),
    [
        ("/var/lib/postgresql/data", "", "/var/lib/postgresql/data/pgdata"),
        ("/var/lib/postgresql/data/db", "PGDATA: /var/lib/postgresql/data/db", "/var/lib/postgresql/data/db/pgdata"),
        ("/data", "PGDATA: /data/here", "/data/here"),
    ],
)
def test_all_that_is_made_from_postgresql_accepts_a_new_disk(mount: str, env: str, folder: str) -> None:
    result = imported(f"""
services: {{db: {{image: "pgvector/pgvector:pg16", environment: {{{env}}}, volumes: ["data:{mount}"]}}}}
volumes: {{data: {{}}}}
""")

    assert result.app("db")["env"]["PGDATA"] == folder


def test_what_swarm_fills_in_is_told_and_a_secret_of_the_same_value_names_the_other() -> None:
    result = imported("""
services:
  web:
    image: example.com/web:1
    environment:
      NODE: "{{.Node.Hostname}}-x"
      NODE_ID: "{{ .Node.ID }}"
      A_PASSWORD: changethis
      SECRET_KEY: changethis
""")

    assert result.app("web")["env"] == {"NODE_ID": {"field": "spec.nodeName"}}
    assert "Swarm fills it in" in result.text("services.web.environment.NODE")
    assert "with the value of web/a_password" in result.text("services.web.environment.SECRET_KEY")


def test_a_service_is_found_by_each_of_its_names_in_variables_and_in_files(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("proxy_pass http://api_server:8000/;\nfastcgi_pass api_server;\n")
    result = imported(
        """
services:
  web: {image: "example.com/web:1", volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]}
  api_server: {image: "example.com/api:1", container_name: the_api}
  worker:
    image: example.com/worker:1
    environment: {BROKER: "amqp://queue.shop:5672", API_URL: "http://the_api:8001/v1"}
  queue: {image: "example.com/queue:1", networks: {default: {aliases: [queue.shop]}}}
  agent: {image: "example.com/agent:1", command: "--join tcp://tasks.worker:9001"}
""",
        tmp_path,
    )

    content = result.app("web")["files"]["/etc/nginx/nginx.conf"]
    assert content.startswith("proxy_pass http://api-server:8000/;")
    assert "names api_server (api-server)" in result.text("services.web.volumes[0]")
    assert {result.app("api-server")["port"], *result.app("api-server")["ports"].values()} == {8000, 8001}
    assert result.app("queue")["ports"] == {"amqp": 5672}
    assert result.app("worker")["port"] == 9001
    assert result.app("worker")["env"] == {"BROKER": "amqp://queue:5672", "API_URL": "http://api-server:8001/v1"}
    assert result.app("agent")["args"] == ["--join", "tcp://worker:9001"]


def test_what_only_docker_knows_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("resolver 127.0.0.11;\n")
    (tmp_path / "b.conf").write_text("to host.docker.internal;\n")
    result = imported(
        """
services:
  web:
    image: example.com/web:1
    volumes: ["./:/conf:ro"]
    environment: {OLLAMA: "http://host.docker.internal:11434"}
""",
        tmp_path,
    )

    text = result.text("services.web.volumes[0]")
    assert "/conf/a.conf, 127.0.0.11 is Docker's DNS" in text
    assert "/conf/b.conf, host.docker.internal is the machine" in text
    assert Column.MISSING in result.column("services.web.environment.OLLAMA")


def test_a_client_in_the_image_of_a_store_may_call_the_store() -> None:
    result = imported("""
services:
  db: {image: "mysql:8.4", command: [docker-entrypoint.sh, mysqld, --skip-log-bin]}
  backup: {image: "mysql:8.4", command: [sh, -c, "while true; do mysqldump --host=db shop > /out; sleep 60; done"]}
""")

    assert result.app("db")["ports"] == {"mysql": 3306}
    assert "ports" not in result.app("backup")
    assert "db" in result.app("backup")["allowTo"]


def test_a_folder_is_looked_at_as_far_as_configuration_goes(tmp_path: Path) -> None:
    def read(name: str) -> object:
        return read_folder(tmp_path, Path(name))

    (tmp_path / "conf" / ".git").mkdir(parents=True)
    (tmp_path / "conf" / ".git" / "HEAD").write_text("ref")
    (tmp_path / "conf" / "d").mkdir()
    (tmp_path / "conf" / "d" / "a").write_text("1")
    (tmp_path / "conf" / ".htaccess").write_text("2")
    (tmp_path / "conf" / ".gitkeep").write_text("")
    assert read("conf") == {".htaccess": "2", "d/a": "1"}

    (tmp_path / "app" / "node_modules").mkdir(parents=True)
    assert read("app") is None
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "away").symlink_to("/etc")
    assert read("linked") is None


def test_a_folder_with_many_others_is_left_after_a_moment(tmp_path: Path) -> None:
    for number in range(MOST_ENTRIES + 1):
        (tmp_path / str(number)).mkdir()

    started = time.monotonic()
    assert read_folder(tmp_path, Path()) is None
    assert time.monotonic() - started < 1


def test_a_secret_without_a_value_is_one_for_all_that_take_it_from_one_place(tmp_path: Path) -> None:
    (tmp_path / "app.env").write_text("SESSION_SECRET=\n")
    (tmp_path / "other.env").write_text("SESSION_SECRET=\n")
    (tmp_path / "compose.yaml").write_text("""
services:
  web:
    image: example.com/web:1
    env_file: app.env
    environment: [API_TOKEN, "DB_PASSWORD=${PASSWORD:-}", ADMIN_PASSWORD=]
  worker:
    image: example.com/worker:1
    env_file: app.env
    environment: {API_TOKEN: , POSTGRES_PASSWORD: $PASSWORD, ADMIN_PASSWORD: ""}
  other: {image: "example.com/other:1", env_file: other.env}
""")
    project = read_compose([tmp_path / "compose.yaml"], environment={})
    draft = import_project(project, stack="shop", origin="compose.yaml", top=tmp_path).draft
    references = {
        app: {one["env"]: one["ref"] for one in draft.apps[app]["secrets"].values()}
        for app in ("web", "worker", "other")
    }

    assert references["worker"] == {
        "API_TOKEN": "web/api_token",
        "POSTGRES_PASSWORD": "web/db_password",
        "SESSION_SECRET": "web/session_secret",
        "ADMIN_PASSWORD": "worker/admin_password",
    }
    assert references["other"] == {"SESSION_SECRET": "other/session_secret"}
    assert [step.what.rpartition(" (")[2] for step in draft.steps][1:] == [
        "ADMIN_PASSWORD, compose.yaml:10)",
        "SESSION_SECRET, other.env:1)",
    ]


@pytest.mark.parametrize("image", ["php:8.4-fpm-alpine", "nextcloud:fpm", "example.com/php-fpm:1"])
def test_an_image_of_phps_fastcgi_serves_no_http(image: str) -> None:
    result = imported(f"""
services:
  web: {{image: "nginx:1.29"}}
  app: {{image: "{image}"}}
""")

    assert (result.app("app")["kind"], result.app("app")["ports"]) == ("worker", {"fastcgi": 9000})
    assert "app" in result.app("web")["allowTo"]


def test_an_app_without_a_known_port_is_told() -> None:
    result = imported("services: {a: {image: 'example.com/a:1'}, b: {image: 'redis:8'}}")

    told = [found.to[1] for found in result.findings if "no port of it is known" in found.text]
    assert told == ["a"]


def test_a_health_check_tells_the_port_that_nothing_else_does() -> None:
    result = imported("""
services:
  web: {image: "example.com/web:1", healthcheck: {test: "curl -f http://localhost:8080/login || exit 1"}}
  api: {image: "example.com/api:1", expose: [80], healthcheck: {test: [CMD, wget, "http://127.0.0.1:9999/"]}}
""")

    assert (result.app("web")["port"], result.app("api")["port"]) == (8080, 80)
    assert result.app("api")["allowTo"] == ["web", "0.0.0.0/0"]


def test_mysql_gets_a_folder_of_a_new_disk_as_it_starts_beside_no_other() -> None:
    result = imported("""
services:
  db: {image: "mysql:8.4", volumes: ["data:/var/lib/mysql"]}
  maria: {image: "mariadb:11", volumes: ["other:/var/lib/mysql"]}
volumes: {data: {}, other: {}}
""")

    assert result.app("db")["volumes"]["data"]["subPath"] == "data"
    assert "subPath" not in result.app("maria")["volumes"]["other"]
