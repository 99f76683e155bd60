"""EC2 instance types, as far as their names describe them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from infra.settings.scalars import Notation

BEFORE_NITRO = re.compile(r"c[134]|d2|f1|g[23]s?|h1|i[23]|m[1234]|p[23]|r[34]|t[12]|x1e?")
"""Families without Nitro, whose network interfaces take no prefixes (EC2 user guide, "Instances built on the AWS Nitro
System")."""
WITHOUT_IMAGE = ("g5g.",)
"""Graviton with a GPU: no image of Amazon Linux 2023 or Bottlerocket that EKS has for ARM without NVIDIA's drivers runs
there (EKS user guide, "Choose an optimal Amazon EC2 node instance type")."""
NVIDIA = re.compile(r"g4dn|g5|g6e?|gr6|p4de?|p5e?|p5en")
"""Families with whole GPUs of NVIDIA for which EKS has images with the drivers (amazon-eks-ami, nodeadm's families with
accelerators; EC2 instance types guide, "Accelerated computing")."""
TOO_SMALL = ("nano", "micro")
"""Half a gibibyte and one: the cluster's own daemons and the kubelet's reserve leave no room for a pod."""
_FORM = re.compile(r"[a-z][a-z0-9-]*\d[a-z0-9-]*\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)", re.ASCII)
_MEMORY_CLASSES = {"c": "compute", "m": "general", "t": "general", "r": "memory"}


def architecture(instance_type: str) -> Literal["arm64", "amd64"]:
    """Return the processor of an instance type: ARM has a `g` after the generation (m7g, c7gn), or the family a1."""
    return "arm64" if re.match(r"[a-z]+\d+g|a1\.", instance_type) else "amd64"


def has_gpus(instance_type: str) -> bool:
    """Whether machines of the type have GPUs of NVIDIA that pods can have."""
    return bool(NVIDIA.fullmatch(instance_type.partition(".")[0]))


def size(instance_type: str) -> str:
    """Return the size: `xlarge` of `m7g.xlarge`. Types of one size have the same number of processors, mostly."""
    return instance_type.partition(".")[2]


def memory_class(instance_type: str) -> str:
    """Return how much memory comes with a processor: 2 (c), 4 (m, t) or 8 GiB (r); any other family is its own class.

    Below `large`, t types have more processors than m types of the same size, so they are a class of their own too.
    """
    family = re.sub(r"\d.*", "", instance_type)
    if family == "t" and size(instance_type) in {"small", "medium"}:
        return "burstable"
    return _MEMORY_CLASSES.get(family, family)


def _check_instance_type(value: str) -> str:
    match = _FORM.fullmatch(value)
    if not match:
        raise ValueError("is not an instance type such as m7g.large")
    if BEFORE_NITRO.fullmatch(value.partition(".")[0]):
        raise ValueError(
            "is of a family without Nitro, which gives pods too few addresses; use a newer one such as m7g"
        )
    if value.startswith(WITHOUT_IMAGE):
        raise ValueError("has an ARM processor with a GPU, for which EKS has no image of these systems; use another")
    if match[1] in TOO_SMALL:
        raise ValueError("is too small for a node; use small or larger")
    return value


InstanceType = Annotated[str, AfterValidator(_check_instance_type), Notation("instance type")]
