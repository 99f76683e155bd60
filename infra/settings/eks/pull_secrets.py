"""The worker that keeps the credentials for registries in the namespace.

The Secrets Store CSI driver makes a Secret from files that a running pod mounts, and an image is pulled before its pod
mounts anything. So a pod of another app, whose image anybody may pull, mounts them for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from infra.settings.app.application import Application, WorkerSettings
from infra.settings.app.secrets import SecretSettings

KEEPER = "pull-secrets"
IMAGE = "registry.k8s.io/pause:3.10.1@sha256:278fb9dbcca9518083ad1e11276933a2e96f23de604a3a08cc3c80002767d24c"
"""It waits until it is stopped, and is there for every architecture."""
REPLICAS = 2
"""The driver drops the Secrets with the last pod that mounts them."""
RESOURCES = {"cpu": "10m", "memory": "16Mi"}


class Credentials(SecretSettings):
    """Credentials for a registry, of which a Secret is made that the kubelet pulls with."""


def pull_secret_name(reference: str) -> str:
    """Name the Secret with the credentials that are kept under a name in Secrets Manager."""
    return f"pull-{hashlib.sha256(reference.encode()).hexdigest()[:10]}"


def with_keeper(apps: Mapping[str, Application]) -> dict[str, Application]:
    """Add the worker that keeps the pull secrets of the apps, for which those that have some wait."""
    references = sorted({reference for app in apps.values() for reference in app.pull_secrets})
    if not references:
        return dict(apps)
    keeper = WorkerSettings.model_validate(
        {
            "kind": "worker",
            "image": IMAGE,
            "replicas": REPLICAS,
            "resources": RESOURCES,
            "secrets": {pull_secret_name(reference): Credentials(ref=reference) for reference in references},
        }
    )
    waiting = {name: _waiting(app) if app.pull_secrets else app for name, app in apps.items()}
    return {KEEPER: keeper, **waiting}


def _waiting(app: Application) -> Application:
    return app.model_copy(update={"depends_on": (*app.depends_on, KEEPER)})
