"""Karpenter as a plain process: the node autoscaler of the local cluster, and the instance types that it has."""

from __future__ import annotations

import json
import os

from infra.local.cluster.ports import Ports
from infra.local.cluster.processes import start_process
from infra.local.cluster.zones import ZONES
from infra.local.paths import ClusterPaths
from infra.toolchain.resolve import Tools

BATCH_IDLE, BATCH_MAX = "500ms", "2s"
"""How long Karpenter waits for more pending pods before it makes nodes (defaults 1s and 10s)."""

_FAMILIES = (("m7g", "arm64", 0.0816), ("m6i", "amd64", 0.0960))
"""Family, processor, and dollars an hour of its `large` on demand (us-east-1, Linux). The price doubles with the size,
as AWS's list does; only the order of the prices matters here."""

_SIZES = (("large", 2), ("xlarge", 4), ("2xlarge", 8), ("4xlarge", 16))
"""Size and number of vCPUs; the `m` families have 4 GiB of memory for each."""

MEMORY_GIB_PER_VCPU = 4
LARGEST_NODE_VCPUS = _SIZES[-1][1]
LARGEST_NODE_GIB = LARGEST_NODE_VCPUS * MEMORY_GIB_PER_VCPU
PODS_PER_NODE = 110
LARGE_VCPUS = 2


def start_karpenter(paths: ClusterPaths, tools: Tools, ports: Ports) -> None:
    """Start Karpenter in a session of its own: it outlives this program, and ends when the cluster is deleted."""
    paths.karpenter.parent.mkdir(parents=True, exist_ok=True)
    paths.karpenter.unlink(missing_ok=True)
    paths.karpenter.symlink_to(tools.karpenter)
    paths.instance_types.write_text(instance_types_json())
    environment = {
        "HOME": os.environ.get("HOME", "/"),
        "KUBECONFIG": str(paths.kubeconfig),
        "SYSTEM_NAMESPACE": "kube-system",
    }
    arguments = [
        str(paths.karpenter),
        "-disable-leader-election",
        f"-metrics-port={ports.karpenter_metrics}",
        f"-health-probe-port={ports.karpenter_health}",
        f"-batch-idle-duration={BATCH_IDLE}",
        f"-batch-max-duration={BATCH_MAX}",
        f"-instance-types-file-path={paths.instance_types}",
        # A preference for other hosts is no reason for a node of its own; the default makes one for every pod.
        "-preference-policy=Ignore",
    ]
    start_process(arguments, environment, paths.log("karpenter"))


def instance_types_json() -> str:
    """Render the instance types that Karpenter chooses from, in the file format of its kwok provider."""
    return json.dumps(
        [
            _instance_type(family, architecture, size, vcpus, large_price)
            for family, architecture, large_price in _FAMILIES
            for size, vcpus in _SIZES
        ],
        indent=1,
    )


def _instance_type(family: str, architecture: str, size: str, vcpus: int, large_price: float) -> dict[str, object]:
    return {
        "name": f"{family}.{size}",
        "architecture": architecture,
        "operatingSystems": ["linux"],
        "resources": {
            "cpu": str(vcpus),
            "memory": f"{vcpus * MEMORY_GIB_PER_VCPU}Gi",
            "ephemeral-storage": "20Gi",
            "pods": str(PODS_PER_NODE),
        },
        "offerings": [_offering(zone, large_price * vcpus / LARGE_VCPUS) for zone in ZONES],
    }


def _offering(zone: str, price: float) -> dict[str, object]:
    return {
        "Price": round(price, 4),
        "Available": True,
        "Requirements": [
            {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
            {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]},
        ],
    }
