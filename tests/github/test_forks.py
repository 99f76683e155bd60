from __future__ import annotations

from tests.github.conftest import Command
from tests.github.fake_settings import FakeSettings
from tests.github.test_fresh import REVIEWED

CI = ".github/workflows/ci.yml"
DRIFT = ".github/workflows/drift.yml"
DEPENDABOT = "dynamic/dependabot/dependabot-updates"
APPROVAL = "actions/permissions/fork-pr-contributor-approval"


def as_forked(github: FakeSettings) -> None:
    github.fork = True
    github.has_issues = False
    github.workflow_states = {CI: "disabled_fork", DRIFT: "disabled_fork"}


def test_a_fresh_fork_gets_issues_workflows_and_approvals_and_a_second_run_changes_nothing(
    nightowl: Command, github: FakeSettings
) -> None:
    as_forked(github)

    planned = nightowl.steps(*REVIEWED, "--dry-run")
    assert github.changes == []
    made = nightowl.steps(*REVIEWED)

    for steps in (planned, made):
        assert steps["issues"]["changes"] == ["off -> on"]
        assert steps["workflows"]["changes"] == [
            "ci.yml: off as in any fork -> on",
            "drift.yml: off as in any fork -> on",
        ]
        assert (
            "approval before pull requests run: first_time_contributors -> all_external_contributors"
            in steps["actions"]["changes"]
        )
    assert github.has_issues
    assert github.body_of("PATCH", "/repos/example/nightowl") == {"name": "nightowl", "has_issues": True}
    assert github.workflow_states == {CI: "active", DRIFT: "active"}
    assert github.body_of("PUT", APPROVAL) == {"approval_policy": "all_external_contributors"}
    github.requests.clear()
    assert nightowl(*REVIEWED).exit_code == 0
    assert github.changes == []


def test_a_fork_whose_workflows_github_does_not_list_yet_is_told_of_the_click(
    nightowl: Command, github: FakeSettings
) -> None:
    github.workflow_states = {}
    assert nightowl.steps("--check")["workflows"]["note"] == ""
    github.fork = True
    assert "I understand my workflows" in nightowl.steps("--check")["workflows"]["note"]


def test_only_what_github_switched_off_is_enabled(nightowl: Command, github: FakeSettings) -> None:
    github.workflow_states = {CI: "disabled_manually", DRIFT: "disabled_inactivity", DEPENDABOT: "disabled_inactivity"}

    step = nightowl.steps(*REVIEWED)["workflows"]

    assert step["changes"] == ["drift.yml: off for inactivity -> on"]
    assert step["note"] == "ci.yml: off by somebody's hand, left as it is"
    assert github.workflow_states == {CI: "disabled_manually", DRIFT: "active", DEPENDABOT: "disabled_inactivity"}


def test_a_private_repository_is_not_asked_whose_pull_requests_run(nightowl: Command, github: FakeSettings) -> None:
    github.private = True
    step = nightowl.steps(*REVIEWED)["actions"]
    assert step["note"] == ""
    assert not [path for _, path, _ in github.requests if path.endswith(APPROVAL)]


def test_a_server_that_does_not_know_the_approval_is_left_as_it_is(nightowl: Command, github: FakeSettings) -> None:
    github.approval_policy = None
    step = nightowl.steps(*REVIEWED)["actions"]
    assert step["note"] == "GitHub does not tell whose pull requests need an approval to run"
    assert not [path for _, path in github.changes if path.endswith(APPROVAL)]
    assert nightowl("--check", *REVIEWED).exit_code == 0
