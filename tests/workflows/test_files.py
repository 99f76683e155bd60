"""What holds for each workflow, read as a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.github.environments import PROPOSALS
from infra.github.proposals import APP_KEY
from tests.workflows.expressions import EXPRESSION
from tests.workflows.files import ACTIONS, GITHUB, LOCAL, REPOSITORY, ROLE_ACTION, WORKFLOWS, jobs, steps

PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
COMMANDS = (
    re.compile(r"make (install|test)"),
    re.compile(r"bash \.ci/run"),
    re.compile(r"\.venv/bin/python \.ci/release\.py"),
    re.compile(r'(exec )?\.venv/bin/nightowl ci( [a-z-]+){1,2}( (-s|--[a-z-]+)( ("\$[A-Z_]+"|[a-z0-9]+))?)*'),
    re.compile(r"gh workflow run main\.yml --ref main"),
)
NEEDED = {
    "preview": {"pull-requests"},
    "record": {"contents", "pull-requests"},
    "promote": {"contents", "pull-requests"},
    "drift": {"issues"},
    "versions": {"issues"},
    "ephemeral": {"pull-requests"},
    "again": {"actions"},
    "release": {"contents"},
}
"""What GitHub asks of a token for what each command does: comments, pull requests from a branch, issues, runs, releases
(REST API, "Permissions required for GitHub Apps"). All others only read the code."""
ENGINE = re.compile(r"nightowl ci (preview|deploy|drift|recover|ephemeral)\b")
DEPLOYS = re.compile(r"nightowl ci (deploy|recover)\b")


def all_jobs(*, calling: bool = True) -> Iterator[Any]:
    for file, name, job in jobs():
        if calling or "uses" not in job:
            yield pytest.param(job, id=f"{file}: {name}")


def all_steps(key: str) -> Iterator[Any]:
    for where, step in steps():
        if key in step:
            yield pytest.param(step, id=where)


def uses_lines() -> Iterator[Any]:
    for file in sorted(GITHUB.rglob("*.yml")):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if "uses: " in line and f"uses: {LOCAL}" not in line:
                yield pytest.param(line, id=f"{file.name}:{number}")


@pytest.mark.parametrize("file", WORKFLOWS)
def test_a_workflow_has_its_files_name_and_no_permission_by_itself(file: str) -> None:
    assert WORKFLOWS[file]["name"] == file.removesuffix(".yml")
    assert WORKFLOWS[file]["permissions"] == {}


@pytest.mark.parametrize("job", list(all_jobs(calling=False)))
def test_a_job_has_the_rights_that_its_command_needs_and_no_more(job: dict[str, Any]) -> None:
    commands = " ".join(step.get("run", "") for step in job["steps"])
    needed = {right for name in re.findall(r"nightowl ci ([a-z]+)", commands) for right in NEEDED.get(name, ())}
    if "gh workflow run" in commands:
        needed |= NEEDED["again"]
    if ".ci/release.py" in commands:
        needed |= NEEDED["release"]
    if any(step.get("uses") == ROLE_ACTION for step in job["steps"]):
        needed |= {"id-token"}
    assert {name for name, level in job["permissions"].items() if level == "write"} == needed
    assert set(job["permissions"]) - needed <= {"contents"}


@pytest.mark.parametrize("job", [job for _, _, job in jobs() if "uses" in job])
def test_a_job_passes_on_the_rights_that_the_called_workflow_needs(job: dict[str, Any]) -> None:
    called = WORKFLOWS[job["uses"].removeprefix(f"{LOCAL}.github/workflows/")]
    assert [job["permissions"]] == [one["permissions"] for one in called["jobs"].values()]


@pytest.mark.parametrize("job", list(all_jobs(calling=False)))
def test_no_job_has_rights_on_the_repository_and_a_role_that_writes_in_aws(job: dict[str, Any]) -> None:
    roles = {step["with"]["as"] for step in job["steps"] if "with" in step and "as" in step["with"]}
    written = {name for name, level in job["permissions"].items() if level == "write"}
    assert not ("deploy" in roles and written - {"id-token"})


@pytest.mark.parametrize("job", list(all_jobs(calling=False)))
def test_a_job_ends_by_itself(job: dict[str, Any]) -> None:
    assert 5 <= job["timeout-minutes"] <= 90


@pytest.mark.parametrize("line", list(uses_lines()))
def test_an_action_of_others_is_pinned_by_commit_and_says_its_version(line: str) -> None:
    assert PINNED.search(line), line


def test_an_action_has_one_version_in_all_workflows() -> None:
    pins: dict[str, set[str]] = {}
    for file in GITHUB.rglob("*.yml"):
        for action, version in re.findall(r"uses: ([\w./-]+)@(.*)", file.read_text()):
            pins.setdefault(action, set()).add(version)
    assert {action for action, versions in pins.items() if len(versions) > 1} == set()
    assert set(pins) == {
        "actions/checkout",
        "actions/cache",
        "actions/setup-python",
        "aws-actions/configure-aws-credentials",
    }


@pytest.mark.parametrize("step", list(all_steps("uses")))
def test_a_checkout_leaves_no_token_behind(step: dict[str, Any]) -> None:
    if step["uses"].startswith("actions/checkout@"):
        assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("job", list(all_jobs(calling=False)))
def test_what_runs_the_engine_has_its_programs_before_the_role_is_taken(job: dict[str, Any]) -> None:
    steps = [str(step.get("uses") or step.get("run")) for step in job["steps"]]
    if any(ENGINE.search(step) for step in steps):
        tools, role = steps.index(".venv/bin/nightowl ci tools"), steps.index(ROLE_ACTION)
        assert steps.index("make install") < tools < role
        assert all("nightowl ci " in step for step in steps[role + 1 :]), "nothing else comes after it"


@pytest.mark.parametrize("job", list(all_jobs(calling=False)))
def test_what_reads_the_history_has_all_of_it(job: dict[str, Any]) -> None:
    depths = {step["with"].get("fetch-depth", 1) for step in job["steps"] if "checkout" in step.get("uses", "")}
    if any("ci promote" in step.get("run", "") for step in job["steps"]):
        assert depths == {0}


@pytest.mark.parametrize("step", list(all_steps("uses")))
def test_an_action_of_this_repository_exists_and_gets_its_inputs(step: dict[str, Any]) -> None:
    if step["uses"].startswith(LOCAL):
        inputs = ACTIONS[step["uses"]]["inputs"]
        required = {name for name, one in inputs.items() if one.get("required")}
        assert required <= set(step["with"]) <= set(inputs)


@pytest.mark.parametrize("step", list(all_steps("run")))
def test_a_step_runs_one_command_of_a_known_form(step: dict[str, Any]) -> None:
    assert any(form.fullmatch(step["run"]) for form in COMMANDS), step["run"]


@pytest.mark.parametrize("step", list(all_steps("run")))
def test_a_command_takes_values_from_variables_only(step: dict[str, Any]) -> None:
    assert not EXPRESSION.search(step["run"])


@pytest.mark.parametrize("step", list(all_steps("run")))
def test_the_signal_of_a_cancelled_run_reaches_what_has_an_engine_running(step: dict[str, Any]) -> None:
    """GitHub sends it to the shell, which keeps it ("Workflow cancellation reference"); `exec` leaves no shell."""
    if re.search(r"nightowl ci (preview|deploy|drift|recover|ephemeral)\b", step["run"]):
        assert step["run"].startswith("exec ")


@pytest.mark.parametrize("step", list(all_steps("run")))
def test_only_a_step_that_talks_to_github_gets_the_token(step: dict[str, Any]) -> None:
    talks = re.search(
        r"nightowl ci (preview|record|promote|drift|ephemeral|versions)\b|gh workflow|release\.py", step["run"]
    )
    has_token = "${{ github.token }}" in step.get("env", {}).values()
    assert has_token == bool(talks)


@pytest.mark.parametrize("file", WORKFLOWS)
def test_code_of_a_pull_request_never_runs_with_the_rights_of_main(file: str) -> None:
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(WORKFLOWS[file]["on"])


@pytest.mark.parametrize("file", WORKFLOWS)
def test_a_push_counts_on_main_only(file: str) -> None:
    assert WORKFLOWS[file]["on"].get("push", {"branches": ["main"]})["branches"] == ["main"]


@pytest.mark.parametrize("file", WORKFLOWS)
def test_the_one_secret_is_read_by_jobs_of_an_environment_that_only_main_has(file: str) -> None:
    text = (GITHUB / "workflows" / file).read_text()
    assert set(re.findall(r"secrets\S*", text)) <= {f"secrets.{APP_KEY}"}
    for job in WORKFLOWS[file]["jobs"].values():
        for step in job.get("steps", []):
            if "secrets." in str(step):
                assert job["environment"] == PROPOSALS
                assert f"secrets.{APP_KEY}" in step["env"][APP_KEY], "in the environment of the one step that needs it"


@pytest.mark.parametrize("file", [file for file, workflow in WORKFLOWS.items() if "schedule" in workflow["on"]])
def test_a_schedule_avoids_the_full_hour_when_github_is_busiest(file: str) -> None:
    for entry in WORKFLOWS[file]["on"]["schedule"]:
        minute, hour, *rest = entry["cron"].split()
        assert int(minute) not in {0, 15, 30, 45}
        assert (int(hour) < 6, rest) == (True, ["*", "*", "*"]), "every night"


@pytest.mark.parametrize("job", list(all_jobs(calling=False)))
def test_what_deploys_is_never_cancelled_half_way(job: dict[str, Any]) -> None:
    if any(DEPLOYS.search(step.get("run", "")) for step in job["steps"]):
        assert job["concurrency"]["cancel-in-progress"] is False
        assert job["concurrency"]["group"].startswith("stack-")


@pytest.mark.parametrize("file", WORKFLOWS)
def test_paths_and_stacks_that_a_workflow_names_exist(file: str) -> None:
    text = (GITHUB / "workflows" / file).read_text()
    stacks = {path.name for path in (REPOSITORY / "stacks").iterdir()}
    assert set(re.findall(r"Pulumi\.[a-z]+\.yaml", text)) <= stacks
    named = set(re.findall(r"(?:-s|stack:|--to|--base) ([a-z]+)\n", text))
    for inputs in re.findall(r"options: \[(.*)\]", text):
        named |= set(inputs.split(", "))
    assert {f"Pulumi.{stack}.yaml" for stack in named} <= stacks
    for path in re.findall(r"hashFiles\((.*?)\)", text):
        assert all(list(REPOSITORY.glob(pattern.strip("' "))) for pattern in path.split(","))
