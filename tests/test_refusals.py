"""What the quota, the cluster and this machine refuse is told with the file and the line of the value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from rich.console import Console

from infra.local.paths import KUBE_CONTEXT, ClusterPaths
from infra.local.progress import Progress
from infra.local.up import up
from infra.plan.plan import plan_of_file
from infra.program import run
from infra.settings.problems import SettingsError
from tests.harness import run as run_in_mocks

BASE = """\
config:
  nightowl:platform: { kind: existing }
  nightowl:apps:
    web:
      image: example.com/web:1
      port: 8080
"""
OWN = """\
config:
  nightowl:extends: base
  nightowl:platform:
    context: absent
    kubeconfig: none.yaml
  nightowl:namespace:
    quota:
      cpu: 10m
"""


@pytest.fixture
def stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "stacks"
    folder.mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: nightowl\nruntime: python\n")
    (folder / "base.yaml").write_text(BASE)
    (folder / "Pulumi.test.yaml").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    return folder / "Pulumi.test.yaml"


def test_a_plan_tells_where_the_quota_is_too_small(stack_file: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"^\S*stacks/Pulumi\.test\.yaml:8: nightowl:namespace\.quota\.cpu: 10m is "
    ):
        plan_of_file(stack_file, "test")


@pytest.mark.parametrize(
    ("kubeconfig", "refusal"),
    [
        ("contexts: []", r"4: nightowl:platform\.context: 'absent' is not a context of "),
        ("[]", r"5: nightowl:platform\.kubeconfig: \S*none\.yaml is no kubeconfig"),
    ],
)
def test_the_program_tells_where_the_cluster_is_named_that_is_not_there(
    kubeconfig: str, refusal: str, stack_file: Path
) -> None:
    Path("none.yaml").write_text(kubeconfig)
    with pytest.raises(pulumi.RunError, match=rf"^\S*stacks/Pulumi\.test\.yaml:{refusal}"):
        run_in_mocks(run, config=_own_sections(stack_file))


def _own_sections(stack_file: Path) -> dict[str, Any]:
    config = yaml.safe_load(stack_file.read_text())["config"]
    return {key.removeprefix("nightowl:"): value for key, value in config.items()}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda text: text, r"Pulumi\.test\.yaml:3: nightowl:platform: is not this machine; "),
        (
            lambda text: (
                text.replace("absent", KUBE_CONTEXT) + "  nightowl:apps: { web: { resources: { cpu: 17 } } }\n"
            ),
            r"Pulumi\.test\.yaml:9: nightowl:apps\.web\.resources\.cpu: a pod requests 17 CPU",
        ),
    ],
    ids=["another cluster", "pod too large"],
)
def test_local_up_tells_where_a_stack_is_not_for_this_machine(
    change: Callable[[str], str], refusal: str, stack_file: Path, tmp_path: Path
) -> None:
    stack_file.write_text(change(OWN))
    with pytest.raises(SettingsError, match=rf"^\S*stacks/{refusal}"):
        up(ClusterPaths("test", tmp_path), stack_file, Progress(Console(quiet=True)), project="nightowl", refresh=False)
