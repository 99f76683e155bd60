from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.toolchain import pinned
from infra.toolchain.releases import releases
from tests.github.conftest import Command
from tests.github.fake_settings import ACTIONS_APP_ID, FakeSettings

REVIEWED = ("--reviewer", "alice", "--reviewer", "bob")


def reviewers_of(github: FakeSettings, environment: str) -> list[str]:
    rules = github.environments[environment]["protection_rules"]
    return [
        item["reviewer"].get("login") or item["reviewer"]["slug"]
        for rule in rules
        if rule["type"] == "required_reviewers"
        for item in rule["reviewers"]
    ]


def branches_of(github: FakeSettings, environment: str) -> list[tuple[str, str]]:
    assert github.environments[environment]["deployment_branch_policy"] == {
        "protected_branches": False,
        "custom_branch_policies": True,
    }
    return sorted((item["name"], item["type"]) for item in github.branch_policies[environment])


def owners_of(nightowl: Command) -> list[str]:
    """The lines of CODEOWNERS that are no comments."""
    lines = (nightowl.project / ".github" / "CODEOWNERS").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_a_fresh_repository_gets_everything_that_the_workflows_rely_on(nightowl: Command, github: FakeSettings) -> None:
    result = nightowl(*REVIEWED)

    assert result.exit_code == 0, result.output
    assert {name: reviewers_of(github, name) for name in github.environments} == {
        "dev": [],
        "staging": ["alice", "bob"],
        "prod": ["alice", "bob"],
        "ephemeral": [],
        "proposals": [],
    }
    assert {name: branches_of(github, name) for name in github.environments} == {
        "dev": [("main", "branch")],
        "staging": [("main", "branch")],
        "prod": [("main", "branch")],
        "ephemeral": [("main", "branch"), ("refs/pull/*/merge", "branch")],
        "proposals": [("main", "branch")],
    }
    assert {name: made["can_admins_bypass"] for name, made in github.environments.items()} == {
        "dev": True,
        "staging": False,
        "prod": False,
        "ephemeral": True,
        "proposals": True,
    }
    assert github.workflow_permissions == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": True,
    }
    assert github.approval_policy == "all_external_contributors"
    assert sorted(github.labels) == ["drift", "ephemeral", "versions"]
    (ruleset,) = github.rulesets
    assert ruleset["enforcement"] == "active"
    assert ruleset["conditions"]["ref_name"] == {"include": ["refs/heads/main"], "exclude": []}
    assert {rule["type"] for rule in ruleset["rules"]} == {
        "pull_request",
        "required_status_checks",
        "non_fast_forward",
        "deletion",
    }
    checks = next(rule for rule in ruleset["rules"] if rule["type"] == "required_status_checks")["parameters"]
    assert checks["required_status_checks"] == [
        {"context": "Audit of everything", "integration_id": ACTIONS_APP_ID},
        {"context": "check-test-e2e", "integration_id": ACTIONS_APP_ID},
    ]
    reviews = next(rule for rule in ruleset["rules"] if rule["type"] == "pull_request")["parameters"]
    assert reviews == {
        "required_approving_review_count": 1,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": True,
        "required_review_thread_resolution": False,
    }
    assert owners_of(nightowl) == ["* @alice @bob"]
    assert github.variables == {}, "only --on switches the workflows on"


def test_a_second_run_changes_nothing(nightowl: Command, github: FakeSettings) -> None:
    nightowl(*REVIEWED, "--on")
    files = {path: path.read_bytes() for path in nightowl.project.glob("stacks/*")}
    github.requests.clear()

    steps = nightowl.steps(*REVIEWED, "--on")

    assert github.changes == []
    assert {step["state"] for step in steps.values()} == {"exists"}
    assert {path: path.read_bytes() for path in nightowl.project.glob("stacks/*")} == files
    assert nightowl("--check", *REVIEWED, "--on").exit_code == 0
    assert nightowl("--check").exit_code == 0, "without --reviewer those that are there count"


def test_a_dry_run_lists_every_change_and_makes_none(nightowl: Command, github: FakeSettings) -> None:
    before = {path: path.read_bytes() for path in nightowl.project.glob("stacks/*")}

    result = nightowl(*REVIEWED, "--on", "--dry-run")
    steps = nightowl.steps(*REVIEWED, "--on", "--dry-run")

    assert result.exit_code == 0
    assert github.changes == []
    assert {path: path.read_bytes() for path in nightowl.project.glob("stacks/*")} == before
    assert {name: step["state"] for name, step in steps.items()} == {
        "environment dev": "missing",
        "environment staging": "missing",
        "environment prod": "missing",
        "environment ephemeral": "missing",
        "environment proposals": "missing",
        "GitHub App": "exists",
        "actions": "differs",
        "workflows": "exists",
        "issues": "exists",
        "label ephemeral": "missing",
        "label drift": "missing",
        "label versions": "missing",
        "branch main": "missing",
        ".github/CODEOWNERS": "missing",
        "stacks/Pulumi.dev.yaml": "missing",
        "stacks/Pulumi.staging.yaml": "missing",
        "stacks/Pulumi.prod.yaml": "missing",
        "checksums": "exists",
        "variable NIGHTOWL_DELIVERY": "missing",
    }
    assert "reviewers: none -> alice, bob" in result.output
    assert "deployed from: anywhere -> main" in result.output
    assert "must pass: check-test-e2e" in result.output


def test_the_switch_is_the_last_change_and_only_with_on(nightowl: Command, github: FakeSettings) -> None:
    first = nightowl(*REVIEWED)
    assert "nightowl github --on" in first.output
    assert nightowl.steps("--check", *REVIEWED)["variable NIGHTOWL_DELIVERY"]["state"] == "off"

    github.requests.clear()
    nightowl(*REVIEWED, "--on")
    assert github.variables == {"NIGHTOWL_DELIVERY": "on"}
    assert github.changes == [("POST", "/repos/example/nightowl/actions/variables")]

    github.variables["NIGHTOWL_DELIVERY"] = "off"
    nightowl(*REVIEWED)
    assert github.variables == {"NIGHTOWL_DELIVERY": "off"}
    nightowl(*REVIEWED, "--on")
    assert github.variables == {"NIGHTOWL_DELIVERY": "on"}


def test_in_a_fresh_run_the_switch_comes_after_everything_else(nightowl: Command, github: FakeSettings) -> None:
    nightowl(*REVIEWED, "--on")
    assert github.changes[-1] == ("POST", "/repos/example/nightowl/actions/variables")
    assert len(github.changes) > 10


def test_only_the_stacks_that_are_named_are_touched(nightowl: Command, github: FakeSettings) -> None:
    nightowl("--stack", "dev")
    assert sorted(github.environments) == ["dev", "ephemeral", "proposals"]
    nightowl("-s", "staging")
    assert sorted(github.environments) == ["dev", "ephemeral", "proposals", "staging"]
    prod = yaml.safe_load((nightowl.project / "stacks/Pulumi.prod.yaml").read_text())
    assert "github" not in prod["config"]["nightowl:delivery"]


def test_two_reviewers_may_not_approve_what_they_deploy_themselves_but_one_must(
    nightowl: Command, github: FakeSettings
) -> None:
    steps = nightowl.steps("--reviewer", "alice")
    assert github.body_of("PUT", "environments/prod")["prevent_self_review"] is False
    assert "alice approves alone" in steps["environment prod"]["note"]

    steps = nightowl.steps(*REVIEWED)
    assert github.body_of("PUT", "environments/prod")["prevent_self_review"] is True
    assert steps["environment prod"]["changes"] == [
        "reviewers: alice -> alice, bob",
        "approval of one's own deployment: allowed -> refused",
    ]


def test_a_team_can_approve(nightowl: Command, github: FakeSettings) -> None:
    nightowl("--reviewer", "example/platform")
    assert github.body_of("PUT", "environments/prod")["reviewers"] == [{"type": "Team", "id": 70}]
    assert github.body_of("PUT", "environments/prod")["prevent_self_review"] is True
    assert reviewers_of(github, "prod") == ["platform"]


def test_reviewers_are_replaced_by_those_of_the_command_line_and_kept_without(
    nightowl: Command, github: FakeSettings
) -> None:
    nightowl(*REVIEWED)
    nightowl()
    assert reviewers_of(github, "prod") == ["alice", "bob"]
    nightowl("--reviewer", "eve", "--reviewer", "bob")
    assert reviewers_of(github, "prod") == ["eve", "bob"]


def test_actions_are_switched_on_where_they_are_off_as_in_a_fork(nightowl: Command, github: FakeSettings) -> None:
    github.actions_enabled = False
    assert "GitHub Actions: off -> on" in nightowl.steps(*REVIEWED, "--dry-run")["actions"]["changes"]
    nightowl(*REVIEWED)
    assert github.actions_enabled


def test_a_run_that_broke_off_is_continued_by_the_next(nightowl: Command, github: FakeSettings) -> None:
    github.refusals["POST", "/labels"] = (500, {"message": "Server Error"}, {})
    result = nightowl(*REVIEWED, "--on")
    assert result.exit_code == 1
    assert "not done" in result.output
    assert github.variables == {}, "nothing is switched on before all is done"

    github.refusals.clear()
    steps = nightowl.steps(*REVIEWED, "--on")

    assert steps["environment prod"]["state"] == "exists"
    assert steps["label ephemeral"]["state"] == "made"
    assert nightowl("--check", *REVIEWED, "--on").exit_code == 0


def test_an_environment_that_was_made_without_its_branches_gets_them(nightowl: Command, github: FakeSettings) -> None:
    github.refusals["POST", "dev/deployment-branch-policies"] = (502, {"message": "Bad Gateway"}, {})
    nightowl(*REVIEWED)
    assert branches_of(github, "dev") == []
    github.refusals.clear()

    steps = nightowl.steps(*REVIEWED)
    assert steps["environment dev"]["changes"] == ["deployed from: nothing -> main"]
    assert branches_of(github, "dev") == [("main", "branch")]


def test_a_team_owns_everything_as_github_writes_its_name(nightowl: Command, github: FakeSettings) -> None:
    nightowl("--reviewer", "example/platform")
    assert owners_of(nightowl) == ["* @example/platform"]
    assert nightowl("--check").exit_code == 0, "the name of the team is read from the environment too"


def test_lines_of_others_stay_in_the_owners_file_and_do_not_come_after_its_own(
    nightowl: Command, github: FakeSettings
) -> None:
    file = nightowl.project / ".github" / "CODEOWNERS"
    file.write_text("# ours\n/docs/ @eve\n")
    nightowl(*REVIEWED)
    assert owners_of(nightowl) == ["/docs/ @eve", "* @alice @bob"]
    file.write_text(f"{file.read_text()}/infra/ @eve\n")
    assert nightowl("--check").exit_code == 1
    nightowl()
    assert owners_of(nightowl) == ["/docs/ @eve", "* @alice @bob"]


def test_an_owner_that_github_does_not_know_is_a_difference(nightowl: Command, github: FakeSettings) -> None:
    nightowl(*REVIEWED)
    wrong = {"line": 2, "column": 3, "kind": "Unknown owner", "source": "* @alice @bob", "path": ".github/CODEOWNERS"}
    github.code_owners_errors = [wrong]
    code, steps = nightowl.check()
    assert (code, steps[".github/CODEOWNERS"]["changes"]) == (1, ["main, line 2: Unknown owner: * @alice @bob"])
    assert "give the owners write access" in nightowl.refusal()


def test_one_alone_can_still_merge_and_the_table_says_who_decides(nightowl: Command, github: FakeSettings) -> None:
    steps = nightowl.steps("--reviewer", "alice")
    (ruleset,) = github.rulesets
    reviews = next(rule for rule in ruleset["rules"] if rule["type"] == "pull_request")["parameters"]
    assert (reviews["required_approving_review_count"], reviews["require_code_owner_review"]) == (0, False)
    assert ".github/CODEOWNERS" not in steps
    assert "nobody but alice" in steps["branch main"]["note"]


def test_where_github_overhears_that_administrators_pass_by_the_reviewers_it_is_told(
    nightowl: Command, github: FakeSettings
) -> None:
    github.admins_bypass_stays = True
    told = nightowl.refusal(*REVIEWED)
    assert "untick 'Allow administrators to bypass configured protection rules'" in told
    assert nightowl("--check").exit_code == 1
    github.admins_bypass_stays = False


def test_in_a_private_repository_forks_get_neither_tokens_that_write_nor_secrets(
    nightowl: Command, github: FakeSettings
) -> None:
    github.private = True
    assert nightowl.steps(*REVIEWED)["actions"]["changes"][-3:] == [
        "pull requests from forks: get tokens that write -> that read",
        "pull requests from forks: get secrets -> none",
        "pull requests from forks: run at once -> after an approval",
    ]
    assert github.forks == {
        "run_workflows_from_fork_pull_requests": True,
        "send_write_tokens_to_workflows": False,
        "send_secrets_and_variables": False,
        "require_approval_for_fork_pr_workflows": True,
    }
    assert nightowl("--check").exit_code == 0
    assert github.forks is not None
    for key in ("send_write_tokens_to_workflows", "send_secrets_and_variables"):
        github.forks[key] = True
        assert nightowl("--check").exit_code == 1
        github.forks[key] = False


def test_the_workflows_stay_off_while_forks_get_tokens_that_write(nightowl: Command, github: FakeSettings) -> None:
    github.private = True
    github.refusals["PUT", "fork-pr-workflows-private-repos"] = (409, {"message": "Conflict"}, {})
    assert "the organization decides it" in nightowl.refusal(*REVIEWED, "--on")
    assert "NIGHTOWL_DELIVERY" not in github.variables


def test_a_server_that_does_not_know_what_forks_get_is_named(nightowl: Command, github: FakeSettings) -> None:
    github.private, github.forks = True, None
    note = nightowl.steps(*REVIEWED)["actions"]["note"]
    assert note == "GitHub does not tell what pull requests from forks get"


def test_with_an_app_workflows_neither_open_nor_approve_pull_requests(nightowl: Command, github: FakeSettings) -> None:
    github.variables["NIGHTOWL_APP"] = "Iv23lion"
    told = nightowl.refusal(*REVIEWED)
    assert "gh secret set NIGHTOWL_APP_KEY --env proposals --repo example/nightowl < KEY.pem" in told
    assert not github.workflow_permissions["can_approve_pull_request_reviews"]
    github.secrets.add(("proposals", "NIGHTOWL_APP_KEY"))
    github.workflow_permissions["can_approve_pull_request_reviews"] = True
    assert nightowl.steps(*REVIEWED)["actions"]["changes"] == [
        "default token of workflows: write -> read",
        "workflows open and approve pull requests: allowed -> refused",
        "approval before pull requests run: first_time_contributors -> all_external_contributors",
    ]
    assert not github.workflow_permissions["can_approve_pull_request_reviews"]
    assert nightowl("--check").exit_code == 0


def test_the_table_says_when_jobs_would_stop_for_want_of_checksums(
    nightowl: Command, github: FakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "checksums.txt"
    monkeypatch.setattr(pinned, "CHECKSUMS", file)
    file.write_text("")
    assert "nightowl ci tools --pin" in nightowl.steps(*REVIEWED)["checksums"]["note"]
    file.write_text("".join(f"{'0' * 64}  {release.url}\n" for release in releases()))
    assert nightowl.steps(*REVIEWED)["checksums"]["note"] == ""
