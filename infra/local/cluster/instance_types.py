"""The instance types that the local autoscaler chooses from, in the file format of Karpenter's kwok provider."""

from __future__ import annotations

import json

from infra.local.cluster.zones import ZONES

_FAMILIES = (
    ("m7g", "arm64", 0.0816),
    ("m6i", "amd64", 0.0960),
)
"""Family, processor, and dollars an hour of its `large` on demand (us-east-1, Linux). The price doubles with the size,
as AWS's list does; only the order of the prices matters here."""

_SIZES = (("large", 2), ("xlarge", 4), ("2xlarge", 8), ("4xlarge", 16))
"""Size and number of vCPUs; the `m` families have 4 GiB of memory for each."""

MEMORY_GIB_PER_VCPU = 4
PODS_PER_NODE = 110
LARGE_VCPUS = 2


def instance_types_json() -> str:
    """Render the file."""
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
