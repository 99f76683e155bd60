from __future__ import annotations

import base64
import io
import json
import re
import socket
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from infra.cli import app as command_app
from infra.errors import UsageError
from infra.images.credentials import Credentials, find_credentials
from infra.images.facts import read_image
from infra.images.nodes import node_architectures
from infra.images.reference import ImageName
from infra.images.registry import RegistryError
from infra.images.run import run_image
from infra.settings.build import build_settings
from tests.images.fake_registry import FakeRegistry, serve

WRONG, STORED = "wr0ng", "pass"
POSTGRES: dict[str, Any] = {
    "Entrypoint": ["docker-entrypoint.sh"],
    "Cmd": ["postgres"],
    "ExposedPorts": {"5432/tcp": {}},
    "Volumes": {"/var/lib/postgresql/data": {}},
}
NODE: dict[str, Any] = {"User": "node", "Cmd": ["node", "."], "ExposedPorts": {"3000/tcp": {}}, "WorkingDir": "/app"}
COREDNS: dict[str, Any] = {"User": "65532:65532", "Entrypoint": ["/coredns"], "ExposedPorts": {"53/udp": {}}}
PROXY: dict[str, Any] = {"User": "101", "ExposedPorts": {"8443/tcp": {}, "80/tcp": {}, "9000/udp": {}, "x": {}}}


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with serve(FakeRegistry()) as made:
        yield made


def _name(registry: FakeRegistry, name: str) -> ImageName:
    return ImageName.of(f"{registry.host}/{name}")


def _printed(registry: FakeRegistry, name: str, *, pools: Sequence[str] = (), as_json: bool = False) -> str:
    written = io.StringIO()
    console = Console(file=written, width=100)
    run_image(f"{registry.host}/{name}", pools=pools, environment={}, as_json=as_json, console=console)
    return written.getvalue()


def _document(registry: FakeRegistry, name: str, **options: Any) -> dict[str, Any]:
    return json.loads(_printed(registry, name, as_json=True, **options))


@pytest.mark.parametrize(
    ("text", "whole", "address"),
    [
        ("postgres", "docker.io/library/postgres:latest", "https://registry-1.docker.io"),
        ("docker.io/n8nio/n8n:1.2", "docker.io/n8nio/n8n:1.2", "https://registry-1.docker.io"),
        ("ghcr.io/a/b/c:1", "ghcr.io/a/b/c:1", "https://ghcr.io"),
        ("public.ecr.aws/docker/library/redis:8", "public.ecr.aws/docker/library/redis:8", "https://public.ecr.aws"),
        ("localhost:5000/app:1", "localhost:5000/app:1", "http://localhost:5000"),
        (f"quay.io/a/b@sha256:{'a' * 64}", f"quay.io/a/b@sha256:{'a' * 64}", "https://quay.io"),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text: str, whole: str, address: str) -> None:
    name = ImageName.of(text)
    assert (str(name), name.address) == (whole, address)


@pytest.mark.parametrize("text", ["", "UPPER", "a b", "https://ghcr.io/a", "a@sha256:1"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not the name of an image; write registry/name:tag"):
        ImageName.of(text)


@pytest.mark.parametrize("docker", [False, True], ids=["OCI", "Docker"])
@pytest.mark.parametrize("index", [True, False], ids=["index", "one manifest"])
def test_an_image_is_read_in_every_form_that_registries_store(
    registry: FakeRegistry, *, docker: bool, index: bool
) -> None:
    architectures = ("arm64", "amd64") if index else ("amd64",)
    digest = registry.add("db", "17.6", POSTGRES, docker=docker, index=index, architectures=architectures)
    image = read_image(_name(registry, "db:17.6"), None)
    assert image.pinned == f"{registry.host}/db:17.6@{digest}"
    assert image.architectures == architectures
    assert (image.user, image.entrypoint, image.command) == ("", ("docker-entrypoint.sh",), ("postgres",))
    assert (image.ports, image.volumes) == (("5432/tcp",), ("/var/lib/postgresql/data",))
    assert image.compressed_bytes == 3 * 1024**2
    assert read_image(_name(registry, f"db@{digest}"), None).digest == digest


@pytest.mark.parametrize(
    ("process", "lines"),
    [
        (
            POSTGRES,
            {"port": 5432, "security": {"level": "baseline", "user": 0}, "writable": ["/var/lib/postgresql/data"]},
        ),
        (NODE, {"port": 3000}),
        (
            COREDNS,
            {
                "kind": "worker",
                "ports": {"port-53-udp": {"port": 53, "protocol": "udp"}},
                "security": {"user": 65532, "group": 65532},
            },
        ),
        (
            PROXY,
            {
                "port": 80,
                "ports": {"port-8443": 8443, "port-9000-udp": {"port": 9000, "protocol": "udp"}},
                "security": {"user": 101, "group": 101},
            },
        ),
        ({"Volumes": {"/dev": {}, "/run/secrets": {}, "/": {}}, "User": "10001"}, {"kind": "worker"}),
    ],
    ids=["root", "user by name", "only UDP", "several ports", "nothing"],
)
def test_the_lines_are_what_the_image_says_and_a_stack_file_takes_them(
    registry: FakeRegistry, process: dict[str, Any], lines: dict[str, Any]
) -> None:
    digest = registry.add("team/my_app", "1", process)
    [(name, made)] = _document(registry, "team/my_app:1")["apps"].items()
    assert name == "my-app"
    assert made.pop("image") == f"{registry.host}/team/my_app:1@{digest}"
    group = {"security": {"user": 10001, "group": 10001}} if process.get("User") == "10001" else {}
    assert made == lines | group
    printed = _printed(registry, "team/my_app:1")
    shown = yaml.safe_load(printed[printed.index("apps:") :].partition("\n\n")[0])
    settings = build_settings({"platform": {"kind": "existing", "context": "x"}, **shown})
    assert settings.apps["my-app"].image.endswith(digest)


def test_root_and_names_of_users_and_low_ports_are_explained(registry: FakeRegistry) -> None:
    registry.add("db", "1", POSTGRES)
    registry.add("web", "1", NODE)
    registry.add("proxy", "1", PROXY)
    assert "try it without the line of security first, as user 10001" in _printed(registry, "db:1")
    assert "what must be kept there is a volume of kind persistent" in _printed(registry, "db:1")
    assert "its user is 'node', a name, and Kubernetes needs a number" in _printed(registry, "web:1")
    assert "port 80 is below 1024" in _printed(registry, "proxy:1")


def _stack_file(folder: Path, apps: dict[str, Any], *, more: dict[str, Any] | None = None) -> Path:
    pools = {
        "system": {"instanceTypes": ["m7i.large"], "min": 2, "max": 4, "system": True},
        "apps": {"instanceTypes": ["m7g.large"], "min": 2, "max": 4},
        **(more or {}),
    }
    config = {
        "nightowl:platform": {"kind": "eks", "region": "eu-central-1", "accountId": "111122223333"},
        "nightowl:cluster": {"access": {"deployers": ["arn:aws:iam::111122223333:role/deployer"]}},
        "nightowl:nodePools": pools,
        "nightowl:apps": apps,
    }
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    return file


def test_every_image_of_a_stack_is_looked_at_for_the_nodes_that_take_its_app(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.add("old", "1", NODE, architectures=("amd64",))
    registry.add("new", "1", NODE)
    old, new, none = (f"{registry.host}/{name}:1" for name in ("old", "new", "none"))
    apps = {
        "arm": {"image": new, "port": 3000, "replicas": 1, "sidecars": {"logs": {"image": old}}},
        "intel": {"image": old, "port": 3000, "replicas": 1, "placement": {"labels": {"kubernetes.io/arch": "amd64"}}},
        "lost": {"image": none, "port": 3000, "replicas": 1},
    }
    kept_apart = {"instanceTypes": ["m7i.large"], "min": 1, "max": 2, "taints": [{"key": "x", "effect": "NoSchedule"}]}
    apps["intel"]["placement"]["tolerate"] = ["x"]
    stack = _stack_file(tmp_path, apps, more={"intel": kept_apart})
    result = CliRunner().invoke(command_app, ["image", "--file", str(stack)])
    assert result.exit_code == 1
    arm, logs, intel, lost = result.output.splitlines()
    assert arm == f"nightowl:apps.arm.image: {new}: amd64, arm64"
    assert logs.startswith(f"nightowl:apps.arm.sidecars.logs.image: {old}: the nodes are arm64, for which there is no")
    assert intel == f"nightowl:apps.intel.image: {old}: amd64"
    assert lost == f"nightowl:apps.lost.image: {none}: {none} is not there; correct the name or the tag"
    stack = _stack_file(tmp_path, {"arm": {"image": new, "port": 3000, "replicas": 1}})
    result = CliRunner().invoke(command_app, ["image", "--file", str(stack), "--json"])
    assert (result.exit_code, json.loads(result.output)[0]["architectures"]) == (0, "amd64, arm64")


def test_an_image_or_a_stack_is_wanted() -> None:
    result = CliRunner().invoke(command_app, ["image"])
    assert str(result.exception) == "IMAGE: name an image, or a stack by --stack, whose images are looked at"


def test_an_image_for_one_architecture_is_told_before_it_ends_on_nodes_of_another(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.add("old", "1", NODE, architectures=("amd64",))
    registry.add("new", "1", NODE)
    stack = _stack_file(tmp_path, {})
    pools = node_architectures(stack)
    [warning, _] = _document(registry, "old:1", pools=pools)["remarks"]
    assert warning.startswith("the nodes are arm64, for which there is no image: its containers end with `exec format")
    [warning, _] = _document(registry, "old:1")["remarks"]
    assert warning.startswith("for amd64 only: on nodes of another architecture, such as Graviton, it ends with `exec")
    assert all("exec format" not in note for note in _document(registry, "new:1", pools=pools)["remarks"])


def test_facts_are_printed_for_people(registry: FakeRegistry) -> None:
    digest = registry.add("db", "17.6", {**POSTGRES, "Cmd": ["\x1b]0;title\x07postgres"]})
    lines = _printed(registry, "db:17.6").splitlines()
    assert f"image             {registry.host}/db:17.6@{digest}" in lines
    assert "architectures     amd64, arm64" in lines
    assert "compressedSize    3 MiB" in lines
    assert "user              root" in lines
    assert "command           ?]0;title?postgres" in lines
    assert "workingDirectory  /" in lines


def test_a_registry_that_asks_for_a_token_gets_one_for_this_repository_alone(registry: FakeRegistry) -> None:
    registry.scheme = "Bearer"
    registry.add("team/app", "1", NODE)
    read_image(_name(registry, "team/app:1"), None)
    tokens = [path for path in registry.asked if path.startswith("/token")]
    assert tokens == ["/token?service=fake&scope=repository%3Ateam%2Fapp%3Apull"]


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_a_private_image_is_read_with_what_docker_login_stored(
    registry: FakeRegistry, scheme: str, tmp_path: Path
) -> None:
    registry.scheme, registry.user, registry.password = scheme, "me", "s3cret:x"
    registry.add("app", "1", NODE)
    entry = {"auth": base64.b64encode(b"me:s3cret:x").decode()}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.host: entry}}))
    credentials = find_credentials(registry.host, {"DOCKER_CONFIG": str(tmp_path)})
    assert read_image(_name(registry, "app:1"), credentials).user == "node"
    with pytest.raises(RegistryError, match=rf"`docker login {registry.host}` first"):
        read_image(_name(registry, "app:1"), None)
    with pytest.raises(
        RegistryError, match=rf"`docker login {registry.host}` with an account that may read it"
    ) as told:
        read_image(_name(registry, "app:1"), Credentials(user="me", password=WRONG))
    assert WRONG not in str(told.value)


def test_an_identity_token_is_exchanged_for_one_of_the_registry(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.scheme, registry.user, registry.password = "Bearer", "me", "refresh-me"
    registry.add("app", "1", NODE)
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.host: {"identitytoken": "refresh-me"}}}))
    credentials = find_credentials(registry.host, {"DOCKER_CONFIG": str(tmp_path)})
    assert read_image(_name(registry, "app:1"), credentials).user == "node"


def test_credentials_come_from_a_helper_where_docker_uses_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = tmp_path / "docker-credential-fake"
    helper.write_text('#!/bin/sh\nread host\necho "{\\"Username\\": \\"$host\\", \\"Secret\\": \\"pass\\"}"\n')
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {"ghcr.io": "fake"}, "credsStore": "missing"}))
    found = find_credentials("ghcr.io", {"DOCKER_CONFIG": str(tmp_path)})
    assert found == Credentials(user="ghcr.io", password=STORED)
    assert find_credentials("quay.io", {"DOCKER_CONFIG": str(tmp_path)}) is None


def test_docker_hub_has_its_old_name_in_the_file(tmp_path: Path) -> None:
    entry = {"auth": base64.b64encode(b"me:pass").decode()}
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(json.dumps({"auths": {"https://index.docker.io/v1/": entry}}))
    assert find_credentials("docker.io", {"HOME": str(tmp_path)}) == Credentials(user="me", password=STORED)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"auths": {"ghcr.io": {"auth": "%"}}}', '{"auths": []}'])
def test_a_broken_file_has_no_credentials(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    assert find_credentials("ghcr.io", {"DOCKER_CONFIG": str(tmp_path)}) is None


def test_credentials_are_never_shown() -> None:
    assert STORED not in repr(Credentials(user="me", password=STORED))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((404, {}), "{image} is not there; correct the name or the tag"),
        (
            (403, {}),
            "{host} has no such image, or it is private: {image}; correct the name, or `docker login {host}` first",
        ),
        (
            (429, {"Retry-After": "30"}),
            "{host} has answered too often; try again in 30 seconds, or `docker login {host}` for a higher limit",
        ),
        ((503, {}), "{host} answers 503 Service Unavailable; try again later"),
        ((401, {}), "{host} refuses, and does not say how to log in there"),
        (
            (401, {"WWW-Authenticate": 'Bearer realm="http://tokens.example.com/",service="x"'}),
            "{host} refuses, and does not say how to log in there",
        ),
    ],
    ids=["no such image", "denied", "rate limit", "down", "no challenge", "token over plain HTTP elsewhere"],
)
def test_a_refusal_says_what_to_do(registry: FakeRegistry, answer: tuple[int, dict[str, str]], message: str) -> None:
    registry.answer = answer
    name = _name(registry, "app:1")
    with pytest.raises(RegistryError) as refusal:
        read_image(name, None)
    assert str(refusal.value) == message.format(host=registry.host, image=name)


def test_without_a_network_the_command_says_so_in_one_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        result = CliRunner().invoke(command_app, ["image", f"{host}/app:1"])
    assert str(result.exception) == (
        f"{host} cannot be reached; check the network, HTTPS_PROXY and the name of the image"
    )


@pytest.mark.parametrize(
    ("media_type", "document", "message"),
    [
        (
            "application/vnd.oci.image.manifest.v1+json",
            {"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json"}},
            "is not an image of a container but application/vnd.cncf.helm.config.v1+json",
        ),
        ("text/plain", {"schemaVersion": 1, "fsLayers": []}, "is not an image of a container but schema 1"),
        ("application/vnd.oci.image.index.v1+json", {"manifests": []}, "has no image for Linux"),
        ("text/html", b"<html>", "does not answer as a registry does"),
        ("application/json", b"[" * 100_000, "does not answer as a registry does"),
        ("application/json", b" " * (4 * 1024**2 + 1), "answers with too much"),
    ],
    ids=["chart", "schema 1", "empty index", "page", "deep", "large"],
)
def test_what_is_no_image_is_named(registry: FakeRegistry, media_type: str, document: Any, message: str) -> None:
    registry.store("app", "manifests", "1", media_type, document)
    with pytest.raises(RegistryError, match=re.escape(message)):
        read_image(_name(registry, "app:1"), None)


def test_an_image_for_windows_is_refused(registry: FakeRegistry) -> None:
    registry.add("app", "1", {}, system="windows", index=False)
    with pytest.raises(RegistryError, match="is an image for windows, and nodes run Linux"):
        read_image(_name(registry, "app:1"), None)


def test_content_that_has_another_digest_is_refused(registry: FakeRegistry) -> None:
    digest = registry.add("app", "1", NODE)
    registry.stored[f"app/manifests/{digest}"] = registry.stored["app/manifests/1"][0], b"{}"
    with pytest.raises(RegistryError, match=f"sent other content than {digest}"):
        read_image(_name(registry, f"app@{digest}"), None)
