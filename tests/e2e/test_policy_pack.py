"""The policy pack in the stock CLI, as README tells it: the engine starts it, asks it, and stops or goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from kubernetes.client import AppsV1Api

from infra.local.workspace import environment
from infra.toolchain.resolve import resolve_pulumi
from tests.e2e.conftest import CLUSTER, REPOSITORY, Cluster, Run
from tests.e2e.delivery import STACK, make_checkout
from tests.language_host import language_host

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

POLICIES = REPOSITORY / "policies"
RUN_SECONDS = 300


@dataclass(frozen=True)
class Cli:
    """The stock CLI in a project folder."""

    project: Path
    pulumi: Path
    variables: Mapping[str, str]

    def run(self, *arguments: str) -> Run:
        done = subprocess.run(
            [str(self.pulumi), *arguments, "--non-interactive", "--color", "never"],
            cwd=self.project,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def judged(self, command: str, *arguments: str, levels: str = "local") -> Run:
        """Run a command with the pack."""
        config = POLICIES / f"{levels}.json"
        pack = ("--policy-pack", str(POLICIES), "--policy-pack-config", str(config))
        return self.run(command, "--stack", STACK, *pack, *arguments)


@pytest.fixture(scope="module")
def variables(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Those that `nightowl local env` prints, and the language host."""
    hosts = language_host(tmp_path_factory.mktemp("hosts"))
    return {
        **environment(cluster.machine.paths(CLUSTER)),
        "PATH": f"{hosts}:{os.environ['PATH']}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


@pytest.fixture(scope="module")
def deployed(cluster: Cluster, variables: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A checkout, and the state of the stack that is deployed."""
    checkout = make_checkout(tmp_path_factory.mktemp("checkout"), cluster.machine.paths(CLUSTER))
    (checkout / "infra").rmdir()
    (checkout / "infra").symlink_to(REPOSITORY / "infra")
    return Cli(checkout, resolve_pulumi(lambda _: None), variables)


@pytest.fixture(scope="module")
def new(deployed: Cli, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Such a checkout with a state of its own, in which there is nothing, and for a namespace that is nobody's."""
    state = tmp_path_factory.mktemp("state")
    project = tmp_path_factory.mktemp("new") / "checkout"
    shutil.copytree(deployed.project, project, symlinks=True)
    file = project / "stacks" / f"Pulumi.{STACK}.yaml"
    described = yaml.safe_load(file.read_text())
    described["config"]["nightowl:namespace"] = {"name": "new"}
    file.write_text(yaml.safe_dump(described))
    cli = Cli(project, deployed.pulumi, {**deployed.variables, "PULUMI_BACKEND_URL": state.as_uri()})
    made = cli.run("stack", "init", STACK)
    assert made.code == 0, made.out + made.err
    return cli


@pytest.fixture(scope="module")
def bad(new: Cli, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A program that asks for a privileged container, and sets replicas beside an autoscaler."""
    project = tmp_path_factory.mktemp("bad")
    described = yaml.safe_load((new.project / "Pulumi.yaml").read_text())
    kept = {key: described[key] for key in ("plugins",) if key in described}
    (project / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "bad", "runtime": "python", **kept}))
    (project / "__main__.py").write_text((Path(__file__).parent / "bad_program.py").read_text())
    cli = Cli(project, new.pulumi, new.variables)
    made = cli.run("stack", "init", STACK)
    assert made.code == 0, made.out + made.err
    return cli


def assert_passes(run: Run) -> None:
    assert run.code == 0, run.out + run.err
    assert "nightowl@v" in run.out, "the pack was in the run"
    assert "[mandatory]" not in run.out
    assert "undecided" not in run.out


def test_the_first_preview_of_the_local_stack_passes(new: Cli) -> None:
    assert_passes(new.judged("preview"))


def test_the_deployed_stack_passes_previewed_refreshed_and_updated(deployed: Cli) -> None:
    assert_passes(deployed.judged("preview", "--refresh=false"))
    assert_passes(deployed.judged("preview", "--refresh"))
    assert_passes(deployed.judged("up", "--yes", "--refresh"))


def test_a_preview_tells_what_would_be_refused(bad: Cli) -> None:
    run = bad.judged("preview", levels="prod")
    assert run.code != 0
    assert "[mandatory]" in run.out
    assert "pod-not-privileged" in run.out
    assert "spec.replicas is 3 beside HorizontalPodAutoscaler refused" in run.out


def test_an_update_makes_nothing_of_what_is_refused(bad: Cli, cluster: Cluster) -> None:
    run = bad.judged("up", "--yes", "--skip-preview", levels="prod")
    assert run.code != 0
    deployments = AppsV1Api(cluster.api).list_namespaced_deployment("default").items
    assert [one.metadata.name for one in deployments] == []
