"""Every command refuses a stack file with a secret in it, makes nothing, and shows nothing of the secret."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from infra.cli import app
from infra.settings.problems import SettingsError
from tests.ci.delivery_stacks import path_of
from tests.ci.test_commands import project

__all__ = ["project"]

COMMANDS = (
    "plan -s dev",
    "plan -s dev --json",
    "plan -s dev --html page.html --manifests objects",
    "plan -s dev --diff staging",
    "bootstrap -s dev",
    "local up --stack dev",
    "ci build -s dev",
    "ci copy-images -s dev",
    "ci preview -s dev",
    "ci deploy -s dev",
    "ci drift -s dev",
    "ci recover -s dev",
    "ci record -s dev --images {}",
    "ci promote --to staging",
)
REFUSED = "nightowl:apps.web.env.DB_PASS: looks like a password; "


def test_no_command_shows_or_makes_anything_of_a_stack_file_with_a_secret(
    project: Path, nothing_reaches_out: None
) -> None:
    file = project / path_of("dev")
    file.write_text(file.read_text().replace("image:", "env: { DB_PASS: hunter2xyz }\n      image:", 1))
    before = _files(project)

    for command in COMMANDS:
        result = CliRunner().invoke(app, command.split())
        refusal = result.exception if isinstance(result.exception, SettingsError) else None
        assert REFUSED in f"{refusal or result.output}", command
        assert result.exit_code != 0
        assert "hunter2xyz" not in f"{result.output}{refusal}", command

    assert _files(project) == before
    written = [path for path in project.parent.rglob("*") if path.is_file() and path != file]
    assert [path for path in written if b"hunter2xyz" in path.read_bytes()] == []


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if ".git" not in path.parts}
