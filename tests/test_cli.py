"""The command itself, before it does anything."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import app, command
from infra.console.output import LOGGERS
from infra.errors import UsageError
from infra.plan.text import Detail

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]")
PLAN = ["plan", "-s", "local"]


@pytest.fixture(autouse=True)
def _quiet_loggers() -> Iterator[None]:
    yield
    for name in LOGGERS:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_it_prints_its_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"nightowl {version('nightowl')}\n")


def test_the_end_of_a_local_cluster_says_what_becomes_of_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.cluster.lifecycle.delete", lambda paths: True)
    assert CliRunner().invoke(app, ["local", "down", "--name", "second"]).output == (
        "second: removed, and every claim with it, kept or not; its volumes are simulated, so no data is lost\n"
    )


@pytest.mark.parametrize("detail", Detail)
def test_each_detail_of_a_plan_has_a_flag_and_full_shows_all(detail: Detail) -> None:
    asked = CliRunner().invoke(app, ["plan", "-s", "local", f"--{detail}"]).output
    full = CliRunner().invoke(app, ["plan", "-s", "local", "--full"]).output
    heading = f"{detail.capitalize()} \u2500"
    assert heading in asked
    assert heading in full
    assert sum(f"{other.capitalize()} \u2500" in asked for other in Detail) == 1


def test_a_plan_without_flags_fits_a_screen_and_names_them() -> None:
    output = CliRunner().invoke(app, ["plan", "-s", "local"]).output
    assert "More: --resources, --permissions, --policies, --order, or --full" in output


@pytest.mark.parametrize("words", [["-v", *PLAN, "--json"], [*PLAN, "--verbose", "--json"]], ids=["before", "after"])
def test_verbose_logs_to_standard_error_and_leaves_the_document_alone(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command()(words, standalone_mode=False)
    printed = capsys.readouterr()
    assert json.loads(printed.out)["stack"] == "local"
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3} DEBUG +the program of local registered \d+ resources", printed.err)


def test_quiet_leaves_out_the_hint_and_keeps_the_result() -> None:
    output = CliRunner().invoke(app, ["--quiet", *PLAN]).output
    assert "All apps serve after" in output
    assert "More:" not in output


def test_a_terminal_gets_colours_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert COLOUR.search(CliRunner().invoke(app, ["-v", *PLAN]).output)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(CliRunner().invoke(app, ["-v", *PLAN]).output)


def test_a_plan_takes_a_stack_file_from_elsewhere_under_the_name_of_a_stack() -> None:
    file = "examples/voting-app/Pulumi.voting-app.yaml"
    output = CliRunner().invoke(app, ["plan", "-s", "dev", "--file", file, "--json"]).output
    plan = json.loads(output)
    assert plan["stack"] == "dev"
    assert "vote" in {one["name"] for one in plan["apps"]}


@pytest.mark.parametrize("words", [["plan", "-s", "dev"], ["local", "up"]], ids=["plan", "local up"])
def test_a_stack_file_that_is_not_there_is_told(words: list[str]) -> None:
    with pytest.raises(UsageError, match=r"--file: nowhere\.yaml does not exist"):
        CliRunner().invoke(app, [*words, "--file", "nowhere.yaml"], catch_exceptions=False)


@pytest.mark.parametrize(
    "words",
    [["plan", "-s"], ["plan", "-s", "dev", "--diff"], ["config", "-s"], ["local", "up", "--stack"], ["image", "-s"]],
)
def test_a_misspelt_stack_is_told_with_the_one_that_was_meant_and_those_that_are_there(words: list[str]) -> None:
    with pytest.raises(
        UsageError, match=r"stacks/Pulumi\.locl\.yaml does not exist; did you mean 'local'\? stacks: dev"
    ):
        CliRunner().invoke(app, [*words, "locl"], catch_exceptions=False)


def test_a_folder_without_a_project_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"no Pulumi\.yaml in .*; run this in the folder of your project"):
        CliRunner().invoke(app, PLAN, catch_exceptions=False)
