"""Which addresses each subnet gets: a pure function of the VPC's CIDR."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

MOST_ZONES = 4
CONTROL_PLANE_PREFIX = 27
"""27 free addresses: EKS asks for 6 per subnet and recommends 16 (EKS user guide, network requirements); the rest is
for interface endpoints."""
LARGEST_PUBLIC_PREFIX = 24
"""251 free addresses. A load balancer needs 8 free ones per subnet and takes up to 100 in all (Elastic Load Balancing
user guide, "Subnets for your load balancer")."""


@dataclass(frozen=True, kw_only=True)
class CidrPlan:
    """The subnets' CIDRs, one per zone in each tuple."""

    private: tuple[str, ...]
    public: tuple[str, ...]
    control_plane: tuple[str, ...]


def plan(cidr: str, zones: int) -> CidrPlan:
    """Divide a VPC of /16 to /20 among 2 to 4 zones.

    The first three quarters are the private subnets of the first three zones. The last quarter has two halves: the
    private subnet of a fourth zone, then the public and the control-plane subnets of all four, and free space behind
    them for subnets that an upgrade may need.

        |  private 0  |  private 1  |  private 2  |  private 3  | public 0-3, control plane 0-3, free |

    A zone's blocks depend on its place only, not on how many zones there are, so a further zone moves nothing. Private
    subnets hold nothing but nodes and pods, and start on a multiple of their size, so that prefix delegation finds
    whole /28 blocks. The settings hold both bounds (`infra.settings.eks.network`).
    """
    vpc = ipaddress.IPv4Network(cidr)
    *quarters, last = vpc.subnets(prefixlen_diff=2)
    fourth_zone, small = last.subnets(prefixlen_diff=1)
    private = [*quarters, fourth_zone]
    # /24, or smaller where four and four /27 do not fit in an eighth of the VPC: /25 in a /19, /26 in a /20.
    public = _blocks(int(small.network_address), max(LARGEST_PUBLIC_PREFIX, vpc.prefixlen + 6))
    control_plane = _blocks(int(public[-1].broadcast_address) + 1, CONTROL_PLANE_PREFIX)
    return CidrPlan(
        private=_texts(private[:zones]), public=_texts(public[:zones]), control_plane=_texts(control_plane[:zones])
    )


def _blocks(start: int, prefix: int) -> list[ipaddress.IPv4Network]:
    size = 1 << (32 - prefix)
    return [ipaddress.IPv4Network((start + index * size, prefix)) for index in range(MOST_ZONES)]


def _texts(networks: list[ipaddress.IPv4Network]) -> tuple[str, ...]:
    return tuple(str(network) for network in networks)
