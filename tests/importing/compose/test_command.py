"""`nightowl import compose`: it writes a stack file, tells what became of the input, and overwrites nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.errors import UsageError

COMPOSE = "services: {web: {image: 'example.com/web:1', ports: ['80:80'], privileged: true}}\n"


@pytest.fixture
def compose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: nightowl\n")
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "compose.yaml"


def test_it_writes_a_stack_file_and_reports(compose: Path) -> None:
    result = CliRunner().invoke(app, ["import", "compose", str(compose), "--stack", "shop", "--json"])

    assert result.exit_code == 0
    report = json.loads(result.output)
    assert report["files"] == ["stacks/Pulumi.shop.yaml"]
    dangerous = [found["key"] for found in report["findings"] if found["column"] == "dangerous"]
    assert dangerous == ["services.web.privileged"]
    assert "host: web.shop.example.com" in (compose.parent / "stacks" / "Pulumi.shop.yaml").read_text()


def test_it_replaces_a_stack_file_only_when_told_to(compose: Path) -> None:
    stack_file = compose.parent / "stacks" / "Pulumi.shop.yaml"
    stack_file.parent.mkdir()
    stack_file.write_text("mine\n")
    command = ["import", "compose", str(compose), "--stack", "shop"]

    refused = CliRunner().invoke(app, command)

    assert isinstance(refused.exception, UsageError)
    assert stack_file.read_text() == "mine\n"
    assert CliRunner().invoke(app, [*command, "--force"]).exit_code == 0
    assert stack_file.read_text() != "mine\n"


@pytest.mark.parametrize("name", ["../other", "Shop", ""])
def test_a_stack_is_called_as_told_or_not_made(name: str, compose: Path) -> None:
    refused = CliRunner().invoke(app, ["import", "compose", str(compose), "--stack", name])

    assert isinstance(refused.exception, UsageError)
    assert "is not a name" in str(refused.exception)
    assert not (compose.parent / "stacks").exists()
