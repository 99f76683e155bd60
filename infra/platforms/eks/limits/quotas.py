"""What an account takes only after its quotas were raised: notes, as nothing shows beforehand whether they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from infra.settings.eks import limits
from infra.settings.eks.addresses import http_ports, tcp_ports
from infra.settings.eks.nodes import NodePoolSettings
from infra.settings.stack import StackSettings

OTHER_RULES_OF_NODES = 1
"""The rule with which EKS lets nodes and control plane talk, in the security group that pods share with them."""


def warn_of_quotas(settings: StackSettings) -> None:
    """Log a warning for each quota that must be raised first."""
    for line in quota_notes(settings):
        pulumi.log.warn(line)


def quota_notes(settings: StackSettings) -> Iterator[str]:
    """Return what is above the quotas that every account begins with, one line each."""
    yield from _node_notes(settings.node_pools, settings.network.zones)
    yield from _load_balancer_notes(http_ports(settings.apps), tcp_ports(settings.apps))


def _node_notes(pools: Mapping[str, NodePoolSettings], zones: int) -> Iterator[str]:
    groups = sum(min(zones, pool.max) for pool in pools.values())
    if groups > limits.NODE_GROUPS_OF_A_CLUSTER:
        yield _note(
            "nightowl:nodePools",
            f"{len(pools)} pools in {zones} zones make {groups} node groups, and a cluster has",
            limits.NODE_GROUPS_OF_A_CLUSTER,
            service="Amazon EKS",
        )
    for name, pool in pools.items():
        most = _most_in_a_group(pool, zones)
        if most > limits.NODES_OF_A_GROUP:
            yield _note(
                f"nightowl:nodePools.{name}.max",
                f"{pool.max} nodes in {zones} zones are {most} in one group, which has",
                limits.NODES_OF_A_GROUP,
                service="Amazon EKS",
            )


def _load_balancer_notes(http: Mapping[str, int], tcp: Mapping[str, int]) -> Iterator[str]:
    if len(http) > limits.RULES_OF_A_LOAD_BALANCER:
        yield _note(
            "nightowl:apps",
            f"{len(http)} apps are reached by HTTP, each by a listener rule, and a load balancer has",
            limits.RULES_OF_A_LOAD_BALANCER,
            service="Elastic Load Balancing",
        )
    if len(tcp) > limits.LISTENERS_OF_A_LOAD_BALANCER:
        yield _note(
            "nightowl:apps",
            f"{len(tcp)} apps are reached by TCP, each by a listener, and a load balancer has",
            limits.LISTENERS_OF_A_LOAD_BALANCER,
            service="Elastic Load Balancing",
        )
    rules = len(set(http.values())) + len(set(tcp.values())) + OTHER_RULES_OF_NODES
    if rules > limits.RULES_OF_A_SECURITY_GROUP:
        yield _note(
            "nightowl:apps",
            f"the ports that load balancers reach make {rules} inbound rules of one security group, which has",
            limits.RULES_OF_A_SECURITY_GROUP,
            service="Amazon VPC",
            other="let apps listen on the same port, or ",
        )


def _most_in_a_group(pool: NodePoolSettings, zones: int) -> int:
    return -(-pool.max // zones)


def _note(key: str, finding: str, quota: int, *, service: str, other: str = "") -> str:
    return f"{key}: {finding} {quota} by default; {other}have the quota raised first (Service Quotas, {service})"
