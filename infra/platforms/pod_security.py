"""The Pod Security Standard that a namespace enforces, as the labels that say so."""

from __future__ import annotations

from infra.versions import KUBERNETES_MINOR


def pod_security_labels(enforced: str, *, told: str) -> dict[str, str]:
    """Return the labels that refuse each pod below the `enforced` level, and tell of each below the level `told`.

    The version is pinned, so that an upgrade of the cluster does not change what is refused. With `enforce` alone a
    Deployment would be accepted and stay silently without pods: the warning reaches the client that applies it.
    """
    labels: dict[str, str] = {}
    for mode, level in {"enforce": enforced, "warn": told, "audit": told}.items():
        labels[f"pod-security.kubernetes.io/{mode}"] = level
        labels[f"pod-security.kubernetes.io/{mode}-version"] = f"v{KUBERNETES_MINOR}"
    return labels
