"""The GitHub environments: who may deploy to a stack from where, and who is asked before.

A job gets a token for the deploy role of a stack only with the environment in its subject, so these rules decide who
deploys. Reference: docs.github.com/en/rest/deployments/environments and .../branch-policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.github.client import GithubError, Json, RepositoryApi
from infra.github.reviewers import Reviewer, several
from infra.reconcile import Step
from infra.settings.eks.delivery import MAIN_BRANCH

EPHEMERAL = "ephemeral"

DEPLOYMENT_BRANCHES = (MAIN_BRANCH,)

PROPOSALS = "proposals"
"""The environment of the jobs that open pull requests. It holds the key of a GitHub App, where there is one."""

EPHEMERAL_BRANCHES = (MAIN_BRANCH, "refs/pull/*/merge")
"""GitHub matches a pattern against GITHUB_REF: refs/pull/N/merge for an open pull request, and the branch it was
merged into for a merged one; the nightly sweep runs on main. `*` does not match `/`. (docs.github.com, Deployments and
environments, Deployment branches and tags.)"""


@dataclass(frozen=True, kw_only=True)
class _State:
    """An environment as GitHub has it."""

    reviewers: tuple[Reviewer, ...] = ()
    prevents_self_review: bool = False
    wait_minutes: int = 0
    admins_bypass: bool = True
    selected_branches: bool = False
    branches: tuple[Json, ...] = ()
    """Patterns of the refs that may deploy: id, name and type (branch or tag)."""


def environment_step(
    api: RepositoryApi,
    name: str,
    *,
    branches: Sequence[str],
    reviewers: Sequence[Reviewer] = (),
    must_be_reviewed: bool = False,
) -> Step[str]:
    """Inspect the environment `name`: deployed from exactly `branches`, after an approval of one of `reviewers`.

    No reviewers given: those that it has stay. Whoever started a deployment may not approve it, as soon as somebody
    else could: with two people, or a team. Where somebody approves, administrators do not pass by them. Wait timers,
    further protection rules, secrets and variables stay.

    Args:
        api: the repository.
        name: of the environment.
        branches: patterns of the only refs that may deploy.
        reviewers: the people and teams of whom one must approve.
        must_be_reviewed: refuse to go on without any reviewer.
    """
    now = _inspect(api, name)
    state = now or _State()
    wanted = tuple(reviewers) or state.reviewers
    strict = state.prevents_self_review or several(wanted)
    changes = (*_settings_changes(state, wanted, prevents_self_review=strict), *_branch_changes(state, branches))
    refusal = ""
    if must_be_reviewed and not wanted:
        changes = (*changes, "reviewers: none -> at least one, by --reviewer LOGIN")
        refusal = (
            f"{name} would be deployed without anybody's approval; say who approves: --reviewer LOGIN, or "
            f"--reviewer ORGANIZATION/TEAM (or leave {name} out: --stack dev --stack staging)"
        )

    def apply() -> None:
        if now is None or not now.selected_branches or _settings_changes(now, wanted, prevents_self_review=strict):
            _put(api, name, state, wanted, prevents_self_review=strict)
        _set_branches(api, name, state, branches)

    return Step(
        name=f"environment {name}",
        exists=now is not None,
        changes=changes,
        apply=apply,
        note=_note(name, wanted, prevents_self_review=strict),
        refusal=refusal,
    )


def environment_reviewers(api: RepositoryApi, name: str) -> tuple[Reviewer, ...]:
    """Read who approves deployments to the environment `name`; nobody where there is none."""
    state = _inspect(api, name)
    return () if state is None else state.reviewers


def _inspect(api: RepositoryApi, name: str) -> _State | None:
    answer = api.find(f"environments/{name}", f"read the environment {name}")
    if answer is None:
        return None
    policy = answer.get("deployment_branch_policy")
    rules: list[Json] = answer.get("protection_rules", [])
    approval = _rule(rules, "required_reviewers")
    timer = _rule(rules, "wait_timer")
    selected = policy is not None and policy["custom_branch_policies"]
    return _State(
        reviewers=_reviewers(approval),
        prevents_self_review=bool(approval.get("prevent_self_review")),
        wait_minutes=timer.get("wait_timer", 0),
        admins_bypass=answer.get("can_admins_bypass", True),
        selected_branches=selected,
        branches=_branches(api, name) if selected else (),
    )


def _rule(rules: Sequence[Json], kind: str) -> Json:
    none: Json = {}
    return next((rule for rule in rules if rule["type"] == kind), none)


def _reviewers(rule: Json) -> tuple[Reviewer, ...]:
    return tuple(
        Reviewer(
            kind=item["type"],
            id=item["reviewer"]["id"],
            name=item["reviewer"]["login" if item["type"] == "User" else "slug"],
            organization=_organization(item["reviewer"]),
        )
        for item in rule.get("reviewers", [])
    )


def _organization(reviewer: Json) -> str:
    """The owner of a team, as in the address of its page: https://github.com/orgs/OWNER/teams/SLUG."""
    return str(reviewer.get("html_url", "")).partition("/orgs/")[2].partition("/")[0]


def _branches(api: RepositoryApi, name: str) -> tuple[Json, ...]:
    answer = api.get(f"environments/{name}/deployment-branch-policies", f"read the branches of the environment {name}")
    return tuple({"type": "branch", **item} for item in answer["branch_policies"])


def _settings_changes(state: _State, reviewers: tuple[Reviewer, ...], *, prevents_self_review: bool) -> tuple[str, ...]:
    changes: list[str] = []
    if set(reviewers) != set(state.reviewers):
        changes.append(f"reviewers: {_names(state.reviewers)} -> {_names(reviewers)}")
    if prevents_self_review != state.prevents_self_review:
        changes.append("approval of one's own deployment: allowed -> refused")
    if reviewers and state.admins_bypass:
        changes.append("deployment by an administrator without approval: allowed -> refused")
    return tuple(changes)


def _branch_changes(state: _State, branches: Sequence[str]) -> tuple[str, ...]:
    if state.selected_branches and {(item["name"], item["type"]) for item in state.branches} == {
        (name, "branch") for name in branches
    }:
        return ()
    before = ", ".join(
        item["name"] if item["type"] == "branch" else f"{item['type']} {item['name']}" for item in state.branches
    )
    return (
        f"deployed from: {(before or 'nothing') if state.selected_branches else 'anywhere'} -> {', '.join(branches)}",
    )


def _names(reviewers: Sequence[Reviewer]) -> str:
    return ", ".join(reviewer.name for reviewer in reviewers) or "none"


def _note(name: str, reviewers: Sequence[Reviewer], *, prevents_self_review: bool) -> str:
    if not reviewers:
        return "" if name in {"dev", EPHEMERAL, PROPOSALS} else "no reviewers: whoever merges the promotion deploys"
    if not prevents_self_review:
        return f"{_names(reviewers)} approves alone, also what they deploy themselves; a second --reviewer ends that"
    return f"approved by {_names(reviewers)}"


def _put(
    api: RepositoryApi, name: str, state: _State, reviewers: Sequence[Reviewer], *, prevents_self_review: bool
) -> None:
    """Make the environment, or replace its settings.

    GitHub resets what a request leaves out, so all that is set is sent. What is not set is left out: plans without a
    rule refuse even its empty form.
    """
    body: dict[str, Any] = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    if reviewers:
        body["reviewers"] = [{"type": item.kind, "id": item.id} for item in reviewers]
        body["prevent_self_review"] = prevents_self_review
    if state.wait_minutes:
        body["wait_timer"] = state.wait_minutes
    if reviewers or not state.admins_bypass:
        body["can_admins_bypass"] = False
    answer = api.send("PUT", f"environments/{name}", f"set the environment {name}", body)
    rules: list[Json] = answer.get("protection_rules", [])
    taken = {item.id for rule in rules if rule["type"] == "required_reviewers" for item in _reviewers(rule)}
    left_out = [item for item in reviewers if item.id not in taken]
    if left_out:
        raise GithubError(
            f"GitHub did not take {_names(left_out)} as a reviewer of the environment {name}; give them read access "
            "under Settings > Collaborators and teams, and run this again"
        )
    if reviewers and answer.get("can_admins_bypass", True):
        raise GithubError(
            f"GitHub still lets administrators pass by the reviewers of the environment {name}; untick 'Allow "
            f"administrators to bypass configured protection rules' under Settings > Environments > {name}, and run "
            "this again"
        )


def _set_branches(api: RepositoryApi, name: str, state: _State, branches: Sequence[str]) -> None:
    """Add before removing, so that an interruption leaves no environment that nothing can deploy to."""
    path = f"environments/{name}/deployment-branch-policies"
    what = f"set the branches of the environment {name}"
    # An environment that was open to all, or to protected branches, can still have patterns from before.
    there = state.branches if state.selected_branches else _branches(api, name)
    kept = {item["name"] for item in there if item["type"] == "branch"}
    for branch in branches:
        if branch not in kept:
            api.send("POST", path, what, {"name": branch, "type": "branch"})
    for item in there:
        if item["type"] != "branch" or item["name"] not in branches:
            api.send("DELETE", f"{path}/{item['id']}", what)
