"""`nightowl config` shows a stack file and what it extends as one, and where each value stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.console.output import Output
from infra.settings.problems import SettingsError
from infra.settings.stack_file import settings_from_stack_file, stack_config
from infra.settings.yaml_file import parse_document

REPOSITORY = Path(__file__).parents[2]
FILES = [*sorted((REPOSITORY / "stacks").glob("Pulumi.*.yaml")), *sorted(REPOSITORY.glob("examples/*/Pulumi.*.yaml"))]


def config(*words: str, cwd: Path = REPOSITORY, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(cwd)
    result = CliRunner().invoke(app, ["config", *words], obj=Output())
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_printed_is_a_stack_file_that_says_the_same(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = tmp_path / file.name
    printed.write_text(config("-f", str(file), "--origin", monkeypatch=monkeypatch))
    assert stack_config(printed) == stack_config(file)
    assert settings_from_stack_file(printed) == settings_from_stack_file(file)


def test_each_value_of_prod_stands_where_it_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    document: dict[str, Any] = json.loads(config("-s", "prod", "--origin", "--json", monkeypatch=monkeypatch))
    assert document["files"] == ["stacks/Pulumi.prod.yaml", "stacks/full.yaml", "stacks/base.yaml"]
    assert document["config"] == stack_config(REPOSITORY / "stacks" / "Pulumi.prod.yaml")
    assert len(document["origins"]) > 30
    assert {place.partition(":")[0] for place in document["origins"].values()} == set(document["files"])
    for key, place in document["origins"].items():
        file, line = place.split(":")
        assert f"{key.rpartition('.')[2]}:" in (REPOSITORY / file).read_text().splitlines()[int(line) - 1], key


@pytest.mark.parametrize(
    "text", ["1e3", "022", "yes", "2026-11-23", " a", "a: b", "a #b", "*x", "line\nline\n", "é\u202e", ""]
)
def test_a_text_is_read_back_as_the_text_that_it_was(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps = {"web": {"image": "example.com/web:1", "port": 1, "env": {"TEXT": text, "yes": text}, "args": [text]}}
    whole = {"config": {"nightowl:platform": {"kind": "existing", "context": "c"}, "nightowl:apps": apps}}
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(json.dumps(whole))
    printed = config("-f", str(file), monkeypatch=monkeypatch)
    assert parse_document(printed, "printed").values == whole


MISTAKES = """\
config:
  nightowl:platform: { kind: existing, context: c }
  nightowl:apps:
    web:
      image: a/b:1
      prot: 80
      env: { A: SECRET, DAY: 2026-11-26, B: !!binary aGlkZGVu }
      labels: { 1: one }
"""


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_file_with_mistakes_is_printed_with_its_origins_before_they_are_told_and_a_secret_is_not(
    form: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "ghp_" + "x9Kq2" * 7 + "A"
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(MISTAKES.replace("SECRET", secret))
    result = CliRunner().invoke(app, ["config", "-f", str(file), "--origin", *form], obj=Output())
    mistakes = result.exception
    assert isinstance(mistakes, SettingsError)
    assert mistakes.exit_code == 2
    assert f"{tmp_path.name}/Pulumi.test.yaml:6: nightowl:apps.web.prot: unknown key" in str(mistakes)
    assert "prot" in result.output
    assert "2026-11-26" in result.output
    assert f"{tmp_path.name}/Pulumi.test.yaml:6" in result.output
    assert "***" in result.output
    for hidden in (secret, "hidden", "aGlkZGVu"):
        assert hidden not in result.output + str(mistakes)
