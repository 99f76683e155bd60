"""Issues and the labels that workflows look for: the drift workflow reports in issues, and a fork begins without them.

Reference: docs.github.com/en/rest/repos/repos and .../rest/issues/labels.
"""

from __future__ import annotations

from infra.github.client import RepositoryApi, github_errors
from infra.reconcile import Step

LABELS = {
    "ephemeral": ("1d76db", "Gives this pull request an environment of its own"),
    "drift": ("d93f0b", "What runs differs from what is written down"),
    "versions": ("fbca04", "A pinned version is near the end of its support"),
}
"""Name to colour and description; GitHub takes up to 100 characters of a description."""


def issues_step(api: RepositoryApi) -> Step[str]:
    """Inspect whether the repository has issues; what `apply` sends changes nothing else."""

    def apply() -> None:
        with github_errors("switch issues on"):
            api.repository.edit(has_issues=True)

    return Step(name="issues", exists=True, changes=() if api.repository.has_issues else ("off -> on",), apply=apply)


def label_step(api: RepositoryApi, name: str) -> Step[str]:
    """Inspect a label of LABELS. One that is there stays as it is, whatever its colour."""
    color, description = LABELS[name]
    exists = api.find(f"labels/{name}", f"read the label {name}") is not None

    def apply() -> None:
        with github_errors(f"make the label {name}"):
            api.repository.create_label(name, color, description)

    return Step(name=f"label {name}", exists=exists, changes=() if exists else (f'"{description}"',), apply=apply)
