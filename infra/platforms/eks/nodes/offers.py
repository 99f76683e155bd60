"""Whether the region and its zones have the machines that the pools ask for.

EKS reports it only when it makes a node group, which is after the control plane.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.nodes.shares import share_out
from infra.settings.eks.nodes import NodePoolSettings
from infra.settings.problems import Problem, SettingsError

EC2_ARCHITECTURES = {"arm64": "arm64", "amd64": "x86_64"}
"""What EC2 calls a processor (EC2 API, DescribeInstanceTypes, `processor-info.supported-architecture`)."""


def check_offers(provider: aws.Provider, pools: Mapping[str, NodePoolSettings], zones: Sequence[str]) -> None:
    """Refuse machine types that are not offered where a pool needs them, or whose name misleads about the processor.

    Asks EC2 twice, or three times where pools have both processors.

    Raises:
        SettingsError: with one line per pool, type and reason.
    """
    types = sorted({item for pool in pools.values() for item in pool.instance_types})
    offered = _offered(provider, types, zones)
    made_for = {
        architecture: _made_for(provider, types, architecture)
        for architecture in sorted({pool.architecture for pool in pools.values()})
    }
    found = [
        *_zone_errors(pools, zones, offered),
        *_architecture_errors(pools, {item for of_zone in offered.values() for item in of_zone}, made_for),
    ]
    if found:
        raise SettingsError(found)


def _offered(provider: aws.Provider, types: Sequence[str], zones: Sequence[str]) -> Mapping[str, set[str]]:
    """Return the types by zone."""
    found = aws.ec2.get_instance_type_offerings(
        location_type="availability-zone",
        filters=[
            aws.ec2.GetInstanceTypeOfferingsFilterArgs(name="instance-type", values=list(types)),
            aws.ec2.GetInstanceTypeOfferingsFilterArgs(name="location", values=list(zones)),
        ],
        opts=pulumi.InvokeOptions(provider=provider),
    )
    offered: dict[str, set[str]] = {zone: set() for zone in zones}
    # The two lists belong together by position.
    for instance_type, zone in zip(found.instance_types, found.locations, strict=True):
        offered.setdefault(zone, set()).add(instance_type)
    return offered


def _made_for(provider: aws.Provider, types: Sequence[str], architecture: str) -> set[str]:
    found = aws.ec2.get_instance_types(
        filters=[
            aws.ec2.GetInstanceTypesFilterArgs(name="instance-type", values=list(types)),
            aws.ec2.GetInstanceTypesFilterArgs(
                name="processor-info.supported-architecture", values=[EC2_ARCHITECTURES[architecture]]
            ),
        ],
        opts=pulumi.InvokeOptions(provider=provider),
    )
    return set(found.instance_types)


def _zone_errors(
    pools: Mapping[str, NodePoolSettings], zones: Sequence[str], offered: Mapping[str, set[str]]
) -> Iterator[Problem]:
    for name, pool in pools.items():
        used = [share.zone for share in share_out(fewest=pool.min, most=pool.max, zones=zones)]
        for instance_type in pool.instance_types:
            without = [zone for zone in used if instance_type not in offered[zone]]
            if without:
                yield Problem(
                    f"nightowl:nodePools.{name}.instanceTypes",
                    f"{instance_type} is not offered in {', '.join(without)}, "
                    "and EKS would refuse the node group there; remove it, or name a type that is",
                )


def _architecture_errors(
    pools: Mapping[str, NodePoolSettings], offered: set[str], made_for: Mapping[str, set[str]]
) -> Iterator[Problem]:
    for name, pool in pools.items():
        for instance_type in pool.instance_types:
            if instance_type in offered and instance_type not in made_for[pool.architecture]:
                yield Problem(
                    f"nightowl:nodePools.{name}.instanceTypes",
                    f"{instance_type} does not run images for "
                    f"{pool.architecture}, which the pool's nodes start from; remove it",
                )
