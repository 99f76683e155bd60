"""Each `nightowl ci` of each workflow runs, all but its work on GitHub, AWS and the cluster: `--dry-run`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.engine.locks import state_of_stack
from tests.ci.checkout import Checkout
from tests.ci.fake_github import FakeGithub
from tests.workflows.delivering import make_repository
from tests.workflows.files import REPOSITORY
from tests.workflows.runs import DEFAULTS, words
from tests.workflows.test_commands import COMMANDS, OF_NIGHTOWL, understood
from tests.workflows.test_jobs import RUNS

TOLD = {
    "ci stacks": 'stacks=["dev", "staging", "prod"]',
    "ci role": "role-arn=arn:aws:iam::",
    "ci tools": "would get the Pulumi CLI and the providers aws ",
    "ci preview": "in a comment on pull request 7",
    "ci build": "would build apps/web",
    "ci deploy": "would deploy",
    "ci record": "web",
    "ci promote": "web: ",
    "ci copy-images": "would copy",
    "ci drift": "would",
    "ci versions": "would list the pinned versions",
    "ci recover": "would take the locks off",
    "ci ephemeral up": "would deploy pr-7",
    "ci ephemeral down": "would remove pr-7",
    "ci ephemeral sweep": "would be: #8 is closed",
}


@dataclass(frozen=True)
class Backend:
    """Stands for an engine, and for its workspace, of which only the place of the states and the project are asked."""

    project_name = "nightowl"

    folder: Path

    @property
    def workspace(self) -> Backend:
        return self

    @property
    def environment(self) -> dict[str, str]:
        for name in ("dev", "pr-7", "pr-8"):
            file = self.folder / state_of_stack("nightowl", name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("{}")
        return {"PULUMI_BACKEND_URL": self.folder.as_uri()}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return make_repository(tmp_path_factory.mktemp("repository"))


@pytest.fixture
def checkout(repository: Checkout, tmp_path: Path) -> Checkout:
    return Checkout(Path(shutil.copytree(repository.folder, tmp_path / "checkout")))


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGithub]:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a dry run asked AWS")

    monkeypatch.setattr("boto3.client", refuse)
    monkeypatch.setattr("infra.ci.ephemeral.place.project_engine", lambda *_: Backend(tmp_path / "backend"))
    with FakeGithub() as server:
        server.add_pull(7, labels=("ephemeral",))
        server.add_pull(8, labels=("ephemeral",), state="closed")
        yield server


@pytest.mark.parametrize("line", OF_NIGHTOWL)
def test_a_command_of_a_workflow_gets_to_the_point_where_it_would_act(
    line: str, checkout: Checkout, github: FakeGithub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout.folder)
    head = checkout.git("rev-parse", "HEAD")
    arguments = [head if word == DEFAULTS["GITHUB_SHA"] else word for word in words(COMMANDS[line])[1:]]
    path, options = understood(arguments)
    if "dry_run" in options:
        arguments.append("--dry-run")
    environment = {**COMMANDS[line].environment, **github.environment()}
    result = CliRunner().invoke(app, arguments, env=environment)
    assert (result.exit_code, result.exception) == (0, None), result.output
    assert TOLD[path] in result.output
    assert github.writes() == []
    assert checkout.git("status", "--short") == ""


def test_the_role_action_reads_outputs_that_the_command_gives(
    checkout: Checkout, github: FakeGithub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(checkout.folder)
    for run in RUNS.values():
        if run.role():
            stack, kind = run.role() or ("", "")
            output = tmp_path / f"{stack}-{kind}"
            result = CliRunner().invoke(
                app, ["ci", "role", "-s", stack, "--as", kind], env={"GITHUB_OUTPUT": str(output)}
            )
            assert result.exit_code == 0
            given = dict(zip(*[iter(_outputs(output))] * 2, strict=True))
            assert given["role-arn"].endswith(f":role/nightowl-{stack}-{kind}")
            assert given["account-id"] in given["role-arn"]
            assert given["environment"] == (run.environment_name() or "")
            assert given["region"]


def test_no_shipped_stack_is_delivered_before_its_account_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    result = CliRunner().invoke(app, ["ci", "stacks"], env={"GITHUB_OUTPUT": ""})
    assert json.loads(result.output.removeprefix("stacks=")) == []


def _outputs(file: Path) -> Iterator[str]:
    """Read a file of outputs: key and value in turn, each as `key<<END`, value, `END`."""
    lines = iter(file.read_text().splitlines())
    for line in lines:
        key, _, end = line.partition("<<")
        yield key
        yield "\n".join(iter(lambda: next(lines), end))
    file.unlink()
