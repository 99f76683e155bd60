"""Labels and taints of nodes, as Kubernetes and EKS accept them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from infra.settings.app.placement import LabelValue, check_label_key
from infra.settings.scalars import Notation

RESERVED_PREFIXES = ("kubernetes.io", "k8s.io", "eks.amazonaws.com", "nightowl")
"""Of Kubernetes and EKS, which refuse them on managed node groups, and of this project's own labels."""


POOL_LABEL = "nightowl/pool"
"""On every node: the name of its pool."""

GPU_LABEL = "k8s.amazonaws.com/accelerator"
"""On every node with GPUs: by it the Cluster Autoscaler waits for the device plugin of a new node, instead of making
another one for the same pod (Cluster Autoscaler, AWS provider's README, "GPU Node Groups")."""

LONGEST_NODE_KEY = 63
"""Characters of the key of a node's label or taint, its prefix included. Kubernetes counts the prefix apart (Amazon EKS
API, CreateNodegroup, `labels` and `Taint.key`)."""
MOST_TAINTS = 50
"""Of a node group (EKS user guide, "Node taints on managed node groups")."""


def _check_key(value: str) -> str:
    prefix = check_label_key(value).rpartition("/")[0]
    if any(prefix == reserved or prefix.endswith(f".{reserved}") for reserved in RESERVED_PREFIXES):
        raise ValueError("is reserved; use a prefix of your own")
    return value


def _check_node_key(value: str) -> str:
    if len(_check_key(value)) > LONGEST_NODE_KEY:
        raise ValueError(
            f"has {len(value)} characters, but EKS takes {LONGEST_NODE_KEY} with the prefix; shorten the key"
        )
    return value


def _check_node_value(value: str) -> str:
    if not value:
        raise ValueError('is empty, which EKS refuses for the label of a node; write a value such as "true"')
    return value


LabelKey = Annotated[str, AfterValidator(_check_key), Notation("label")]
NodeKey = Annotated[str, AfterValidator(_check_node_key), Notation("label")]
NodeLabelValue = Annotated[LabelValue, AfterValidator(_check_node_value)]
