"""Pulumi.yaml, the stack files and the settings agree, although Pulumi itself lets most slips pass."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.settings.build import PROJECT
from infra.settings.nearest import nearest
from infra.settings.stack import StackSettings
from infra.settings.stack_file import settings_from_stack_file
from infra.settings.yaml_file import read_yaml

REPOSITORY = Path(__file__).parents[1]
PROJECT_FILE = REPOSITORY / "Pulumi.yaml"
STACK_FILES = sorted((REPOSITORY / "stacks").glob("*.yaml"))
TYPES = {"string", "integer", "boolean", "array", "object"}
PROJECT_FILE_KEYS = {
    # The properties of github.com/pulumi/pulumi/sdk/v3/go/common/workspace/project.json (3.274), and
    # requiredPulumiVersion, which workspace.Project reads and that schema does not list. Pulumi ignores any other key.
    "author", "backend", "config", "description", "license", "main", "name", "options", "packages", "plugins",
    "requiredPulumiVersion", "runtime", "stackConfigDir", "template", "website",
}  # fmt: skip


def _misspelt(document: dict[str, object]) -> dict[str, str | None]:
    return {key: nearest(key, PROJECT_FILE_KEYS) for key in document if key not in PROJECT_FILE_KEYS}


def _declared() -> dict[str, dict[str, object]]:
    config = read_yaml(PROJECT_FILE)["config"]
    assert isinstance(config, dict)
    return config


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


def test_each_declared_key_is_a_section_of_the_settings_and_each_section_is_declared() -> None:
    assert set(_declared()) == {f"{PROJECT}:{key}" for key in StackSettings.section_keys()}


def test_each_declared_key_has_a_type_and_a_description() -> None:
    for key, declaration in _declared().items():
        assert set(declaration) <= {"type", "description", "default", "items", "secret"}, key
        assert declaration["type"] in TYPES, key
        assert declaration["description"], key


def test_a_key_has_a_default_exactly_where_the_settings_have_one() -> None:
    """Pulumi refuses a stack file without a declared key, unless the declaration has a default."""
    optional = {f"{PROJECT}:{f.alias}" for f in StackSettings.model_fields.values() if not f.is_required()}
    assert {key for key, declaration in _declared().items() if "default" in declaration} == optional


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_every_key_of_a_stack_file_is_declared(path: Path) -> None:
    config = read_yaml(path)["config"]
    assert isinstance(config, dict)
    assert {key for key in config if key.startswith(f"{PROJECT}:")} <= set(_declared())


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
