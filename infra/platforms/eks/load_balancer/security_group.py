"""Who may reach a load balancer, and what it may reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.load_balancer.args import LoadBalancerArgs
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.ports import Protocol
from infra.settings.eks.addresses import all_reached_ports


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A load balancer's security group, and the rules that let it through to the pods.

    A binding depends on `to_pods`: pods that are registered before the way is open would be found ill, and on the way
    down they are still served until they are deregistered.
    """

    group: aws.ec2.SecurityGroup
    to_pods: Sequence[pulumi.Resource]


def make_passage(
    name: str,
    args: LoadBalancerArgs,
    addresses: Iterable[PublicAddress],
    *,
    listener_ports: Iterable[tuple[int, Protocol]],
    parent: pulumi.Resource,
) -> Passage:
    """Open `listener_ports` to the allowed networks, the way to the pods behind `addresses`, and nothing else.

    The group has no cluster tag: exactly one group per node may have it, or the controller stops registering pods.
    """
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        name,
        vpc_id=args.network.vpc_id,
        description="Load balancer: in from the allowed networks, out to the pods",
        tags={"Name": name},
        opts=child,
    )
    for port, protocol in sorted(set(listener_ports)):
        for network in args.settings.allow_from:
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-{_name(port, protocol)}-from-{network.replace('/', '-')}",
                security_group_id=group.id,
                cidr_ipv4=network,
                ip_protocol=protocol.lower(),
                from_port=port,
                to_port=port,
                description=f"Requests from {network} on port {port}",
                opts=child,
            )
    to_pods: list[pulumi.Resource] = []
    for port, protocol in all_reached_ports(addresses):
        to_pods += [
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-to-pods-{_name(port, protocol)}",
                security_group_id=group.id,
                referenced_security_group_id=args.cluster_security_group_id,
                ip_protocol=protocol.lower(),
                from_port=port,
                to_port=port,
                description=f"Requests and health checks to pods on port {port}",
                opts=child,
            ),
            aws.vpc.SecurityGroupIngressRule(
                f"pods-{_name(port, protocol)}-from-{name}",
                security_group_id=args.cluster_security_group_id,
                referenced_security_group_id=group.id,
                ip_protocol=protocol.lower(),
                from_port=port,
                to_port=port,
                description=f"Requests and health checks of the load balancer {name} to pods on port {port}",
                opts=child,
            ),
        ]
    return Passage(group=group, to_pods=to_pods)


def _name(port: int, protocol: Protocol) -> str:
    return str(port) if protocol == "TCP" else f"{port}-udp"
