"""Who opens the pull requests that record and promote images: workflows by their own token, or a GitHub App.

The key of the App is a secret of an environment that only main can use, so no branch can act in its name.
"""

from __future__ import annotations

from infra.github.client import GithubError, RepositoryApi
from infra.github.environments import PROPOSALS
from infra.reconcile import Step

APP_VARIABLE = "NIGHTOWL_APP"
"""The client id of the App, as a variable of the repository."""

APP_KEY = "NIGHTOWL_APP_KEY"
"""Its private key, as a secret of the environment."""


def app_of(api: RepositoryApi) -> str:
    """Read the client id of the App; empty where there is none."""
    answer = api.find(f"actions/variables/{APP_VARIABLE}", f"read the variable {APP_VARIABLE}")
    return "" if answer is None else str(answer["value"])


def app_step(api: RepositoryApi, app: str) -> Step[str]:
    """Inspect whether the App that is named has its key where the jobs find it. Only its owner has the key."""
    path = f"environments/{PROPOSALS}/secrets/{APP_KEY}"
    missing = bool(app) and api.find(path, f"read whether there is a secret {APP_KEY}") is None

    def apply() -> None:
        name = api.repository.full_name
        raise GithubError(
            f"{APP_VARIABLE} names the GitHub App {app}, and the environment {PROPOSALS} has no secret {APP_KEY}: "
            f"gh secret set {APP_KEY} --env {PROPOSALS} --repo {name} < KEY.pem; then run this again"
        )

    none = "none: workflows open pull requests by their own token, which must then be allowed to approve them too"
    return Step(
        name="GitHub App",
        exists=True,
        changes=(f"secret {APP_KEY} of the environment {PROPOSALS}: missing",) if missing else (),
        apply=apply,
        note=f"{app} opens pull requests" if app else none,
    )
