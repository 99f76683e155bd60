"""Images that are built once per content."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

import infra.ci.build as module
from infra.aws import AwsError
from infra.ci.actions_run import ActionsRun
from infra.ci.build import BuildError, platforms_of, run_build
from infra.errors import UsageError
from tests.ci.checkout import Checkout
from tests.ci.delivery_stacks import ACCOUNT, PUBLIC, FakeProgram, digest, path_of, path_with, read, stack_text
from tests.ci.test_actions_run import outputs
from tests.printed import printed_to

HOST = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
INTEL = "    intel: { instanceTypes: [m7i.large], min: 1, max: 2 }\n"
PASSWORD = f"{ACCOUNT}-auth-token"
APPS = {"web": PUBLIC, "api": PUBLIC}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    text = stack_text("dev", APPS, build={"web": "apps/web"}, ephemeral=True)
    return Checkout.make(
        tmp_path / "checkout",
        {"apps/web/Dockerfile": "FROM scratch\n", "apps/web/main.py": "print()\n", path_of("dev"): text},
    )


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    program = FakeProgram.install("docker", tmp_path / "bin")
    monkeypatch.setenv("PATH", path_with(program.folder))
    return program


@pytest.fixture
def ecr(aws: None) -> Any:
    client = boto3.client("ecr", region_name="eu-central-1")
    client.create_repository(repositoryName="nightowl-dev/web")
    return client


def put(client: Any, tag: str, letter: str, repository: str = "nightowl-dev/web") -> None:
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "note": letter}
    client.put_image(
        repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag, imageDigest=digest(letter)
    )


@pytest.fixture
def pushes(monkeypatch: pytest.MonkeyPatch, ecr: Any) -> Callable[..., None]:
    """Let what docker pushes appear in the registry, which docker's stand-in cannot reach."""
    run = module.run_command

    def arrange(letter: str, repository: str = "nightowl-dev/web", *, before_failure: bool = False) -> None:
        def pushing(command: list[str], **more: Any) -> str:
            if command[1:3] != ["buildx", "build"]:
                return run(command, **more)
            tag = command[command.index("--tag") + 1].rpartition(":")[2]
            if before_failure:
                put(ecr, tag, letter, repository)
            output = run(command, **more)
            put(ecr, tag, letter, repository)
            return output

        monkeypatch.setattr(module, "run_command", pushing)

    return arrange


def build(
    checkout: Checkout, tmp_path: Path, *, dry_run: bool = False, **more: Any
) -> tuple[dict[str, str], list[str]]:
    said: list[str] = []
    run = ActionsRun(
        output=tmp_path / "output",
        sha="f" * 40,
        repository="example/nightowl",
        console=printed_to(said),
        dry_run=dry_run,
    )
    run_build(checkout.folder, read(checkout.folder, "dev"), run, **more)
    path = tmp_path / "output"
    return outputs(path.read_text()) if path.exists() else {}, said


def tag_of(checkout: Checkout) -> str:
    return f"tree-{checkout.git('rev-parse', 'HEAD:apps/web')}"


def test_a_new_content_is_built_pushed_and_given_by_digest(
    checkout: Checkout, docker: FakeProgram, pushes: Callable[..., None], tmp_path: Path
) -> None:
    docker.behave(digest=digest("a"))
    pushes("a")

    given, _ = build(checkout, tmp_path)

    reference = f"{HOST}/nightowl-dev/web:{tag_of(checkout)}"
    assert given == {"images": json.dumps({"web": f"{reference}@{digest('a')}"}), "again": "false"}
    login, command, logout = docker.commands
    assert login == f"login --username AWS --password-stdin {HOST}"
    assert command.startswith("buildx build --push --platform linux/arm64 --provenance=false --sbom=false ")
    assert f"--tag {reference} " in command
    assert f"--label org.opencontainers.image.revision={'f' * 40}" in command
    assert logout == f"logout {HOST}"


def test_the_context_is_what_the_commit_holds(
    checkout: Checkout, docker: FakeProgram, pushes: Callable[..., None], tmp_path: Path
) -> None:
    checkout.commit({".gitignore": "*.pyc\n"})
    checkout.write({"apps/web/cache.pyc": "left over"})
    docker.behave(digest=digest("a"))
    pushes("a")
    build(checkout, tmp_path)

    (context,) = (seen for seen in docker.calls[1]["seen"].values() if isinstance(seen, dict))
    assert context == {"Dockerfile": "FROM scratch\n", "main.py": "print()\n"}


def test_the_password_goes_in_by_standard_input_and_nowhere_else(
    checkout: Checkout, docker: FakeProgram, pushes: Callable[..., None], tmp_path: Path
) -> None:
    docker.behave(digest=digest("a"))
    pushes("a")
    _, said = build(checkout, tmp_path)

    assert docker.calls[0]["stdin"] == PASSWORD
    assert PASSWORD not in "".join([*docker.commands, *said, (tmp_path / "output").read_text()])


def test_a_content_that_is_there_is_not_built_again(
    checkout: Checkout, docker: FakeProgram, ecr: Any, tmp_path: Path
) -> None:
    put(ecr, tag_of(checkout), "b")
    given, said = build(checkout, tmp_path)

    assert docker.calls == []
    assert given["images"].endswith(f"@{digest('b')}" + '"}')
    assert "is there already" in said[0]


def test_another_folder_that_changes_builds_nothing(
    checkout: Checkout, docker: FakeProgram, ecr: Any, tmp_path: Path
) -> None:
    put(ecr, tag_of(checkout), "b")
    checkout.commit({"docs/readme.md": "text"})
    build(checkout, tmp_path)

    assert docker.calls == []


def test_a_missing_repository_is_left_to_the_next_run(
    checkout: Checkout, docker: FakeProgram, aws: None, tmp_path: Path
) -> None:
    given, said = build(checkout, tmp_path)

    assert given == {"images": "{}", "again": "true"}
    assert docker.calls == []
    assert "a deployment of the stack makes it, and the next run fills it" in said[0]


def test_images_of_pull_requests_go_apart(
    checkout: Checkout, docker: FakeProgram, pushes: Callable[..., None], ecr: Any, tmp_path: Path
) -> None:
    ecr.create_repository(repositoryName="nightowl-dev/pr/web")
    docker.behave(digest=digest("a"))
    pushes("a", "nightowl-dev/pr/web")
    given, _ = build(checkout, tmp_path, pull_request=7)

    assert f"{HOST}/nightowl-dev/pr/web:" in given["images"]
    assert "nightowl-dev/web" not in docker.commands[1]


def test_a_stack_without_ephemeral_stacks_builds_for_no_pull_request(checkout: Checkout, tmp_path: Path) -> None:
    checkout.commit({path_of("dev"): stack_text("dev", APPS, build={"web": "apps/web"})})

    with pytest.raises(UsageError, match=r"nightowl:delivery\.github\.ephemeral"):
        build(checkout, tmp_path, pull_request=7)


def test_a_stack_that_builds_nothing_gives_no_images(checkout: Checkout, aws: None, tmp_path: Path) -> None:
    checkout.commit({path_of("dev"): stack_text("dev", APPS)})

    assert build(checkout, tmp_path)[0] == {"images": "{}", "again": "false"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"apps/web/main.py": "changed"}, r"apps/web/main\.py is not as in the commit.*commit the changes"),
        ({"apps/web/new.py": "new"}, r"apps/web/new\.py is not as in the commit"),
    ],
)
def test_changes_that_are_not_committed_are_refused(
    checkout: Checkout, tmp_path: Path, files: dict[str, str], told: str
) -> None:
    checkout.write(files)

    with pytest.raises(UsageError, match=rf"^\S*Pulumi\.dev\.yaml:\d+: nightowl:apps\.web\.build: {told}"):
        build(checkout, tmp_path)


@pytest.mark.parametrize(
    ("removed", "told"),
    [("apps/web", "the commit has no folder 'apps/web'"), ("apps/web/Dockerfile", "'apps/web' has no Dockerfile")],
)
def test_a_missing_folder_or_dockerfile_is_named(checkout: Checkout, tmp_path: Path, removed: str, told: str) -> None:
    checkout.git("rm", "-r", "--quiet", removed)
    checkout.commit({})

    with pytest.raises(UsageError, match=rf"^\S*Pulumi\.dev\.yaml:\d+: nightowl:apps\.web\.build: {told}"):
        build(checkout, tmp_path)


def test_a_failed_build_shows_the_end_of_what_docker_said_and_logs_out(
    checkout: Checkout, docker: FakeProgram, ecr: Any, tmp_path: Path
) -> None:
    docker.behave(fail=(("buildx build", 1, 'ERROR: process "/bin/sh -c make" did not complete: exit code: 2'),))

    with pytest.raises(BuildError, match=r"(?s)building web from apps/web: docker failed.*exit code: 2"):
        build(checkout, tmp_path)
    assert docker.commands[-1] == f"logout {HOST}"
    assert not (tmp_path / "output").exists()


def test_a_failed_login_does_not_tell_the_password(
    checkout: Checkout, docker: FakeProgram, ecr: Any, tmp_path: Path
) -> None:
    docker.behave(fail=(("login", 1, "Error response from daemon: 401 Unauthorized"),))

    with pytest.raises(BuildError, match=r"(?s)logging in to .*401 Unauthorized") as failure:
        build(checkout, tmp_path)
    assert PASSWORD not in str(failure.value)


def test_a_missing_docker_is_told_with_the_remedy(
    checkout: Checkout, ecr: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    for path in os.environ["PATH"].split(os.pathsep):
        if (Path(path) / "git").exists():
            (tmp_path / "bin/git").symlink_to(Path(path) / "git")
            break
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(BuildError, match=r"docker cannot be started.*; install Docker with buildx, and start it"):
        build(checkout, tmp_path)


def test_the_same_content_that_another_run_pushes_meanwhile_is_taken(
    checkout: Checkout, docker: FakeProgram, pushes: Callable[..., None], tmp_path: Path
) -> None:
    docker.behave(fail=(("buildx build", 1, "tag invalid: The image tag already exists and is immutable"),))
    pushes("c", before_failure=True)
    given, _ = build(checkout, tmp_path)

    assert digest("c") in given["images"]


@pytest.mark.parametrize("told", [digest("d"), ""])
def test_a_digest_that_the_registry_does_not_confirm_is_an_error(
    checkout: Checkout, docker: FakeProgram, pushes: Callable[..., None], tmp_path: Path, told: str
) -> None:
    docker.behave(digest=told)
    pushes("a")

    with pytest.raises(BuildError, match=rf"docker says that it pushed .*the registry has {digest('a')}"):
        build(checkout, tmp_path)


def test_nodes_of_two_architectures_get_an_image_of_both(
    checkout: Checkout, docker: FakeProgram, pushes: Callable[..., None], tmp_path: Path
) -> None:
    text = stack_text("dev", APPS, build={"web": "apps/web"}, pools=INTEL)
    checkout.commit({path_of("dev"): text})
    docker.behave(digest=digest("a"))
    pushes("a")
    build(checkout, tmp_path)

    assert platforms_of(read(checkout.folder, "dev")) == ("linux/arm64", "linux/amd64")
    _, create, command, remove, _ = docker.commands
    builder = re.fullmatch(r"buildx create --name (nightowl-\w+) --driver docker-container", create)
    assert builder
    assert f"--builder {builder[1]} --push --platform linux/arm64,linux/amd64 " in command
    assert remove == f"buildx rm {builder[1]}"


def test_the_machines_of_the_system_pool_run_no_apps_and_count_not(checkout: Checkout) -> None:
    text = stack_text("dev", APPS, build={"web": "apps/web"})
    checkout.write({path_of("dev"): text.replace("system: { instanceTypes: [m7g", "system: { instanceTypes: [m7i")})

    assert platforms_of(read(checkout.folder, "dev")) == ("linux/arm64",)


def test_credentials_that_are_missing_are_told_in_a_sentence(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(AwsError, match=r"there are no AWS credentials in this shell; sign in") as failure:
        build(checkout, tmp_path)
    assert "\n" not in str(failure.value)


def test_a_dry_run_says_what_it_would_build_and_does_nothing(
    checkout: Checkout, docker: FakeProgram, nothing_reaches_out: None, tmp_path: Path
) -> None:
    given, said = build(checkout, tmp_path, dry_run=True)

    assert (given, docker.calls) == ({}, [])
    assert said == [
        f"web: would build apps/web for linux/arm64 and push it as {HOST}/nightowl-dev/web:{tag_of(checkout)}, "
        "unless it is there",
        "nothing was done",
    ]
