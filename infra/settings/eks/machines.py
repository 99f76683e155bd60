"""What a machine has, as far as the name of its type says it, and what is left of it for pods of apps.

All figures are upper bounds: whatever does not fit into them fits on no such node. A node reports a few percent less
memory than its type has, which depends on kernel and firmware and is not counted here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from infra.settings.eks.instance_types import size
from infra.settings.scalars import MEBIBYTE

_GIB_PER_VCPU = {
    r"c(?!5n)\d+[a-z]*(-flex)?": 2,
    r"m\d+[a-z]*(-flex)?": 4,
    r"t\d+[a-z]*": 4,
    r"r\d+[a-z]*": 8,
    r"g4dn|g5|g6": 4,
    r"g6e|gr6": 8,
}
"""By family (EC2 instance types guide, "General purpose", "Compute optimized", "Memory optimized" and "Accelerated
computing"). The others have a figure for each size."""
_OF_ITS_OWN = {
    "t3.small": (2, 2), "t3a.small": (2, 2), "t4g.small": (2, 2),
    "t3.medium": (2, 4), "t3a.medium": (2, 4), "t4g.medium": (2, 4),
    "p4d.24xlarge": (96, 1152), "p4de.24xlarge": (96, 1152),
    "p5.48xlarge": (192, 2048), "p5e.48xlarge": (192, 2048), "p5en.48xlarge": (192, 2048),
}  # fmt: skip
"""vCPUs and GiB of types that follow no rule (the same guide)."""
_GPUS_OF_G = {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8}
_GPUS_OF_P = 8
"""GPUs of the families `g`, whose other sizes have one, and of the sizes of `p` above (the same guide)."""

LEAST_PODS = {"small": 8, "medium": 8}
LEAST_PODS_FROM_LARGE = 29
"""How many pods a node is made for at least, by size: network interfaces times addresses (amazon-eks-ami,
eni-max-pods.txt). With prefixes there are more, and the reserve for them grows."""
RESERVED_MIB, RESERVED_MIB_PER_POD = 255, 11
"""Memory that the kubelet keeps for itself (amazon-eks-ami, nodeadm, `GetMemoryMebibytesToReserve`)."""
EVICTION_MIB = 100
"""Memory below which pods are evicted (Kubernetes documentation, "Node-pressure Eviction", `memory.available`)."""
RESERVED_CPU = ((1, 60), (1, 10), (2, 5), (None, 2.5))
"""Millicores that the kubelet keeps of each vCPU: of the first, the second, the next two, and the rest (amazon-eks-ami,
nodeadm, `getCPUMillicoresToReserve`)."""
DAEMONS_CPU, DAEMONS_MIB = 35, 40
"""What the daemons on each node request at least: aws-node 25m, the EBS CSI driver 10m and 40Mi (the charts aws-vpc-cni
and aws-ebs-csi-driver, values.yaml)."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """What pods of apps may request of a node at most: CPU in millicores, memory in bytes, and whole GPUs."""

    cpu: int
    memory: int
    gpus: int


def room(instance_type: str) -> Room | None:
    """Return the room on a machine; None where the name of its type does not say what it has."""
    has = _OF_ITS_OWN.get(instance_type) or _by_rule(instance_type)
    if has is None:
        return None
    vcpus, gib = has
    pods = LEAST_PODS.get(size(instance_type), LEAST_PODS_FROM_LARGE)
    kept = RESERVED_MIB + RESERVED_MIB_PER_POD * pods + EVICTION_MIB + DAEMONS_MIB
    return Room(
        cpu=int(1000 * vcpus - _reserved_cpu(vcpus) - DAEMONS_CPU),
        memory=(gib * 1024 - kept) * MEBIBYTE,
        gpus=_gpus(instance_type),
    )


def _by_rule(instance_type: str) -> tuple[int, int] | None:
    family = instance_type.partition(".")[0]
    ratio = next((gib for form, gib in _GIB_PER_VCPU.items() if re.fullmatch(form, family)), None)
    vcpus = _vcpus(size(instance_type))
    return None if ratio is None or vcpus is None else (vcpus, vcpus * ratio)


def _vcpus(of_size: str) -> int | None:
    """Return the vCPUs of a size; None for small ones, which follow no rule, and for whole machines."""
    if of_size in {"medium", "large"}:
        return {"medium": 1, "large": 2}[of_size]
    times = re.fullmatch(r"(\d*)xlarge", of_size)
    return 4 * int(times[1] or 1) if times else None


def _reserved_cpu(vcpus: int) -> float:
    reserved, left = 0.0, vcpus
    for count, each in RESERVED_CPU:
        taken = left if count is None else min(left, count)
        reserved, left = reserved + taken * each, left - taken
    return reserved


def _gpus(instance_type: str) -> int:
    if re.match(r"g4dn|g5\.|g6|gr6", instance_type):
        return _GPUS_OF_G.get(size(instance_type), 1)
    return _GPUS_OF_P if instance_type in _OF_ITS_OWN and instance_type.startswith("p") else 0
