"""Each command of each workflow, as GitHub would start it, is one that exists and does what its step is for."""

from __future__ import annotations

import functools
import re
from typing import Any

import pytest
import typer

from infra.cli import app
from tests.workflows.expressions import fill
from tests.workflows.files import ACTIONS, REPOSITORY, ROLE_ACTION, WORKFLOWS
from tests.workflows.runs import DEFAULTS, OUTPUTS, Command, dispatch, jobs_started, push, words
from tests.workflows.test_jobs import RUNS

NIGHTOWL = ".venv/bin/nightowl"
COMMANDS: dict[str, Command] = {
    " ".join(words(command)): command for run in RUNS.values() for command in run.commands()
}
"""Every command line that one of the events leads to, with its values."""
OF_NIGHTOWL = [line for line in COMMANDS if line.startswith(NIGHTOWL)]


@functools.cache
def program() -> Any:
    """`nightowl`, of which Typer reads every command anew for each that asks."""
    return typer.main.get_command(app)


def understood(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """Parse a command line as `nightowl` does: the path of the command, and its options."""
    command: Any = program()
    path: list[str] = []
    while hasattr(command, "commands"):
        name, *arguments = arguments
        path.append(name)
        assert name in command.commands, f"no such command: {' '.join(path)}"
        command = command.commands[name]
    return " ".join(path), command.make_context(" ".join(path), arguments).params


@pytest.mark.parametrize("line", OF_NIGHTOWL)
def test_nightowl_understands_a_command_of_a_workflow(line: str) -> None:
    understood(words(COMMANDS[line])[1:])


def test_every_command_of_the_pipeline_is_used_by_a_workflow() -> None:
    pipeline = program().commands["ci"]
    used = {understood(words(COMMANDS[line])[1:])[0] for line in OF_NIGHTOWL}
    for name, command in pipeline.commands.items():
        for path in [f"ci {name} {sub}" for sub in getattr(command, "commands", {})] or [f"ci {name}"]:
            assert path in used, f"nightowl {path} has no workflow"


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("make ")])
def test_a_make_target_of_a_workflow_exists(line: str) -> None:
    targets = re.findall(r"^([a-z0-9]+):", (REPOSITORY / "Makefile").read_text(), re.M)
    assert line.removeprefix("make ") in targets


def test_ci_runs_what_every_machine_can_run() -> None:
    assert "bash .ci/run" in COMMANDS
    assert re.findall(r"^step make (\w+)", (REPOSITORY / ".ci" / "run").read_text(), re.M) == [
        "check",
        "test",
        "audit",
        "e2e",
    ]


def test_a_workflow_that_is_started_by_a_command_can_be() -> None:
    started = {line.split()[3] for line in COMMANDS if line.startswith("gh workflow run ")}
    assert started == {"main.yml"}
    assert "workflow_dispatch" in WORKFLOWS["main.yml"]["on"]


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({}, "ci promote --to staging --app  --digest "),
        ({"app": "web", "digest": "sha256:1"}, "ci promote --to staging --app web --digest sha256:1"),
        ({"rollback": True}, "ci promote --to staging --app  --digest  --rollback"),
        ({"rollback": True, "app": "web"}, "ci promote --to staging --app web --digest  --rollback"),
        (
            {"rollback": True, "app": "web", "digest": "sha256:1"},
            "ci promote --to staging --app web --digest sha256:1 --rollback",
        ),
    ],
)
def test_promote_by_hand_is_one_command_with_what_was_entered(inputs: dict[str, Any], line: str) -> None:
    (run,) = jobs_started(dispatch("promote.yml", environment="staging", **inputs))
    promoted = [" ".join(words(command)) for command in run.commands() if " promote " in command.line]
    assert promoted == [f"{NIGHTOWL} {line}"]


def test_prod_is_proposed_what_the_run_deployed_to_staging() -> None:
    lines = [
        " ".join(words(command))
        for run in jobs_started(push("stacks/Pulumi.staging.yaml"))
        for command in run.commands()
        if " promote " in command.line
    ]
    assert lines == [f"{NIGHTOWL} ci promote --to prod --source-commit {DEFAULTS['GITHUB_SHA']}"]


def test_the_role_action_hands_over_what_the_command_says_of_the_role() -> None:
    contexts = {
        "steps": {"role": {"outputs": OUTPUTS["role"]}},
        "inputs": {"seconds": "3600"},
        "github": {"run_id": 4711, "run_attempt": 1},
    }
    configure = ACTIONS[ROLE_ACTION]["runs"]["steps"][-1]
    assert fill(configure["with"], contexts) == {
        "role-to-assume": "arn:aws:iam::111122223333:role/r",
        "role-session-name": "nightowl-4711-1",
        "role-duration-seconds": "3600",
        "aws-region": "eu-central-1",
        "allowed-account-ids": "111122223333",
    }
