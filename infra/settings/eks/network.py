"""`nightowl:network`: the VPC of an EKS stack."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.settings.model import Model
from infra.settings.scalars import UNIQUE

PRIVATE_RANGES = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918."""
DOCKER_RANGE = ipaddress.IPv4Network("172.17.0.0/16")
"""Some AWS services use it inside a VPC, such as Cloud9 and SageMaker (VPC user guide, "VPC CIDR blocks")."""

InterfaceEndpoint = Literal[
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "logs",
    "secretsmanager",
    "sts",
]


def _check_vpc_cidr(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value, strict=True)
    except ValueError:
        raise ValueError("is not a network such as 10.20.0.0/16") from None
    if not any(network.subnet_of(private) for private in PRIVATE_RANGES) or not 16 <= network.prefixlen <= 20:
        raise ValueError("must be a private network from /16 (largest) to /20 (smallest)")
    if network.overlaps(DOCKER_RANGE):
        raise ValueError(f"overlaps {DOCKER_RANGE}, which AWS services use themselves; choose another")
    return value


class NetworkSettings(Model):
    """Addresses, zones and the way out."""

    cidr: Annotated[str, AfterValidator(_check_vpc_cidr)] = "10.20.0.0/16"
    """Addresses of the VPC: a private network from /16 to /20."""
    zones: Annotated[int, Field(ge=2, le=4)] = 3
    """Chosen for good: EKS refuses other zones for an existing cluster. With two zones the loss of one stops the
    Cluster Autoscaler (it halts when 45 % of the nodes are unready)."""
    nat: Literal["perZone", "single"] = "perZone"
    """`single` saves a gateway per further zone; without its zone, no pod reaches the internet."""
    interface_endpoints: Annotated[tuple[InterfaceEndpoint, ...], UNIQUE] = ()
    """AWS services that are reached without NAT. Each costs by the hour and zone; S3 always has a free one."""
    flow_log_retention_days: Literal[30, 90, 365, 731] = 365
    """Days for which the records of accepted and refused connections are kept."""
