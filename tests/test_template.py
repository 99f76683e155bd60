"""The folder `template`, from which a project of one's own is made, says what this repository says."""

from __future__ import annotations

import filecmp
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from infra.settings.stack_file import settings_from_stack_file
from infra.settings.yaml_file import read_yaml
from tests.settings.editor import marked
from tests.test_project_file import PROJECT_FILE_KEYS

REPOSITORY = Path(__file__).parents[1]
TEMPLATE = REPOSITORY / "template"
OURS = REPOSITORY / ".github"
CALLS = sorted(file for file in (TEMPLATE / ".github" / "workflows").glob("*.yml") if file.stem != "ci")
STACK_FILES = sorted((TEMPLATE / "stacks").glob("*.yaml"))
NO_LIMIT = {"write": 2, "read": 1, "none": 0}


def workflow(file: Path) -> dict[str, Any]:
    return read_yaml(file)


def permissions(file: Path) -> dict[str, str]:
    """All that the jobs of a workflow may do, those that it calls included."""
    most: dict[str, str] = {}
    for job in workflow(file)["jobs"].values():
        called = job.get("uses", "")
        inner = permissions(REPOSITORY / called) if called.startswith("./") else {}
        for name, level in (*job.get("permissions", {}).items(), *inner.items()):
            most[name] = max(most.get(name, "none"), level, key=lambda one: NO_LIMIT[one])
    return most


def test_every_mention_of_the_version_is_that_of_this_repository() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    text = "\n".join(file.read_text() for file in TEMPLATE.rglob("*") if file.is_file() and ".venv" not in file.parts)
    mentions = re.findall(r"nightowl/[^\s\"]*[@/]v(\d+\.\d+\.\d+)|nightowl-(\d+\.\d+\.\d+)-py3", text)
    assert len(mentions) > len(CALLS)
    assert {found for pair in mentions for found in pair if found} == {version}


def test_pulumi_knows_the_template() -> None:
    project = read_yaml(TEMPLATE / "Pulumi.yaml")
    assert set(project) <= PROJECT_FILE_KEYS
    assert project["name"] == "${PROJECT}"
    assert project["template"]
    ours = read_yaml(REPOSITORY / "Pulumi.yaml")
    assert {key: project[key] for key in ("runtime", "stackConfigDir", "options", "requiredPulumiVersion")} == {
        key: ours[key] for key in ("runtime", "stackConfigDir", "options", "requiredPulumiVersion")
    }


def test_the_program_is_two_lines() -> None:
    lines = [line for line in (TEMPLATE / "__main__.py").read_text().splitlines() if line]
    assert lines[1:] == ["from infra.program import run", "run()"]


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.name)
def test_its_stack_files_are_accepted(file: Path) -> None:
    assert marked(read_yaml(file)) == []
    assert file.read_text().startswith("# yaml-language-server: $schema=schema.json\n")
    if file.name.startswith("Pulumi."):
        assert settings_from_stack_file(file).apps


@pytest.mark.parametrize(
    ("copy", "original"),
    [
        *(
            (f"policies/{file.name}", f"policies/{file.name}")
            for file in sorted((REPOSITORY / "policies").glob("*.json"))
        ),
        ("policies/PulumiPolicy.yaml", "policies/PulumiPolicy.yaml"),
        ("policies/exceptions.yaml", "policies/exceptions.yaml"),
        ("uv.txt", "infra/toolchain/uv.txt"),
    ],
)
def test_what_it_starts_with_is_what_is_used_here(copy: str, original: str) -> None:
    assert filecmp.cmp(TEMPLATE / copy, REPOSITORY / original, shallow=False)


@pytest.mark.parametrize("file", CALLS, ids=lambda file: file.name)
def test_a_workflow_calls_ours_with_its_inputs_and_all_that_its_jobs_may_do(file: Path) -> None:
    (job,) = workflow(file)["jobs"].values()
    path, _, _ = job["uses"].removeprefix("example/nightowl/").partition("@")
    called = REPOSITORY / path
    on, own = workflow(called)["on"], workflow(file)["on"]
    assert "workflow_call" in on
    assert set(job.get("with", {})) == set((on["workflow_call"] or {}).get("inputs", {}))
    assert job["permissions"] == permissions(called)
    assert {key: one for key, one in own.items() if key != "push"} == {
        key: one for key, one in on.items() if key not in {"push", "workflow_call"}
    }
    assert own.keys() | {"workflow_call"} == on.keys()


def test_every_workflow_of_the_pipeline_can_be_called() -> None:
    ours = {file.stem for file in (OURS / "workflows").glob("*.yml")} - {"ci", "release"}
    assert {file.stem for file in CALLS} == ours
