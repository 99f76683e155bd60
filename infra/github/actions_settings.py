"""What workflows of the repository may do by default.

Reference: docs.github.com/en/rest/actions/permissions.
"""

from __future__ import annotations

from infra.github.client import Json, RepositoryApi
from infra.reconcile import Step

APPROVAL_PATH = "actions/permissions/fork-pr-contributor-approval"

APPROVED_OUTSIDERS = "all_external_contributors"
"""The strictest of GitHub's policies: the workflows of a pull request of anybody without write access wait for an
approval. GitHub's default asks for it only once per person, and a runner inside the VPC would take their jobs."""


FORKS_PATH = "actions/permissions/fork-pr-workflows-private-repos"

FORKS_GET_NOTHING = {
    "send_write_tokens_to_workflows": False,
    "send_secrets_and_variables": False,
    "require_approval_for_fork_pr_workflows": True,
}
"""What a job of a fork's pull request gets in a private repository. With a token that writes it could ask for a role by
its own token as well, and the subject of that does not say that it is a fork's."""


def actions_step(api: RepositoryApi, *, proposed_by_app: bool) -> Step[str]:
    """Inspect GitHub Actions: on, with a read-only token unless a job asks for more, and no more for forks.

    The pull requests that record and promote images are opened by workflows, or by a GitHub App. One setting lets
    workflows open pull requests and approve them, so it is off where there is an App.

    A stranger's pull request runs nothing without an approval, and gets no token that writes: in a public repository
    GitHub never sends one, in a private one a setting decides. A server that does not know a setting (404) is left as
    it is, and the note says so.
    """
    enabled = bool(api.get("actions/permissions", "read whether GitHub Actions is on")["enabled"])
    now = api.get("actions/permissions/workflow", "read what workflows may do")
    public = not api.repository.private
    approval = api.find(APPROVAL_PATH, "read whose pull requests need an approval to run") if public else None
    strangers_run = approval is not None and approval["approval_policy"] != APPROVED_OUTSIDERS
    changes: list[str] = []
    if not enabled:
        changes.append("GitHub Actions: off -> on")
    if now["default_workflow_permissions"] != "read":
        changes.append(f"default token of workflows: {now['default_workflow_permissions']} -> read")
    if now["can_approve_pull_request_reviews"] == proposed_by_app:
        allowed, refused = ("allowed", "refused") if proposed_by_app else ("refused", "allowed")
        changes.append(f"workflows open and approve pull requests: {allowed} -> {refused}")
    forks = None if public else api.find(FORKS_PATH, "read what pull requests from forks get")
    forks_get = () if forks is None else _forks_get(forks)
    changes += [f"pull requests from forks: {line}" for line in forks_get]
    if approval is not None and strangers_run:
        changes.append(f"approval before pull requests run: {approval['approval_policy']} -> {APPROVED_OUTSIDERS}")

    def apply() -> None:
        if strangers_run:
            what = "set whose pull requests need an approval to run"
            api.send("PUT", APPROVAL_PATH, what, {"approval_policy": APPROVED_OUTSIDERS})
        if forks is not None and forks_get:
            runs = {"run_workflows_from_fork_pull_requests": forks["run_workflows_from_fork_pull_requests"]}
            api.send("PUT", FORKS_PATH, "set what pull requests from forks get", {**runs, **FORKS_GET_NOTHING})
        if not enabled:
            api.send("PUT", "actions/permissions", "switch GitHub Actions on", {"enabled": True})
        api.send(
            "PUT",
            "actions/permissions/workflow",
            "set what workflows may do",
            {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": not proposed_by_app},
        )

    note = ""
    if public and approval is None:
        note = "GitHub does not tell whose pull requests need an approval to run"
    if not public and forks is None:
        note = "GitHub does not tell what pull requests from forks get"
    return Step(name="actions", exists=True, changes=tuple(changes), apply=apply, note=note)


def _forks_get(settings: Json) -> tuple[str, ...]:
    """Write what differs, also where no workflow of a fork runs: that can change by one click."""
    texts = {
        "send_write_tokens_to_workflows": "get tokens that write -> that read",
        "send_secrets_and_variables": "get secrets -> none",
        "require_approval_for_fork_pr_workflows": "run at once -> after an approval",
    }
    return tuple(texts[key] for key, value in FORKS_GET_NOTHING.items() if settings.get(key) != value)
