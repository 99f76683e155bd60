"""Labels and taints of nodes, as Kubernetes and EKS accept them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from infra.settings.app.placement import check_label_key
from infra.settings.scalars import Notation

RESERVED_PREFIXES = ("kubernetes.io", "k8s.io", "eks.amazonaws.com", "nightowl")
"""Of Kubernetes and EKS, which refuse them on managed node groups, and of this project's own labels."""
SYSTEM_TAINT_KEY = "CriticalAddonsOnly"
"""The taint of system pools."""


POOL_LABEL = "nightowl/pool"
"""On every node: the name of its pool."""


def _check_key(value: str) -> str:
    prefix = check_label_key(value).rpartition("/")[0]
    if any(prefix == reserved or prefix.endswith(f".{reserved}") for reserved in RESERVED_PREFIXES):
        raise ValueError("is reserved; use a prefix of your own")
    return value


LabelKey = Annotated[str, AfterValidator(_check_key), Notation("label")]
