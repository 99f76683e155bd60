"""The GitHub environments: who may deploy to a stack from where, and who is asked before.

A job gets a token for the deploy role of a stack only with the environment in its subject, so these rules decide who
deploys. Reference: docs.github.com/en/rest/deployments/environments and .../branch-policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    branches: tuple[Json, ...] | None = None
    """Patterns of the only refs that may deploy: id, name and type (branch or tag). None: there is no such choice."""


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
    approvers = tuple(reviewers) or state.reviewers
    wanted = replace(
        state,
        reviewers=approvers,
        prevents_self_review=state.prevents_self_review or several(approvers),
        admins_bypass=state.admins_bypass and not approvers,
    )
    differing = _settings_changes(state, wanted)
    changes = (*differing, *_branch_changes(state.branches, branches))
    refusal = ""
    if must_be_reviewed and not approvers:
        changes = (*changes, "reviewers: none -> at least one, by --reviewer LOGIN")
        refusal = (
            f"{name} would be deployed without anybody's approval; say who approves: --reviewer LOGIN, or "
            f"--reviewer ORGANIZATION/TEAM (or leave {name} out: --stack dev --stack staging)"
        )

    def apply() -> None:
        if now is None or now.branches is None or differing:
            _put(api, name, wanted)
        # An environment that was open to all, or to protected branches, can still have patterns from before.
        _set_branches(api, name, _branches(api, name) if state.branches is None else state.branches, branches)

    return Step(
        name=f"environment {name}",
        exists=now is not None,
        changes=changes,
        apply=apply,
        note=_note(name, wanted),
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
    return _State(
        reviewers=_reviewers(answer),
        prevents_self_review=bool(_rule(answer, "required_reviewers").get("prevent_self_review")),
        wait_minutes=_rule(answer, "wait_timer").get("wait_timer", 0),
        admins_bypass=answer.get("can_admins_bypass", True),
        branches=_branches(api, name) if policy is not None and policy["custom_branch_policies"] else None,
    )


def _rule(environment: Json, kind: str) -> Json:
    rules: dict[str, Json] = {rule["type"]: rule for rule in environment.get("protection_rules", [])}
    return rules.get(kind, {})


def _reviewers(environment: Json) -> tuple[Reviewer, ...]:
    """Read people and teams. A team's owner is in the address of its page: https://github.com/orgs/OWNER/teams/SLUG."""
    return tuple(
        Reviewer(
            kind=item["type"],
            id=item["reviewer"]["id"],
            name=item["reviewer"]["login" if item["type"] == "User" else "slug"],
            organization=str(item["reviewer"].get("html_url", "")).partition("/orgs/")[2].partition("/")[0],
        )
        for item in _rule(environment, "required_reviewers").get("reviewers", [])
    )


def _branches(api: RepositoryApi, name: str) -> tuple[Json, ...]:
    answer = api.get(f"environments/{name}/deployment-branch-policies", f"read the branches of the environment {name}")
    return tuple({"type": "branch", **item} for item in answer["branch_policies"])


def _settings_changes(now: _State, wanted: _State) -> tuple[str, ...]:
    rows = (
        (
            set(now.reviewers) != set(wanted.reviewers),
            f"reviewers: {_names(now.reviewers)} -> {_names(wanted.reviewers)}",
        ),
        (
            now.prevents_self_review != wanted.prevents_self_review,
            "approval of one's own deployment: allowed -> refused",
        ),
        (
            now.admins_bypass != wanted.admins_bypass,
            "deployment by an administrator without approval: allowed -> refused",
        ),
    )
    return tuple(line for differs, line in rows if differs)


def _branch_changes(now: Sequence[Json] | None, wanted: Sequence[str]) -> tuple[str, ...]:
    there = {(item["type"], item["name"]): "" for item in now or ()}
    if now is not None and there.keys() == {("branch", name) for name in wanted}:
        return ()
    shown = ", ".join(name if kind == "branch" else f"{kind} {name}" for kind, name in there) or "nothing"
    return (f"deployed from: {'anywhere' if now is None else shown} -> {', '.join(wanted)}",)


def _names(reviewers: Sequence[Reviewer]) -> str:
    return ", ".join(reviewer.name for reviewer in reviewers) or "none"


def _note(name: str, state: _State) -> str:
    if not state.reviewers:
        return "" if name in {"dev", EPHEMERAL, PROPOSALS} else "no reviewers: whoever merges the promotion deploys"
    names = _names(state.reviewers)
    if not state.prevents_self_review:
        return f"{names} approves alone, also what they deploy themselves; a second --reviewer ends that"
    return f"approved by {names}"


def _put(api: RepositoryApi, name: str, state: _State) -> None:
    """Make the environment, or replace its settings.

    GitHub resets what a request leaves out, so all that is set is sent. What is not set is left out: plans without a
    rule refuse even its empty form.
    """
    body: dict[str, Any] = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    if state.reviewers:
        body["reviewers"] = [{"type": item.kind, "id": item.id} for item in state.reviewers]
        body["prevent_self_review"] = state.prevents_self_review
    if state.wait_minutes:
        body["wait_timer"] = state.wait_minutes
    if not state.admins_bypass:
        body["can_admins_bypass"] = False
    answer = api.send("PUT", f"environments/{name}", f"set the environment {name}", body)
    taken = {item.id for item in _reviewers(answer)}
    left_out = [item for item in state.reviewers if item.id not in taken]
    if left_out:
        raise GithubError(
            f"GitHub did not take {_names(left_out)} as a reviewer of the environment {name}; give them read access "
            "under Settings > Collaborators and teams, and run this again"
        )
    if state.reviewers and answer.get("can_admins_bypass", True):
        raise GithubError(
            f"GitHub still lets administrators pass by the reviewers of the environment {name}; untick 'Allow "
            f"administrators to bypass configured protection rules' under Settings > Environments > {name}, and run "
            "this again"
        )


def _set_branches(api: RepositoryApi, name: str, there: Sequence[Json], branches: Sequence[str]) -> None:
    """Add before removing, so that an interruption leaves no environment that nothing can deploy to."""
    path = f"environments/{name}/deployment-branch-policies"
    what = f"set the branches of the environment {name}"
    kept = {item["name"] for item in there if item["type"] == "branch"}
    for branch in branches:
        if branch not in kept:
            api.send("POST", path, what, {"name": branch, "type": "branch"})
    for item in there:
        if item["type"] != "branch" or item["name"] not in branches:
            api.send("DELETE", f"{path}/{item['id']}", what)
