"""What an account takes only after its quotas were raised: notes, as nothing shows beforehand whether they were."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi

from infra.settings.eks import limits
from infra.settings.eks.addresses import all_reached_ports, http_addresses, network_addresses
from infra.settings.eks.listener_rules import listener_rules
from infra.settings.eks.volumes import efs_volumes
from infra.settings.stack import StackSettings

OTHER_RULES_OF_NODES = 1
"""The rule with which EKS lets nodes and control plane talk, in the security group that pods share with them."""


def warn_of_quotas(settings: StackSettings) -> None:
    """Log a warning for each quota that must be raised first."""
    for line in quota_notes(settings):
        pulumi.log.warn(line)


def quota_notes(settings: StackSettings) -> Iterator[str]:
    """Return what is above the quotas that every account begins with, one line each."""
    pools, zones = settings.node_pools, settings.network.zones
    http, network = http_addresses(settings.apps), network_addresses(settings.apps)
    rules = sum(len(listener_rules(name, address.traffic)) for name, address in http.items())
    groups = sum(min(zones, pool.max) for pool in pools.values())
    ports = len(all_reached_ports(http.values())) + len(all_reached_ports(network.values())) + OTHER_RULES_OF_NODES
    yield from _note(
        "nightowl:nodePools",
        f"{len(pools)} pools in {zones} zones make {groups} node groups, and a cluster has",
        *(groups, limits.NODE_GROUPS_OF_A_CLUSTER, "Amazon EKS"),
    )
    for name, pool in pools.items():
        most = -(-pool.max // zones)
        yield from _note(
            f"nightowl:nodePools.{name}.max",
            f"{pool.max} nodes in {zones} zones are {most} in one group, which has",
            *(most, limits.NODES_OF_A_GROUP, "Amazon EKS"),
        )
    for name, pool in pools.items():
        if pool.has_gpus:
            yield (
                f"nightowl:nodePools.{name}.instanceTypes: a new account may run no machines with GPUs; have the "
                f"quota of {pool.instance_types[0]} raised first, in vCPUs (Service Quotas, Amazon EC2)"
            )
    yield from _note(
        "nightowl:apps",
        f"{len(http)} addresses are reached by HTTP, by {rules} listener rules, and a load balancer has",
        *(rules, limits.RULES_OF_A_LOAD_BALANCER, "Elastic Load Balancing"),
    )
    yield from _note(
        "nightowl:apps",
        f"{len(network)} addresses are reached by TCP or UDP, each by a listener, and a load balancer has",
        *(len(network), limits.LISTENERS_OF_A_LOAD_BALANCER, "Elastic Load Balancing"),
    )
    file_systems = len(list(efs_volumes(settings.apps)))
    yield from _note(
        "nightowl:apps",
        f"{file_systems} shared volumes are a file system each, and an account has",
        *(file_systems, limits.FILE_SYSTEMS_OF_AN_ACCOUNT, "Amazon EFS"),
    )
    yield from _note(
        "nightowl:apps",
        f"the ports that load balancers reach make {ports} inbound rules of one security group, which has",
        *(ports, limits.RULES_OF_A_SECURITY_GROUP, "Amazon VPC"),
        other="let apps listen on the same port, or ",
    )


def _note(key: str, finding: str, count: int, quota: int, service: str, *, other: str = "") -> Iterator[str]:
    if count > quota:
        yield f"{key}: {finding} {quota} by default; {other}have the quota raised first (Service Quotas, {service})"
