"""What workflows of the repository may do by default.

Reference: docs.github.com/en/rest/actions/permissions.
"""

from __future__ import annotations

from infra.ops.github_setup.connection import RepositoryApi
from infra.ops.github_setup.step import Step

APPROVAL_PATH = "actions/permissions/fork-pr-contributor-approval"

APPROVED_OUTSIDERS = "all_external_contributors"
"""The strictest of GitHub's policies: the workflows of a pull request of anybody without write access wait for an
approval. GitHub's default asks for it only once per person, and a runner inside the VPC would take their jobs."""


def actions_step(api: RepositoryApi) -> Step:
    """Inspect GitHub Actions: on, with a read-only token unless a job asks for more, and allowed to propose changes.

    The pull requests that record and promote images are opened by workflows. (The same setting lets workflows approve
    pull requests; a job needs the permission pull-requests: write for either.)

    In a public repository, a stranger's pull request runs nothing without an approval. A server that does not know this
    setting (404) is left as it is, and the note says so. In a private one there are no strangers.

    Raises:
        GithubSetupError: GitHub refuses to answer.
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
    if not now["can_approve_pull_request_reviews"]:
        changes.append("workflows open pull requests: refused -> allowed")
    if approval is not None and strangers_run:
        changes.append(f"approval before pull requests run: {approval['approval_policy']} -> {APPROVED_OUTSIDERS}")

    def apply() -> None:
        if strangers_run:
            what = "set whose pull requests need an approval to run"
            api.send("PUT", APPROVAL_PATH, what, {"approval_policy": APPROVED_OUTSIDERS})
        if not enabled:
            api.send("PUT", "actions/permissions", "switch GitHub Actions on", {"enabled": True})
        api.send(
            "PUT",
            "actions/permissions/workflow",
            "set what workflows may do",
            {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True},
        )

    note = "GitHub does not tell whose pull requests need an approval to run" if public and approval is None else ""
    return Step(name="actions", exists=True, changes=tuple(changes), apply=apply, note=note)
