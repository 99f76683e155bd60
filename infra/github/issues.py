"""Issues of the repository: the drift workflow reports in one, and a fork begins without them.

Reference: docs.github.com/en/rest/repos/repos.
"""

from __future__ import annotations

from infra.github.client import RepositoryApi, github_errors
from infra.reconcile import Step


def issues_step(api: RepositoryApi) -> Step[str]:
    """Inspect whether the repository has issues; what `apply` sends changes nothing else."""

    def apply() -> None:
        with github_errors("switch issues on"):
            api.repository.edit(has_issues=True)

    return Step(name="issues", exists=True, changes=() if api.repository.has_issues else ("off -> on",), apply=apply)
