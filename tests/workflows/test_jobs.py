"""Which jobs run when, where, and beside which others."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from infra.github.environments import PROPOSALS
from tests.workflows.delivering import EACH
from tests.workflows.expressions import fill
from tests.workflows.files import WORKFLOWS
from tests.workflows.runs import (
    FORK,
    VARIABLES,
    Event,
    JobRun,
    dispatch,
    jobs_started,
    pull_request,
    push,
    schedule,
)

CI = ["ci.yml check-test-e2e", *(["ci.yml python"] * 4)]
"""The second once for each Python version."""
MAIN = ["main.yml build as dev-deploy", "main.yml deploy as dev-deploy", "main.yml record"]
AGAIN = "main.yml again"
STAGING = ["deploy.yml deploy as staging-deploy", "staging.yml propose-prod"]
PROD = "deploy.yml deploy as prod-deploy"
PREVIEW = ["preview.yml stacks", *(f"preview.yml preview as {stack}-preview" for stack in EACH)]
DRIFT = ["drift.yml stacks", *(f"drift.yml drift as {stack}-preview" for stack in EACH)]
UP = ["ephemeral.yml build as dev-ephemeral", "ephemeral.yml up as dev-ephemeral"]
DOWN = "ephemeral.yml down as dev-ephemeral"
SWEEP = "ephemeral.yml sweep as dev-ephemeral"
RELEASE = "release.yml release"
VERSIONS = "versions.yml versions"

STARTED: dict[str, tuple[Event, Sequence[str]]] = {
    "code on main": (push("infra/stack.py"), [*CI, *MAIN, AGAIN]),
    "staging's stack file on main": (
        push("stacks/Pulumi.staging.yaml"),
        [*CI, *MAIN, AGAIN, *STAGING],
    ),
    "prod's stack file on main": (push("stacks/Pulumi.prod.yaml"), [*CI, *MAIN, AGAIN, PROD]),
    "a file that staging and prod extend on main": (push("stacks/full.yaml"), [*CI, *MAIN, AGAIN, *STAGING, PROD]),
    "a new version on main": (push("pyproject.toml"), [*CI, *MAIN, AGAIN, RELEASE]),
    "a branch": (push("stacks/Pulumi.prod.yaml", ref="refs/heads/feature"), []),
    "a new pull request": (pull_request("opened"), [*CI, *PREVIEW]),
    "a pull request again": (pull_request("reopened"), [*CI, *PREVIEW]),
    "a commit of a pull request": (pull_request("synchronize"), [*CI, *PREVIEW]),
    "a commit of a labelled pull request": (pull_request("synchronize", "ephemeral"), [*CI, *PREVIEW, *UP]),
    "a labelled pull request again": (pull_request("reopened", "bug", "ephemeral"), [*CI, *PREVIEW, *UP]),
    "the label": (pull_request("labeled", "ephemeral", label="ephemeral"), UP),
    "another label": (pull_request("labeled", "bug", label="bug"), []),
    "another label beside it": (pull_request("labeled", "ephemeral", "bug", label="bug"), []),
    "the label taken off": (pull_request("unlabeled", label="ephemeral"), [DOWN]),
    "another label taken off": (pull_request("unlabeled", "ephemeral", label="bug"), []),
    "the end of a labelled pull request": (pull_request("closed", "ephemeral"), [DOWN]),
    "the end of a pull request": (pull_request("closed"), []),
    "the night, drift": (schedule("drift.yml"), DRIFT),
    "the night, ephemeral": (schedule("ephemeral.yml"), [SWEEP]),
    "main by hand": (dispatch("main.yml"), MAIN),
    "main by hand, on a branch": (dispatch("main.yml", ref="refs/heads/feature"), []),
    "deploy by hand": (dispatch("deploy.yml", stack="staging"), STAGING[:1]),
    "deploy by hand, on a branch": (dispatch("deploy.yml", stack="prod", ref="refs/heads/feature"), []),
    "promote": (dispatch("promote.yml", environment="prod"), ["promote.yml propose"]),
    "roll back": (dispatch("promote.yml", environment="staging", rollback=True), ["promote.yml propose"]),
    "promote, on a branch": (dispatch("promote.yml", environment="prod", ref="refs/heads/feature"), []),
    "recover": (dispatch("recover.yml", stack="dev"), ["recover.yml recover as dev-deploy"]),
    "recover prod": (dispatch("recover.yml", stack="prod"), ["recover.yml recover as prod-deploy"]),
    "recover, on a branch": (dispatch("recover.yml", stack="dev", ref="refs/heads/feature"), []),
    "drift by hand": (dispatch("drift.yml"), DRIFT),
    "drift by hand, on a branch": (dispatch("drift.yml", ref="refs/heads/feature"), []),
    "sweep by hand": (dispatch("ephemeral.yml"), [SWEEP]),
    "sweep by hand, on a branch": (dispatch("ephemeral.yml", ref="refs/heads/feature"), []),
    "the night, versions": (schedule("versions.yml"), [VERSIONS]),
    "versions by hand": (dispatch("versions.yml"), [VERSIONS]),
    "versions by hand, on a branch": (dispatch("versions.yml", ref="refs/heads/feature"), []),
    "release by hand": (dispatch("release.yml"), [RELEASE]),
    "release by hand, on a branch": (dispatch("release.yml", ref="refs/heads/feature"), []),
    **{
        f"{action}, from a fork": (
            pull_request(action, "ephemeral", label="ephemeral", repository=FORK),
            CI if action in {"opened", "reopened", "synchronize"} else [],
        )
        for action in ("opened", "reopened", "synchronize", "labeled", "unlabeled", "closed")
    },
}
"""What each event starts, if every job goes well, `build` asks for a second run, and all stacks have a pipeline."""

RUNS: dict[str, JobRun] = {
    f"{name}: {run.title}": run for name, (event, _) in STARTED.items() for run in jobs_started(event)
}
DEPLOYING = re.compile(r"nightowl ci (deploy|recover)\b")


@pytest.mark.parametrize("name", STARTED)
def test_an_event_starts_these_jobs_and_no_other(name: str) -> None:
    event, titles = STARTED[name]
    assert sorted(run.title for run in jobs_started(event)) == sorted(titles)


@pytest.mark.parametrize("name", STARTED)
def test_only_what_needs_no_account_runs_until_the_pipeline_is_switched_on(name: str) -> None:
    event, titles = STARTED[name]
    for value in ({}, {"NIGHTOWL_DELIVERY": "off"}):
        started = [run.title for run in jobs_started(event, variables=value)]
        assert started == [title for title in titles if title in (*CI, VERSIONS)]


def test_every_job_is_started_by_one_of_these_events() -> None:
    known = {(file, name) for file, workflow in WORKFLOWS.items() for name in workflow["jobs"]}
    calling = {(file, name) for file, name in known if "uses" in WORKFLOWS[file]["jobs"][name]}
    assert {(run.workflow, run.name) for run in RUNS.values()} == known - calling


def test_main_runs_a_second_time_only_when_build_asks_for_it_and_only_once() -> None:
    condition = WORKFLOWS["main.yml"]["jobs"]["again"]["if"]
    assert "needs.build.outputs.again == 'true'" in condition
    assert AGAIN not in [run.title for run in jobs_started(dispatch("main.yml"))]


@pytest.mark.parametrize("name", RUNS)
def test_a_stack_is_deployed_by_one_job_at_a_time(name: str) -> None:
    run = RUNS[name]
    deploys = any(DEPLOYING.search(command.line) for command in run.commands())
    role = run.role()
    group = (run.value("concurrency") or {}).get("group")
    assert (group == f"stack-{role[0] if role else ''}") == deploys


def test_stacks_of_pull_requests_take_turns_with_themselves_only() -> None:
    groups = {run.name: run.value("concurrency")["group"] for run in RUNS.values() if run.workflow == "ephemeral.yml"}
    assert groups["up"] == groups["down"] == "ephemeral-7"
    assert groups["sweep"] == "ephemeral-sweep"


def test_a_newer_preview_takes_the_place_of_an_older_one_of_the_same_pull_request() -> None:
    assert WORKFLOWS["preview.yml"]["concurrency"] == {
        "group": "preview-${{ github.event.pull_request.number }}",
        "cancel-in-progress": True,
    }


def test_only_jobs_that_must_not_meet_share_a_group() -> None:
    groups: dict[str, set[str]] = {}
    for run in RUNS.values():
        of_job = (run.value("concurrency") or {}).get("group")
        of_workflow = fill(WORKFLOWS[run.workflow].get("concurrency", {}), run.contexts).get("group")
        assert of_job is None or of_job != of_workflow, "a job would wait for its own workflow"
        for group in {of_job, of_workflow} - {None}:
            groups.setdefault(group, set()).add(run.workflow)
    assert {group: files for group, files in groups.items() if len(files) > 1} == {
        "stack-dev": {"main.yml", "recover.yml"},
        "stack-prod": {"deploy.yml", "recover.yml"},
        "promote-prod": {"promote.yml", "staging.yml"},
    }


FOR_PULL_REQUESTS = ("ephemeral.yml", "preview.yml")
RUNNERS = {**VARIABLES, "NIGHTOWL_RUNNER_PROD": "within", "NIGHTOWL_RUNNER_DEV": "inside"}


@pytest.mark.parametrize(
    ("stack", "runner"),
    [("dev", "inside"), ("staging", "ubuntu-24.04"), ("prod", "within")],
)
def test_what_talks_to_a_cluster_runs_where_the_variable_of_its_stack_says(stack: str, runner: str) -> None:
    runs = [run for event, _ in STARTED.values() for run in jobs_started(event, variables=RUNNERS)]
    of_stack = [run for run in runs if (run.role() or ("", ""))[0] == stack and run.name != "build"]
    of_main = [run for run in of_stack if run.workflow not in FOR_PULL_REQUESTS]
    assert {run.value("runs-on") for run in of_main} == {runner}
    assert {run.name for run in of_main} >= {"deploy", "drift"}


def test_no_job_of_a_pull_request_runs_on_the_runner_of_a_stack() -> None:
    runs = [run for event, _ in STARTED.values() for run in jobs_started(event, variables=RUNNERS)]
    of_pull_requests = [run for run in runs if run.workflow in FOR_PULL_REQUESTS]
    assert {run.name for run in of_pull_requests} >= {"preview", "build", "up", "down", "sweep"}
    assert {run.value("runs-on") for run in of_pull_requests} == {"ubuntu-24.04", "ubuntu-24.04-arm"}


def test_what_talks_to_no_cluster_runs_on_github_s_machines() -> None:
    runs = [run for event, _ in STARTED.values() for run in jobs_started(event, variables=RUNNERS)]
    assert {run.value("runs-on") for run in runs if run.role() is None} == {"ubuntu-24.04"}
    assert {run.value("runs-on") for run in runs if run.name == "build"} == {"ubuntu-24.04-arm"}


@pytest.mark.parametrize("name", RUNS)
def test_a_job_that_deploys_runs_in_the_environment_of_its_stack(name: str) -> None:
    run = RUNS[name]
    match run.role():
        case (stack, "deploy"):
            assert run.environment_name() == stack
        case (_, "ephemeral"):
            assert run.environment_name() == "ephemeral"
        case None if {"contents", "pull-requests"} <= _written(run):
            assert run.environment_name() == PROPOSALS, "it has the key of the App that opens pull requests"
        case _:
            assert run.environment_name() is None, "its reviewers and its subject are for deployments"


def _written(run: JobRun) -> set[str]:
    return {name for name, level in run.job["permissions"].items() if level == "write"}


def test_no_run_of_a_pull_request_shares_a_group_with_one_of_main() -> None:
    """Of the workflows as they are: a branch can name any group, which docs/github.md says."""
    groups: dict[bool, set[str]] = {True: set(), False: set()}
    for run in RUNS.values():
        of_pull_request = run.contexts["github"]["event_name"] == "pull_request"
        of_workflow = fill(WORKFLOWS[run.workflow].get("concurrency", {}), run.contexts).get("group")
        of_job = (run.value("concurrency") or {}).get("group")
        groups[of_pull_request] |= {group.lower() for group in (of_workflow, of_job) if group}
    assert groups[True]
    assert groups[False]
    assert groups[True].isdisjoint(groups[False])


@pytest.mark.parametrize("name", RUNS)
def test_credentials_last_as_long_as_the_job_may(name: str) -> None:
    run = RUNS[name]
    if run.role():
        assert run.job["timeout-minutes"] * 60 <= run.role_seconds()
