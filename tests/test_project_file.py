"""Pulumi.yaml, the stack files and the settings agree, although Pulumi itself lets most slips pass."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.settings.build import PROJECT
from infra.settings.nearest import nearest
from infra.settings.stack_file import settings_from_stack_file
from infra.settings.yaml_file import read_yaml

REPOSITORY = Path(__file__).parents[1]
PROJECT_FILE = REPOSITORY / "Pulumi.yaml"
STACK_FILES = sorted((REPOSITORY / "stacks").glob("Pulumi.*.yaml"))
PROJECT_FILE_KEYS = {
    # The properties of github.com/pulumi/pulumi/sdk/v3/go/common/workspace/project.json (3.274), and
    # requiredPulumiVersion, which workspace.Project reads and that schema does not list. Pulumi ignores any other key.
    "author", "backend", "config", "description", "license", "main", "name", "options", "packages", "plugins",
    "requiredPulumiVersion", "runtime", "stackConfigDir", "template", "website",
}  # fmt: skip


def _misspelt(document: dict[str, object]) -> dict[str, str | None]:
    return {key: nearest(key, PROJECT_FILE_KEYS) for key in document if key not in PROJECT_FILE_KEYS}


def test_every_top_level_key_is_one_that_pulumi_knows() -> None:
    assert _misspelt(read_yaml(PROJECT_FILE)) == {}


def test_a_misspelt_top_level_key_would_be_noticed() -> None:
    slip = yaml.safe_load(PROJECT_FILE.read_text().replace("stackConfigDir:", "stackConfigdir:"))
    assert _misspelt(slip) == {"stackConfigdir": "stackConfigDir"}


def test_the_program_and_the_stack_files_are_where_the_project_says() -> None:
    project = read_yaml(PROJECT_FILE)
    assert project["name"] == PROJECT
    assert (REPOSITORY / str(project["main"]) / "__main__.py").is_file()
    assert {path.parent for path in STACK_FILES} == {REPOSITORY / str(project["stackConfigDir"])}


def test_the_dependencies_come_from_the_lock_file() -> None:
    assert read_yaml(PROJECT_FILE)["runtime"] == {"name": "python", "options": {"toolchain": "uv"}}
    assert (REPOSITORY / "uv.lock").is_file()


def test_pulumi_asks_for_no_key_which_a_file_that_is_extended_may_have() -> None:
    """Pulumi looks for a declared key in the stack's own file, and refuses `null` for one with a type."""
    assert "config" not in read_yaml(PROJECT_FILE)


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_every_stack_file_builds_settings(path: Path) -> None:
    assert settings_from_stack_file(path).apps


def test_the_local_stack_shows_each_kind_of_app_and_one_allowed_flow() -> None:
    apps = settings_from_stack_file(REPOSITORY / "stacks" / "Pulumi.local.yaml").apps
    assert {name: app.kind for name, app in apps.items()} == {"web": "web", "worker": "worker", "report": "cron"}
    assert {name: [peer.app for peer in app.allow_to] for name, app in apps.items()} == {
        "web": [],
        "worker": ["web"],
        "report": [],
    }
