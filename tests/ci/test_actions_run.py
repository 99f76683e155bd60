"""What a command knows of the run that it is part of, and what it gives to the next."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.ci.actions_run import LONGEST_SUMMARY_BYTES, ActionsRun
from infra.errors import UsageError


def outputs(text: str) -> dict[str, str]:
    """Read GITHUB_OUTPUT as the runner does (actions/runner, FileCommandManager)."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        heredoc = re.fullmatch(r"([^=<]+)<<(.+)", line)
        if heredoc is None:
            key, _, value = line.partition("=")
            found[key] = value
            continue
        value_lines: list[str] = []
        for inner in lines:
            if inner == heredoc[2]:
                break
            value_lines.append(inner)
        else:
            raise AssertionError(f"the delimiter of {heredoc[1]} is missing")
        found[heredoc[1]] = "\n".join(value_lines)
    return found


def test_the_environment_of_actions_is_read(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"number": 7}')
    run = ActionsRun.from_environment(
        {
            "GITHUB_REPOSITORY": "example/nightowl",
            "GITHUB_TOKEN": "abc",
            "GITHUB_API_URL": "https://github.example.com/api/v3",
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_SHA": "f" * 40,
            "GITHUB_RUN_ID": "4711",
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "GITHUB_EVENT_PATH": str(event),
        }
    )

    assert (run.repository, run.token, run.sha) == ("example/nightowl", "abc", "f" * 40)
    assert run.api_url == "https://github.example.com/api/v3"
    assert run.url == "https://github.example.com/example/nightowl/actions/runs/4711"
    assert (run.output, run.summary, run.event) == (tmp_path / "output", tmp_path / "summary", {"number": 7})


def test_a_laptop_has_none_of_it_and_that_is_no_error() -> None:
    run = ActionsRun.from_environment({})

    assert (run.repository, run.token, run.url, run.output, run.summary, run.event) == ("", "", "", None, None, {})


def test_the_token_of_the_github_command_line_is_taken_too() -> None:
    environments = [{"GH_TOKEN": "abc"}, {"GH_TOKEN": "abc", "GITHUB_TOKEN": "def"}]

    assert [ActionsRun.from_environment(environ).token for environ in environments] == ["abc", "def"]


@pytest.mark.parametrize(("content", "told"), [(None, "cannot be read: No such file"), ("{", "is not JSON")])
def test_a_bad_event_file_is_one_sentence(tmp_path: Path, content: str | None, told: str) -> None:
    path = tmp_path / "event.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(UsageError, match=rf"GITHUB_EVENT_PATH: .*event\.json {told}"):
        ActionsRun.from_environment({"GITHUB_EVENT_PATH": str(path)})


def test_outputs_follow_each_other(tmp_path: Path) -> None:
    run = ActionsRun(output=tmp_path / "output")
    run.set_output("again", "false")
    run.set_output("images", json.dumps({"web": "a=b"}))

    assert outputs((tmp_path / "output").read_text()) == {"again": "false", "images": '{"web": "a=b"}'}


@pytest.mark.parametrize("value", ["a\nagain=true", "a\nEOF\nagain=true", "a<<b\nc", "", "ghadelimiter\n\nx"])
def test_a_value_of_several_lines_sets_no_other_output(tmp_path: Path, value: str) -> None:
    run = ActionsRun(output=tmp_path / "output")
    run.set_output("images", value)
    run.set_output("again", "false")

    assert outputs((tmp_path / "output").read_text()) == {"images": value, "again": "false"}


@pytest.mark.parametrize("key", ["a b", "a=b", "a\nb", "", "1a"])
def test_a_key_that_is_no_name_is_a_mistake_of_the_program(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="is not the name of an output"):
        ActionsRun(output=tmp_path / "output").set_output(key, "value")


def test_outside_of_actions_outputs_and_summary_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    ActionsRun().set_output("again", "false")
    ActionsRun().summarize("# Done")

    assert capsys.readouterr().out == "again=false\n# Done\n"


def test_summaries_follow_each_other(tmp_path: Path) -> None:
    run = ActionsRun(summary=tmp_path / "summary")
    run.summarize("# One")
    run.summarize("# Two\n")

    assert (tmp_path / "summary").read_text() == "# One\n# Two\n"


def test_a_summary_never_grows_beyond_what_github_shows(tmp_path: Path) -> None:
    run = ActionsRun(summary=tmp_path / "summary")
    for _ in range(3):
        run.summarize("wörter\n" * 100_000)

    text = (tmp_path / "summary").read_text()
    assert len(text.encode()) <= LONGEST_SUMMARY_BYTES
    assert "_The rest was cut: GitHub shows 1 MiB per step._" in text
