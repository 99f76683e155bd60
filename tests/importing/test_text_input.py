"""What is piped into an import, and what is said where nothing is."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.errors import UsageError
from infra.importing.text_input import STANDARD_INPUT, read_text
from tests.importing.kubernetes.importing import deployment, service

REPOSITORY = Path(__file__).parents[2]
RELEASED = deployment().replace("name: web }", "name: web, labels: { app.kubernetes.io/instance: shop } }", 1)
GROUP = (REPOSITORY / "tests" / "importing" / "marathon" / "shop.json").read_text()


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_bytes((REPOSITORY / "Pulumi.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def piped(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", *arguments], input=text)


@pytest.mark.parametrize(
    ("arguments", "text", "stack"),
    [
        (["kubernetes", "-"], RELEASED, "shop"),
        (["kubernetes", "-"], deployment().replace("name: web }", "name: web, namespace: market }", 1), "market"),
        (["kubernetes", "-", "--stack", "mine"], RELEASED, "mine"),
        (["marathon", "-"], GROUP, "shop"),
    ],
)
def test_what_is_piped_in_becomes_a_stack(arguments: list[str], text: str, stack: str, project: Path) -> None:
    run = piped(text, *arguments, "--json")
    assert run.exit_code == 0, run.output
    assert json.loads(run.output)["stack"] == stack
    assert "Made from standard input by" in (project / "stacks" / f"Pulumi.{stack}.yaml").read_text()


def test_standard_input_is_read_beside_files_and_named_with_its_lines(project: Path) -> None:
    (project / "service.yaml").write_text(service())
    run = piped(RELEASED, "kubernetes", "-", "service.yaml", "--json", "--stack", "shop")
    assert run.exit_code == 0, run.output
    findings = json.loads(run.output)["findings"]
    places = {one["place"].rpartition(":")[0].rpartition("/")[2] for one in findings if one["place"]}
    assert places == {"standard input", "service.yaml"}


def test_a_secret_that_was_piped_in_is_applied_from_what_is_piped_again() -> None:
    manifest = "---\napiVersion: v1\nkind: Secret\nmetadata: { name: pass }\nstringData: { word: hoot-1234 }\n"
    run = piped(f"{RELEASED}{manifest}", "kubernetes", "-", "--json")
    (step,) = [one for one in json.loads(run.output)["steps"] if "pass" in one["what"]]
    assert "pipe the same manifests" in step["what"]
    assert " --filename - | jq " in step["command"]
    assert "hoot-1234" not in run.output


@pytest.mark.parametrize(
    ("arguments", "text", "message"),
    [
        (["kubernetes", "-"], "", "nothing comes from standard input"),
        (["marathon", "-"], " \n", "nothing comes from standard input"),
        (["kubernetes", "-"], deployment(), "--stack NAME"),
        (["marathon", "-"], '{"id": "/web", "cmd": "sleep 9"}', "--stack NAME"),
        (["kubernetes", "-"], "kind: x: y", "standard input:1"),
        (["marathon", "-"], '{"id": "/web",\n}', "standard input:2"),
        (["kubernetes", "-"], "# " + "x" * 2**20, "is larger than 1 MiB; write it into several files"),
    ],
)
def test_bad_input_is_one_message(arguments: list[str], text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        CliRunner().invoke(app, ["import", *arguments], input=text, catch_exceptions=False)


def test_nobody_waits_for_what_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with pytest.raises(UsageError, match="is a terminal"):
            read_text(STANDARD_INPUT, most_bytes=9, remedy="")
    os.close(ours)
