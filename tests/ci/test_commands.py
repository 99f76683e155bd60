"""The commands of `nightowl ci`, as a workflow writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.errors import UsageError
from tests.ci.checkout import Checkout
from tests.ci.delivery_stacks import ACCOUNT, PUBLIC, image, path_of, stack_text
from tests.ci.fake_github import FakeGithub
from tests.ci.test_actions_run import outputs


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    images = {"web": PUBLIC}
    checkout = Checkout.make(
        tmp_path / "checkout",
        {
            "Pulumi.yaml": "name: nightowl\nruntime: python\nmain: infra/\nstackConfigDir: stacks\n",
            "apps/web/Dockerfile": "FROM scratch\n",
            path_of("dev"): stack_text("dev", {"web": image("dev", "web", "a")}, build={"web": "apps/web"}),
            path_of("staging"): stack_text("staging", images, promotes_from="dev"),
            path_of("prod"): stack_text("prod", images, promotes_from="staging"),
        },
    )
    monkeypatch.chdir(checkout.folder)
    for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH", "GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    return checkout.folder


@pytest.fixture
def github(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.push("main", {path: (project / path).read_text() for path in map(path_of, ("dev", "staging", "prod"))})
        for variable, value in server.environment().items():
            monkeypatch.setenv(variable, value)
        yield server


def ci(*words: str) -> Result:
    return CliRunner().invoke(app, ["ci", *words], catch_exceptions=False)


def given(project: Path) -> dict[str, str]:
    return outputs((project.parent / "output").read_text())


def test_stacks_and_role_give_their_outputs_without_credentials(project: Path, nothing_reaches_out: None) -> None:
    ci("stacks")
    ci("role", "-s", "dev", "--as", "deploy")

    assert json.loads(given(project)["stacks"]) == ["dev", "staging", "prod"]
    assert given(project)["role-arn"] == f"arn:aws:iam::{ACCOUNT}:role/nightowl-dev-deploy"


def test_a_role_that_there_is_not_is_a_wrong_option(project: Path) -> None:
    assert ci("role", "-s", "dev", "--as", "admin").exit_code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("build", "-s", "dev"), "web: would build apps/web for linux/arm64"),
        (("copy-images", "-s", "staging"), "web: its image is not in the registry of staging"),
        (("copy-images", "-s", "dev"), "dev builds its images: there is nothing to copy"),
        (("record", "-s", "dev", "--images", json.dumps({"web": image("dev", "web", "b")})), "web: would propose"),
        (("promote", "--to", "staging", "--app", "", "--digest", ""), "would propose this for stacks/Pulumi.staging"),
        (("promote", "--to", "staging", "--app", "web", "--rollback"), "has no earlier image of web"),
        (("drift", "-s", "dev"), "would preview dev by the engine"),
        (("recover", "-s", "dev"), "would take the locks off dev"),
    ],
)
def test_a_dry_run_of_each_command_says_what_it_would_do(
    project: Path, nothing_reaches_out: None, words: tuple[str, ...], told: str
) -> None:
    result = ci(*words, "--dry-run")

    assert (result.exit_code, told in result.output) == (0, True), result.output


def test_promote_opens_the_pull_request(project: Path, github: FakeGithub) -> None:
    result = ci("promote", "--to", "staging")

    (pull,) = github.open_pulls()
    assert f"https://github.com/example/nightowl/pull/{pull.number}" in result.output.splitlines()
    assert image("staging", "web", "a") in (github.file(path_of("staging"), "nightowl/promote-staging") or "")


def test_record_opens_the_pull_request(project: Path, github: FakeGithub) -> None:
    ci("record", "-s", "dev", "--images", json.dumps({"web": image("dev", "web", "b")}))

    assert [pull.head for pull in github.open_pulls()] == ["nightowl/record-dev"]


def test_no_images_at_all_are_nothing_to_record(project: Path, nothing_reaches_out: None) -> None:
    assert ci("record", "-s", "dev", "--images", "").output == "nothing was built, so there is nothing to record\n"


@pytest.mark.parametrize(
    ("words", "function", "given_to_it"),
    [
        (("preview", "-s", "dev", "--pull-request", "7"), "preview.run_preview", [7]),
        (("preview", "-s", "dev"), "preview.run_preview", [None]),
        (("deploy", "-s", "dev", "--images", '{"web": "a/b:1"}'), "deploy.run_deploy", [{"web": "a/b:1"}]),
        (("deploy", "-s", "dev", "--images", ""), "deploy.run_deploy", [{}]),
        (("deploy", "-s", "dev"), "deploy.run_deploy", [{}]),
        (("drift", "-s", "dev"), "drift.run_drift", []),
        (("recover", "-s", "dev"), "recover.run_recover", []),
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_a_command_hands_over_what_its_options_say(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    function: str,
    given_to_it: list[object],
    dry: bool,
) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    monkeypatch.setattr(f"infra.ci.{function}", lambda *words, **options: calls.append((words, options)))
    ci(*words, *(["--dry-run"] if dry else []))

    ((target, *between, run), options) = calls[0]
    assert (target.stack, target.stack_file) == ("dev", project / path_of("dev"))
    assert (between, run.output, run.dry_run, options) == (given_to_it, project.parent / "output", dry, {})


@pytest.mark.parametrize(
    ("words", "function", "given_to_it"),
    [
        (("up", "--pull-request", "7", "--images", '{"web": "a/b:1"}'), "run_up", ([7, {"web": "a/b:1"}], {})),
        (("up", "--pull-request", "7", "--images", ""), "run_up", ([7, {}], {})),
        (("down", "--pull-request", "7"), "run_down", ([7], {})),
        (("sweep",), "run_sweep", ([], {"ttl_seconds": 72 * 3600})),
        (("sweep", "--ttl", "0s"), "run_sweep", ([], {"ttl_seconds": 0})),
    ],
)
@pytest.mark.parametrize("cluster", [(), ("--cluster", "mine")])
def test_a_command_for_pull_requests_hands_over_what_its_options_say(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    function: str,
    given_to_it: tuple[list[object], dict[str, object]],
    cluster: tuple[str, ...],
) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    for place in ("project_place", "cluster_place"):
        monkeypatch.setattr(f"infra.ci.ephemeral.place.{place}", lambda *words: words)
    module = "sweep" if function == "run_sweep" else "lifecycle"
    function = f"infra.ci.ephemeral.{module}.{function}"
    monkeypatch.setattr(function, lambda *words, **options: calls.append((words, options)))
    ci("ephemeral", *words, "--base", "dev", *cluster, "--dry-run")

    ((found, *rest), more) = calls[0]
    assert (rest, more) == given_to_it
    assert found[:-1] == (project, "dev", *cluster[1:])
    assert found[-1].dry_run


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("build", "-s", "nowhere"), "there is no stack 'nowhere'"),
        (("record", "-s", "dev", "--images", "{"), "--images: '{' is not JSON"),
        (("promote", "--to", "staging", "--source-commit", "main"), "--source-commit: 'main' is not a commit"),
        (("promote", "--to", "dev"), "dev builds its images and promotes none"),
        (("ephemeral", "sweep", "--ttl", "soon"), "--ttl: 'soon'"),
        (("ephemeral", "down", "--pull-request", "7", "--cluster", "A B"), "--cluster: 'A B' is not a name"),
    ],
)
def test_a_wrong_option_is_one_sentence(project: Path, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=f"^{told}"):
        ci(*words)


def test_without_a_token_the_command_says_where_one_comes_from(project: Path) -> None:
    environment = {"GITHUB_REPOSITORY": "example/nightowl", "GITHUB_TOKEN": "", "GH_TOKEN": ""}
    with pytest.raises(UsageError, match=r"GITHUB_TOKEN is not set; pass it to the step"):
        CliRunner().invoke(app, ["ci", "promote", "--to", "staging"], env=environment, catch_exceptions=False)


def test_the_command_starts_without_what_only_some_commands_need() -> None:
    code = (
        "import sys, infra.cli; print([name for name in ('github', 'boto3', 'pulumi', 'yaml') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert found == "[]\n"
