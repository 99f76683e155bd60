from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.github.conftest import Command
from tests.github.fake_settings import FakeSettings
from tests.github.test_fresh import REVIEWED, branches_of, reviewers_of

Tamper = Callable[[FakeSettings], object]


def rule(github: FakeSettings, kind: str) -> dict[str, object]:
    return next(item for item in github.rulesets[0]["rules"] if item["type"] == kind)


def checks(github: FakeSettings) -> list[dict[str, object]]:
    parameters = rule(github, "required_status_checks")["parameters"]
    assert isinstance(parameters, dict)
    return parameters["required_status_checks"]


def reviews(github: FakeSettings) -> dict[str, object]:
    parameters = rule(github, "pull_request")["parameters"]
    assert isinstance(parameters, dict)
    return parameters


def protection(github: FakeSettings, environment: str) -> list[dict[str, object]]:
    return github.environments[environment]["protection_rules"]


def without_self_review(github: FakeSettings) -> None:
    next(item for item in protection(github, "prod") if item["type"] == "required_reviewers")["prevent_self_review"] = (
        False
    )


def other_reviewer(github: FakeSettings) -> None:
    approval = next(item for item in protection(github, "prod") if item["type"] == "required_reviewers")
    approval["reviewers"] = [{"type": "User", "reviewer": {"id": 3, "login": "eve"}}]


def open_to_all(github: FakeSettings, environment: str) -> None:
    github.environments[environment]["deployment_branch_policy"] = None


def only_protected(github: FakeSettings) -> None:
    github.environments["dev"]["deployment_branch_policy"] = {
        "protected_branches": True,
        "custom_branch_policies": False,
    }


DRIFTS: list[tuple[str, Tamper, str]] = [
    ("environment gone", lambda g: g.environments.pop("prod"), "environment prod"),
    ("ephemeral gone", lambda g: g.environments.pop("ephemeral"), "environment ephemeral"),
    ("no reviewers", lambda g: protection(g, "prod").clear(), "environment prod"),
    ("no reviewers of staging", lambda g: protection(g, "staging").clear(), "environment staging"),
    ("another reviewer", other_reviewer, "environment prod"),
    ("self review allowed", without_self_review, "environment prod"),
    ("any branch", lambda g: open_to_all(g, "dev"), "environment dev"),
    ("protected branches", only_protected, "environment dev"),
    (
        "one branch more",
        lambda g: g.branch_policies["prod"].append({"id": 7, "name": "release/*", "type": "branch"}),
        "environment prod",
    ),
    (
        "a tag named main",
        lambda g: g.branch_policies["prod"].append({"id": 7, "name": "main", "type": "tag"}),
        "environment prod",
    ),
    ("no branch", lambda g: g.branch_policies["staging"].clear(), "environment staging"),
    ("no pull requests", lambda g: g.branch_policies["ephemeral"].pop(), "environment ephemeral"),
    ("ephemeral open", lambda g: open_to_all(g, "ephemeral"), "environment ephemeral"),
    ("actions off", lambda g: setattr(g, "actions_enabled", False), "actions"),
    ("writing token", lambda g: g.workflow_permissions.update(default_workflow_permissions="write"), "actions"),
    (
        "no pull requests of workflows",
        lambda g: g.workflow_permissions.update(can_approve_pull_request_reviews=False),
        "actions",
    ),
    ("strangers run", lambda g: setattr(g, "approval_policy", "first_time_contributors"), "actions"),
    ("no issues", lambda g: setattr(g, "has_issues", False), "issues"),
    (
        "off as a fork",
        lambda g: g.workflow_states.update({".github/workflows/drift.yml": "disabled_fork"}),
        "workflows",
    ),
    (
        "off for inactivity",
        lambda g: g.workflow_states.update({".github/workflows/drift.yml": "disabled_inactivity"}),
        "workflows",
    ),
    ("no label ephemeral", lambda g: g.labels.pop("ephemeral"), "label ephemeral"),
    ("no label drift", lambda g: g.labels.pop("drift"), "label drift"),
    ("no ruleset", lambda g: g.rulesets.clear(), "branch main"),
    ("ruleset disabled", lambda g: g.rulesets[0].update(enforcement="disabled"), "branch main"),
    ("ruleset only evaluated", lambda g: g.rulesets[0].update(enforcement="evaluate"), "branch main"),
    (
        "ruleset of another branch",
        lambda g: g.rulesets[0]["conditions"]["ref_name"].update(include=["refs/heads/other"]),
        "branch main",
    ),
    (
        "main excluded",
        lambda g: g.rulesets[0]["conditions"]["ref_name"].update(include=["~ALL"], exclude=["refs/heads/main"]),
        "branch main",
    ),
    *(
        (f"no rule {kind}", lambda g, kind=kind: g.rulesets[0]["rules"].remove(rule(g, kind)), "branch main")
        for kind in ("pull_request", "required_status_checks", "non_fast_forward", "deletion")
    ),
    *(
        (f"not asked: {key}", lambda g, key=key, value=value: reviews(g).update({key: value}), "branch main")
        for key, value in (
            ("required_approving_review_count", 0),
            ("require_code_owner_review", False),
            ("require_last_push_approval", False),
            ("dismiss_stale_reviews_on_push", False),
        )
    ),
    (
        "administrators pass by the reviewers",
        lambda g: g.environments["prod"].update(can_admins_bypass=True),
        "environment prod",
    ),
    ("proposals from any branch", lambda g: open_to_all(g, "proposals"), "environment proposals"),
    ("a check less", lambda g: checks(g).pop(), "branch main"),
    ("switched off", lambda g: g.variables.update(NIGHTOWL_DELIVERY="off"), "variable NIGHTOWL_DELIVERY"),
    ("variable gone", lambda g: g.variables.clear(), "variable NIGHTOWL_DELIVERY"),
]


@pytest.mark.parametrize(("tamper", "step"), [case[1:] for case in DRIFTS], ids=[case[0] for case in DRIFTS])
def test_a_check_finds_each_drift_changes_nothing_and_the_next_run_mends_it(
    ready: Command, github: FakeSettings, tamper: Tamper, step: str
) -> None:
    tamper(github)

    code, steps = ready.check(*REVIEWED, "--on")

    assert code == 1
    assert [name for name, found in steps.items() if found["state"] != "exists"] == [step]
    assert steps[step]["state"] in {"missing", "differs"}
    assert steps[step]["changes"]
    assert github.changes == []
    assert ready(*REVIEWED, "--on").exit_code == 0
    assert ready.check(*REVIEWED, "--on")[0] == 0


@pytest.mark.parametrize("key", ["repository:", "repositoryId:", "deploy:", "preview:", "ephemeral:"])
def test_a_check_finds_each_line_that_a_stack_file_lacks(ready: Command, github: FakeSettings, key: str) -> None:
    file = ready.project / "stacks/Pulumi.dev.yaml"
    written = file.read_text()
    file.write_text("".join(line for line in written.splitlines(keepends=True) if not line.strip().startswith(key)))
    assert file.read_text() != written

    steps = ready.steps("--check")

    assert [name for name, found in steps.items() if found["state"] != "exists"] == ["stacks/Pulumi.dev.yaml"]
    assert ready("--check").exit_code == 1
    ready()
    assert ready("--check").exit_code == 0


def test_a_check_of_prod_without_reviewers_is_a_difference_and_no_refusal(ready: Command, github: FakeSettings) -> None:
    protection(github, "prod").clear()
    assert ready("--check").exit_code == 1
    assert ready.steps("--check")["environment prod"]["changes"] == [
        "reviewers: none -> at least one, by --reviewer LOGIN"
    ]


def test_what_others_added_to_the_ruleset_stays_when_it_is_mended(ready: Command, github: FakeSettings) -> None:
    own = github.rulesets[0]
    own["bypass_actors"] = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
    own["conditions"]["ref_name"]["include"].append("refs/heads/release")
    own["rules"].append({"type": "required_linear_history"})
    checks(github).append({"context": "their own"})
    stricter = {**reviews(github), "required_approving_review_count": 2, "required_review_thread_resolution": True}
    rule(github, "pull_request")["parameters"] = stricter
    assert ready("--check", *REVIEWED).exit_code == 0, "stricter is no drift"
    own["rules"].remove({"type": "deletion"})
    checks(github).pop(0)

    steps = ready.steps(*REVIEWED)

    assert steps["branch main"]["changes"] == ["must pass: Audit of everything", "no deletion"]
    assert steps["branch main"]["note"] == (
        "also asks for their own; 1 may bypass it: by somebody's hand, left as it is"
    )
    assert own["bypass_actors"]
    assert "refs/heads/release" in own["conditions"]["ref_name"]["include"]
    assert {"type": "required_linear_history"} in own["rules"]
    assert [item["context"] for item in checks(github)] == ["check-test-e2e", "their own", "Audit of everything"]
    assert reviews(github) == stricter


def test_settings_of_an_environment_that_others_made_stay_when_it_is_changed(
    ready: Command, github: FakeSettings
) -> None:
    protection(github, "prod").append({"id": 9, "type": "wait_timer", "wait_timer": 30})
    assert ready("--check", *REVIEWED).exit_code == 0

    ready("--reviewer", "eve", "--reviewer", "bob")

    assert reviewers_of(github, "prod") == ["eve", "bob"]
    assert next(item for item in protection(github, "prod") if item["type"] == "wait_timer")["wait_timer"] == 30
    assert github.environments["prod"]["can_admins_bypass"] is False


def test_reviewers_that_somebody_gave_dev_stay(ready: Command, github: FakeSettings) -> None:
    github.put_environment({"reviewers": [{"type": "User", "id": 3}], "deployment_branch_policy": None}, "dev")
    ready(*REVIEWED)
    assert reviewers_of(github, "dev") == ["eve"]
    assert branches_of(github, "dev") == [("main", "branch")]


THEIR_REVIEWS = {
    "required_approving_review_count": 1,
    "require_code_owner_review": True,
    "require_last_push_approval": True,
    "dismiss_stale_reviews_on_push": True,
}
THEIRS = [
    {"type": "pull_request", "parameters": THEIR_REVIEWS},
    {"type": "non_fast_forward"},
    {"type": "deletion"},
]


def test_rules_of_others_that_are_enough_need_no_ruleset_beside_them(nightowl: Command, github: FakeSettings) -> None:
    required = [{"context": "check-test-e2e"}, {"context": "Audit of everything"}]
    github.rulesets = [
        {
            "id": 55,
            "name": "theirs",
            "target": "branch",
            "enforcement": "active",
            "rules": [*THEIRS, {"type": "required_status_checks", "parameters": {"required_status_checks": required}}],
        }
    ]
    steps = nightowl.steps(*REVIEWED)
    assert steps["branch main"]["state"] == "exists"
    assert steps["branch main"]["note"] == "by the ruleset 55 of example/nightowl"
    assert len(github.rulesets) == 1


def test_rules_of_others_that_are_not_enough_stay_beside_the_own_ruleset(
    nightowl: Command, github: FakeSettings
) -> None:
    inherited = {"ruleset_source_type": "Organization", "ruleset_source": "example", "ruleset_id": 8}
    github.inherited_rules = [{**inherited, **item} for item in THEIRS]

    steps = nightowl.steps(*REVIEWED)

    assert steps["branch main"]["changes"] == ["must pass: Audit of everything", "must pass: check-test-e2e"]
    assert steps["branch main"]["note"] == "beside the ruleset 8 of example, left as it is"
    assert [item["name"] for item in github.rulesets] == ["nightowl main"]
    assert nightowl("--check", *REVIEWED).exit_code == 0


def test_a_classic_branch_protection_counts_and_is_never_touched(nightowl: Command, github: FakeSettings) -> None:
    github.protection = {
        "required_pull_request_reviews": {
            "required_approving_review_count": 1,
            "require_code_owner_reviews": True,
            "require_last_push_approval": True,
            "dismiss_stale_reviews": True,
        },
        "required_status_checks": {"strict": False, "contexts": ["check-test-e2e", "Audit of everything"]},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
    }
    assert nightowl.steps(*REVIEWED)["branch main"]["note"] == "by the branch protection"
    assert github.rulesets == []

    github.protection["allow_force_pushes"]["enabled"] = True
    del github.protection["required_pull_request_reviews"]
    assert nightowl.steps("--check")["branch main"]["changes"] == [
        "changed by pull requests only",
        "approved by somebody",
        "approved by a code owner",
        "the last push approved by somebody else than who pushed it",
        "approved as it is: a push takes approvals away",
        "no force push",
    ]
    nightowl()
    assert [item["name"] for item in github.rulesets] == ["nightowl main"]
    assert not [path for _, path in github.changes if path.endswith("/protection")]


def test_checks_count_from_any_app_where_github_has_no_actions_app(nightowl: Command, github: FakeSettings) -> None:
    github.refusals["GET", "/apps/github-actions"] = (404, {"message": "Not Found"}, {})
    nightowl(*REVIEWED)
    assert checks(github) == [{"context": "Audit of everything"}, {"context": "check-test-e2e"}]
