from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra import cli
from infra.errors import NightowlError
from tests.github.fake_settings import CREDENTIAL, FakeSettings, served

STACK_FILE = """\
# The {stack} stack.
config:
  nightowl:platform:
    kind: eks
    region: eu-central-1
    accountId: "111122223333" # replace: the account

  nightowl:delivery:
    backend: s3://nightowl-state # made by bootstrap

  nightowl:apps: {{}}
"""

CI = """\
name: ci
on: [pull_request]
jobs:
  check-test-e2e:
    runs-on: ubuntu-24.04
  audit:
    name: Audit of everything
    runs-on: ubuntu-24.04
"""


@pytest.fixture(autouse=True)
def no_waits_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.github.client.BACKOFF_SECONDS", 0.0)


@pytest.fixture
def github() -> Iterator[FakeSettings]:
    with served() as fake:
        yield fake


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout of example/nightowl with three stacks on EKS and one that is not."""
    (tmp_path / "Pulumi.yaml").write_text("name: nightowl\n")
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    for stack in ("dev", "staging", "prod"):
        (stacks / f"Pulumi.{stack}.yaml").write_text(STACK_FILE.format(stack=stack))
    (stacks / "Pulumi.local.yaml").write_text("config:\n  nightowl:platform: { kind: local }\n")
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").write_text(CI)
    set_origin(tmp_path, "git@github.com:example/nightowl.git")
    return tmp_path


def set_origin(project: Path, address: str) -> None:
    git = shutil.which("git")
    assert git
    shutil.rmtree(project / ".git", ignore_errors=True)
    for arguments in (["init", "--quiet"], ["remote", "add", "origin", address]):
        subprocess.run([git, "-C", str(project), *arguments], check=True, capture_output=True)


@dataclass(frozen=True)
class Command:
    """`nightowl github` as a user runs it, against the fake."""

    github: FakeSettings
    project: Path

    def __call__(self, *arguments: str, environ: dict[str, str] | None = None) -> Result:
        runner = CliRunner()
        default = {"GITHUB_TOKEN": CREDENTIAL, "GITHUB_API_URL": self.github.url}
        return runner.invoke(cli.app, ["github", *arguments], env=default if environ is None else environ)

    def document(self, *arguments: str) -> dict[str, Any]:
        result = self(*arguments, "--json")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return json.loads(result.stdout)

    def steps(self, *arguments: str) -> dict[str, dict[str, Any]]:
        return {step["name"]: step for step in self.document(*arguments)["steps"]}

    def check(self, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """Run it with --check, and return its exit code and its steps."""
        result = self("--check", *arguments, "--json")
        return result.exit_code, {step["name"]: step for step in json.loads(result.stdout)["steps"]}

    def refusal(self, *arguments: str, environ: dict[str, str] | None = None) -> str:
        """Run it, and return the sentence that it fails with."""
        result = self(*arguments, environ=environ)
        assert isinstance(result.exception, NightowlError), (result.output, result.exception)
        return str(result.exception)


@pytest.fixture
def nightowl(github: FakeSettings, project: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(project)
    for variable in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return Command(github, project)


@dataclass(frozen=True)
class Snapshot:
    """A repository and the files that it wrote as the command left them."""

    github: FakeSettings
    files: dict[str, str]


@pytest.fixture(scope="session")
def snapshots() -> list[Snapshot]:
    """At most one: the command runs for it once."""
    return []


@pytest.fixture
def ready(nightowl: Command, snapshots: list[Snapshot]) -> Command:
    """The command, with a repository that it has made ready and switched on."""
    if not snapshots:
        assert nightowl("--reviewer", "alice", "--reviewer", "bob", "--on").exit_code == 0
        written = [*(nightowl.project / "stacks").iterdir(), nightowl.project / ".github" / "CODEOWNERS"]
        texts = {str(path.relative_to(nightowl.project)): path.read_text() for path in written}
        snapshots.append(Snapshot(deepcopy(nightowl.github), texts))
    (snapshot,) = snapshots
    for state in fields(FakeSettings):
        if state.name != "url":
            setattr(nightowl.github, state.name, deepcopy(getattr(snapshot.github, state.name)))
    for name, text in snapshot.files.items():
        (nightowl.project / name).write_text(text)
    nightowl.github.requests.clear()
    return nightowl
