"""A project of one's own, made from the folder `template` by `pulumi new` and from a wheel that was built."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from infra.local.workspace import environment
from infra.toolchain.resolve import resolve_pulumi
from tests.e2e.conftest import CLUSTER, REPOSITORY, Cluster, remove_namespaces, wait_for
from tests.language_host import language_host

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

RELEASED = "https://github.com/example/nightowl/releases/download/v0.1.0/nightowl-0.1.0-py3-none-any.whl"
READY_SECONDS = 120
UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True)
class Project:
    """The folder of the project, and the variables with which its owner works."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, ok: bool = True) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=500, check=False
        )
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done.stdout + done.stderr

    def nightowl(self, *arguments: str, ok: bool = True) -> str:
        return self.run(str(self.folder / ".venv" / "bin" / "nightowl"), *arguments, ok=ok)


@pytest.fixture(scope="module")
def project(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("own")
    folder = root / "shop"
    folder.mkdir()
    variables = {
        **{key: value for key, value in cluster.machine.environment.items() if key != "VIRTUAL_ENV"},
        "PULUMI_HOME": str(root / "home"),
        "PULUMI_BACKEND_URL": f"file://{root}",
        "PULUMI_CONFIG_PASSPHRASE": "of a test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PATH": os.pathsep.join([str(language_host(root / "language")), str(UV.parent), os.environ["PATH"]]),
    }
    made = Project(folder, variables)
    new = ("new", str(REPOSITORY / "template"), "--generate-only", "--yes", "--force")
    made.run(str(resolve_pulumi(lambda _: None)), *new, "--name", "shop", "--description", "A shop")
    made.run(str(UV), "build", "--quiet", "--wheel", "--out-dir", str(root / "wheel"), str(REPOSITORY))
    (wheel,) = (root / "wheel").glob("*.whl")
    dependencies = folder / "pyproject.toml"
    assert RELEASED in dependencies.read_text()
    dependencies.write_text(dependencies.read_text().replace(RELEASED, wheel.as_uri()))
    made.run("make", "install")
    return made


def test_the_project_has_a_name_of_its_own_and_nothing_of_the_repository(project: Project) -> None:
    described = yaml.safe_load((project.folder / "Pulumi.yaml").read_text())
    assert described["name"] == "shop"
    python = str(project.folder / ".venv" / "bin" / "python")
    found = project.run(python, "-c", "import infra, policies; print(infra.__file__, policies.__file__)")
    assert found.count(str(project.folder / ".venv")) == 2
    assert (project.folder / "stacks" / "schema.json").is_file()


@pytest.mark.parametrize("stack", ["local", "dev"])
def test_its_stacks_are_planned_and_judged(project: Project, stack: str) -> None:
    planned = project.nightowl("plan", "-s", stack)
    assert f"shop-{stack}:" in planned
    assert "0 violations that stop a deployment" in planned


def test_its_own_levels_and_exceptions_count(project: Project) -> None:
    levels = project.folder / "policies" / "dev.json"
    before = levels.read_text()
    try:
        levels.write_text("{}")
        assert "cluster-refuses-deletion" in project.nightowl("plan", "-s", "dev", ok=False)
    finally:
        levels.write_text(before)


def test_the_stock_cli_previews_it_under_its_own_pack(project: Project, cluster: Cluster) -> None:
    """Pulumi knows the stack's own file alone: the program reads the one that it extends."""
    described = yaml.safe_load((project.folder / "Pulumi.yaml").read_text())
    workspace = cluster.machine.paths(CLUSTER).workspace
    described["plugins"] = yaml.safe_load((workspace / "Pulumi.yaml").read_text())["plugins"]
    (project.folder / "Pulumi.yaml").write_text(yaml.safe_dump(described))
    local = (project.folder / "stacks" / "Pulumi.local.yaml").read_text()
    (project.folder / "stacks" / "Pulumi.plain.yaml").write_text(f"{local}  nightowl:namespace: {{ name: plain }}\n")
    host = language_host(project.folder.parent / "own", project.folder / ".venv" / "bin" / "python")
    kubeconfig = environment(cluster.machine.paths(CLUSTER))["KUBECONFIG"]
    path = os.pathsep.join([str(host), project.environment["PATH"]])
    cli = Project(project.folder, {**project.environment, "KUBECONFIG": kubeconfig, "PATH": path})
    pulumi, quiet = str(resolve_pulumi(lambda _: None)), ("--non-interactive", "--color", "never")
    cli.run(pulumi, "stack", "init", "plain", *quiet)
    pack = ("--policy-pack", "policies", "--policy-pack-config", "policies/local.json")
    shown = cli.run(pulumi, "preview", "--stack", "plain", *pack, *quiet)
    assert "Deployment" in shown
    assert "nightowl@v" in shown
    assert "[mandatory]" not in shown


def test_it_deploys_to_the_local_cluster(project: Project, cluster: Cluster) -> None:
    local = project.folder / "stacks" / "Pulumi.local.yaml"
    own = project.folder / "stacks" / "Pulumi.mall.yaml"
    own.write_text(f"{local.read_text()}  nightowl:namespace: {{ name: mall }}\n")
    try:
        project.nightowl("local", "up", "--name", CLUSTER, "--stack", "mall")
        wait_for(
            "web of the project",
            lambda: [one.name for one in cluster.status().apps if one.namespace == "mall" and one.available] == ["web"],
            READY_SECONDS,
        )
    finally:
        remove_namespaces(cluster, "mall")
