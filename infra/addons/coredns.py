"""CoreDNS: the names of Services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.addons.addon import RUN_1_36, Addon, ClusterFacts, on_system_pools

FEWEST_REPLICAS = 2
MOST_REPLICAS = 20
"""EKS runs one replica of CoreDNS per 16 nodes or 256 cores, within these bounds; 20 are for 320 nodes."""


def _values(_: ClusterFacts) -> Mapping[str, Any]:
    return {
        "autoScaling": {"enabled": True, "minReplicas": FEWEST_REPLICAS, "maxReplicas": MOST_REPLICAS},
        **on_system_pools({"k8s-app": "kube-dns"}),
    }


ADDON = Addon(
    name="coredns",
    needed_by="pods",
    values=_values,
    seconds=15,
    source=f"14 s: {RUN_1_36}; median of ten logs, 14 s to 56 s",
)
"""Keys of the values: the schema that `aws eks describe-addon-configuration` gives (printed in the AWS CLI reference
and in terraform-aws-eks, docs/addons; read 2026-11-23)."""
