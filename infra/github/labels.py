"""The labels that workflows look for."""

from __future__ import annotations

from infra.github.client import RepositoryApi, github_errors
from infra.reconcile import Step

LABELS = {
    "ephemeral": ("1d76db", "Gives this pull request an environment of its own"),
    "drift": ("d93f0b", "What runs differs from what is written down"),
    "versions": ("fbca04", "A pinned version is near the end of its support"),
}
"""Name to colour and description; GitHub takes up to 100 characters of a description."""


def label_step(api: RepositoryApi, name: str) -> Step[str]:
    """Inspect a label of LABELS. One that is there stays as it is, whatever its colour.

    Raises:
        GithubError: GitHub refuses to answer.
    """
    color, description = LABELS[name]
    exists = api.find(f"labels/{name}", f"read the label {name}") is not None

    def apply() -> None:
        with github_errors(f"make the label {name}"):
            api.repository.create_label(name, color, description)

    return Step(name=f"label {name}", exists=exists, changes=() if exists else (f'"{description}"',), apply=apply)
