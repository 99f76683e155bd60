"""The objects that a new cluster begins with: its base nodes, the autoscaler's node pool, and the usage of pods."""

from __future__ import annotations

from typing import Any

import yaml

from infra.local.cluster.kwokctl import MANIFESTS
from infra.local.cluster.usage import usage_object
from infra.local.cluster.zones import ZONES

BASE_INSTANCE_TYPE = "m7g.medium"
BASE_NODE_RESOURCES = {"cpu": "940m", "memory": "3Gi", "pods": "110"}
"""What pods may use of a machine with one vCPU and 4 GiB, after the kubelet's and the system's reserve on EKS."""

NODE_BOOT_SECONDS = 5
"""How long a new machine takes until it registers."""
NODE_CLASS = {
    "apiVersion": "karpenter.kwok.sh/v1alpha1",
    "kind": "KWOKNodeClass",
    "metadata": {"name": "local"},
    "spec": {"nodeRegistrationDelay": f"{NODE_BOOT_SECONDS}s"},
}


def base_node_name(zone: str) -> str:
    """Name the node that a zone begins with."""
    return f"base-{zone}"


def initial_objects_yaml() -> str:
    """Render the objects as one YAML stream."""
    node_pool = yaml.safe_load((MANIFESTS / "node-pool.yaml").read_text())
    return yaml.safe_dump_all(
        [usage_object({}), *(_base_node(zone) for zone in ZONES), NODE_CLASS, node_pool], sort_keys=False
    )


def _base_node(zone: str) -> dict[str, Any]:
    """Build a zone's base node.

    It is small, so that most pods need nodes made for them, but there from the start: the scheduler spreads over the
    zones that it knows, and it knows a zone by its nodes.
    """
    name = base_node_name(zone)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/arch": "arm64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": BASE_INSTANCE_TYPE,
                "topology.kubernetes.io/region": "local",
                "topology.kubernetes.io/zone": zone,
            },
        },
        "spec": {"providerID": f"local://{name}"},
        "status": {
            "allocatable": BASE_NODE_RESOURCES,
            "capacity": BASE_NODE_RESOURCES,
            "nodeInfo": {"architecture": "arm64"},
        },
    }
