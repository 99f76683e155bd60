"""What README shows of an import is what the command prints."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import app

REPOSITORY = Path(__file__).parents[2]


def test_the_readme_shows_what_the_command_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = (REPOSITORY / "README.md").read_text().partition("## Coming from Compose")[2].partition("\n## ")[0]
    shown = re.search(r"```text\n(.*?)```", section, re.DOTALL)
    assert shown is not None
    shutil.copytree(REPOSITORY / "examples" / "compose", tmp_path / "examples" / "compose")
    (tmp_path / "policies").mkdir()
    shutil.copy(REPOSITORY / "policies" / "dev.json", tmp_path / "policies")
    shutil.copy(REPOSITORY / "Pulumi.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OTHER", raising=False)
    run = CliRunner().invoke(app, ["import", "compose", "examples/compose/compose.yaml"])
    assert run.exit_code == 0, run.output
    assert run.output.startswith(shown[1])
