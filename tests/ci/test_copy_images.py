"""Images that are brought from one registry into another, unchanged."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

import infra.ci.copy_images as module
from infra.ci.actions_run import ActionsRun
from infra.ci.copy_images import CopyError, run_copy_images
from infra.ci.images import RepositoryMissingError
from infra.errors import UsageError
from tests.ci.delivery_stacks import (
    ACCOUNT,
    PUBLIC,
    FakeProgram,
    digest,
    image,
    path_of,
    path_with,
    read,
    stack_text,
)
from tests.ci.test_build import put
from tests.printed import printed_to

PASSWORD = f"{ACCOUNT}-auth-token"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    images = {"web": image("staging", "web", "a"), "api": PUBLIC}
    (tmp_path / path_of("dev")).write_text(stack_text("dev", images, build={"web": "apps/web", "api": "apps/api"}))
    (tmp_path / path_of("staging")).write_text(stack_text("staging", images, promotes_from="dev"))
    return tmp_path


@pytest.fixture
def skopeo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    program = FakeProgram.install("skopeo", tmp_path / "bin")
    monkeypatch.setenv("PATH", path_with(program.folder))
    return program


@pytest.fixture
def ecr(aws: None) -> Any:
    client = boto3.client("ecr", region_name="eu-west-1")
    client.create_repository(repositoryName="nightowl-staging/web")
    return client


@pytest.fixture
def arrives(monkeypatch: pytest.MonkeyPatch, ecr: Any) -> Callable[[str], None]:
    """Let what skopeo copies appear in the registry, which skopeo's stand-in cannot reach."""
    run = module.run_command

    def arrange(letter: str) -> None:
        def copying(command: list[str], **more: Any) -> str:
            output = run(command, **more)
            put(ecr, command[-1].rpartition(":")[2], letter, "nightowl-staging/web")
            return output

        monkeypatch.setattr(module, "run_command", copying)

    return arrange


def copy(project: Path, **more: Any) -> list[str]:
    said: list[str] = []
    text = (project / path_of("staging")).read_text()
    run_copy_images(read(project, "staging"), read(project, "dev"), text, ActionsRun(console=printed_to(said), **more))
    return said


def test_an_image_is_copied_by_digest_under_its_tag(
    project: Path, skopeo: FakeProgram, arrives: Callable[[str], None]
) -> None:
    arrives("a")
    copy(project)

    (call,) = skopeo.calls
    assert call["argv"][:4] == ["copy", "--all", "--preserve-digests", "--authfile"]
    assert call["argv"][-2:] == [
        f"docker://{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/nightowl-dev/web@{digest('a')}",
        f"docker://{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/nightowl-staging/web:tree-{'a' * 40}",
    ]


def test_the_logins_of_both_registries_are_in_a_file_that_only_this_user_reads_and_that_is_gone_afterwards(
    project: Path, skopeo: FakeProgram, arrives: Callable[[str], None]
) -> None:
    arrives("a")
    copy(project)

    path = skopeo.calls[0]["argv"][4]
    text, mode, mode_of_folder = skopeo.calls[0]["seen"][path]
    assert (mode, mode_of_folder) == ("0o600", "0o700")
    entry = {"auth": base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()}
    hosts = [f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com" for region in ("eu-central-1", "eu-west-1")]
    assert json.loads(text) == {"auths": dict.fromkeys(hosts, entry)}
    assert not Path(path).exists()
    assert not Path(path).parent.exists()


def test_no_password_is_told(
    project: Path, skopeo: FakeProgram, arrives: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    arrives("a")
    said = copy(project)

    told = "".join([*said, *skopeo.commands, *capfd.readouterr()])
    assert PASSWORD not in told
    assert base64.b64encode(f"AWS:{PASSWORD}".encode()).decode() not in told


def test_an_image_that_is_there_is_not_copied(project: Path, skopeo: FakeProgram, ecr: Any) -> None:
    put(ecr, "tree-" + "a" * 40, "a", "nightowl-staging/web")

    assert "is there already" in copy(project)[-1]
    assert skopeo.calls == []


def test_an_image_of_another_registry_needs_no_copy(project: Path, skopeo: FakeProgram, ecr: Any) -> None:
    put(ecr, "tree-" + "a" * 40, "a", "nightowl-staging/web")

    assert "api: its image is not in the registry of staging, so there is nothing to copy" in copy(project)


def test_a_copy_that_is_another_image_is_an_error(
    project: Path, skopeo: FakeProgram, arrives: Callable[[str], None]
) -> None:
    arrives("b")

    with pytest.raises(CopyError, match=rf"should be there now, and the registry has {digest('b')}"):
        copy(project)


def test_a_failure_shows_what_skopeo_said_and_where_the_right_to_read_is_given(
    project: Path, skopeo: FakeProgram, ecr: Any
) -> None:
    skopeo.behave(fail=(("copy", 1, "FATA[0001] reading manifest: denied: not authorized to perform: ecr"),))

    with pytest.raises(CopyError, match=r"(?s)denied: not authorized.*nightowl:delivery\.readers of dev"):
        copy(project)
    assert not Path(skopeo.calls[0]["argv"][4]).exists()


def test_a_missing_skopeo_is_told_with_the_remedy(project: Path, ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(CopyError, match=r"web: skopeo cannot be started: .*; install skopeo"):
        copy(project)


def test_a_missing_repository_is_told_with_the_remedy(project: Path, skopeo: FakeProgram, aws: None) -> None:
    with pytest.raises(RepositoryMissingError, match=r"web: nightowl-staging/web is not in the registry .*pulumi up"):
        copy(project)


def test_an_image_without_a_tag_has_nowhere_to_go(project: Path, skopeo: FakeProgram) -> None:
    path = project / path_of("staging")
    path.write_text(path.read_text().replace(f":tree-{'a' * 40}@", "@"))

    with pytest.raises(UsageError, match="web: its image has no tag"):
        copy(project)


def test_a_dry_run_copies_nothing(project: Path, skopeo: FakeProgram, nothing_reaches_out: None) -> None:
    said = copy(project, dry_run=True)

    assert skopeo.calls == []
    assert said[-1].startswith(f"web: would copy {ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/nightowl-dev/web@")


def test_docker_copies_where_there_is_no_skopeo(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ecr: Any,
) -> None:
    docker = FakeProgram.install("docker", tmp_path / "docker-only")
    monkeypatch.setattr(module.shutil, "which", lambda name: str(docker.folder / name) if name == "docker" else None)
    monkeypatch.setenv("PATH", path_with(docker.folder))
    run = module.run_command

    def copying(command: list[str], **more: Any) -> str:
        output = run(command, **more)
        put(ecr, command[command.index("--tag") + 1].rpartition(":")[2], "a", "nightowl-staging/web")
        return output

    monkeypatch.setattr(module, "run_command", copying)
    copy(project)

    (call,) = docker.calls
    assert call["argv"] == [
        *("buildx", "imagetools", "create", "--prefer-index=false", "--tag"),
        f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/nightowl-staging/web:tree-{'a' * 40}",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/nightowl-dev/web@{digest('a')}",
    ]
