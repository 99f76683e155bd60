"""Labels and annotations of one's own on the pods and the Service of an app."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from infra.settings.app.placement import check_label_key
from infra.settings.scalars import Notation

_OF_OTHERS = {
    "app.kubernetes.io/name": "Nightowl",
    "app.kubernetes.io/part-of": "Nightowl",
    "app.kubernetes.io/managed-by": "Nightowl",
    "nightowl": "Nightowl",
    "pulumi.com": "Pulumi",
    "pod-template-hash": "Kubernetes",
    "controller-revision-hash": "Kubernetes",
    "batch.kubernetes.io": "Kubernetes",
    "controller-uid": "Kubernetes",
    "job-name": "Kubernetes",
    "apps.kubernetes.io": "Kubernetes",
    "statefulset.kubernetes.io": "Kubernetes",
}
"""Who sets a key, by the key or by what stands before its slash."""


def _check_own_key(value: str) -> str:
    owner = _OF_OTHERS.get(check_label_key(value)) or _OF_OTHERS.get(value.partition("/")[0])
    if owner is not None:
        raise ValueError(f"is set by {owner}; choose another key")
    return value


OwnKey = Annotated[str, AfterValidator(_check_own_key), Notation("label")]
"""The key of a label or an annotation."""
