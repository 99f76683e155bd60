"""What workflows of the repository may do by default.

Reference: docs.github.com/en/rest/actions/permissions.
"""

from __future__ import annotations

from infra.ops.github_setup.connection import RepositoryApi
from infra.ops.github_setup.step import Step


def actions_step(api: RepositoryApi) -> Step:
    """Inspect GitHub Actions: on, with a read-only token unless a job asks for more, and allowed to propose changes.

    The pull requests that record and promote images are opened by workflows. (The same setting lets workflows approve
    pull requests; a job needs the permission pull-requests: write for either.)

    Raises:
        GithubSetupError: GitHub refuses to answer.
    """
    enabled = bool(api.get("actions/permissions", "read whether GitHub Actions is on")["enabled"])
    now = api.get("actions/permissions/workflow", "read what workflows may do")
    changes: list[str] = []
    if not enabled:
        changes.append("GitHub Actions: off -> on")
    if now["default_workflow_permissions"] != "read":
        changes.append(f"default token of workflows: {now['default_workflow_permissions']} -> read")
    if not now["can_approve_pull_request_reviews"]:
        changes.append("workflows open pull requests: refused -> allowed")

    def apply() -> None:
        if not enabled:
            api.send("PUT", "actions/permissions", "switch GitHub Actions on", {"enabled": True})
        api.send(
            "PUT",
            "actions/permissions/workflow",
            "set what workflows may do",
            {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True},
        )

    return Step(name="actions", exists=True, changes=tuple(changes), apply=apply)
