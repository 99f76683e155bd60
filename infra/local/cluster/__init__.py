"""A Kubernetes cluster on this machine.

The control plane is real and run by kwokctl, the nodes in three zones are simulated by kwok, and the node autoscaler is
Karpenter. All of it are plain processes of the user, on loopback, in one folder.
"""

from infra.local.cluster.description import ClusterDescription, Component, describe, is_running
from infra.local.cluster.errors import ClusterError
from infra.local.cluster.lifecycle import (
    Cluster,
    ClusterEvent,
    OnClusterEvent,
    Outcome,
    create,
    delete,
    deploying,
    wait_until_ready,
)
from infra.local.cluster.manifests import base_node_name
from infra.local.cluster.options import ZONES, ClusterOptions

__all__ = [
    "ZONES",
    "Cluster",
    "ClusterDescription",
    "ClusterError",
    "ClusterEvent",
    "ClusterOptions",
    "Component",
    "OnClusterEvent",
    "Outcome",
    "base_node_name",
    "create",
    "delete",
    "deploying",
    "describe",
    "is_running",
    "wait_until_ready",
]
