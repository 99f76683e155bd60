"""The load balancer for everything that is not HTTP: one for all `tcp` and `udp` apps of the stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.load_balancer.args import LoadBalancerArgs
from infra.platforms.eks.load_balancer.security_group import make_passage
from infra.settings.app.ports import Protocol
from infra.settings.eks.addresses import network_addresses


class NetworkLoadBalancer(pulumi.ComponentResource):
    """An NLB with its security group. Apps add a listener each.

    It has no access log: an NLB writes one for TLS listeners only.
    """

    arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    to_pods: Sequence[pulumi.Resource]
    """What must stand before a pod is registered."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:NetworkLoadBalancer", name, None, opts)
        addresses = network_addresses(args.apps).values()
        ports: list[tuple[int, Protocol]] = [
            (address.port.service_port, address.port.protocol) for address in addresses
        ]
        passage = make_passage(name, args, addresses, listener_ports=ports, parent=self)
        balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="network",
            internal=not args.settings.public,
            subnets=list(args.network.public_subnet_ids.values()),
            security_groups=[passage.group.id],
            # Without it a zone's address forwards to that zone's pods alone, of which there can be none.
            enable_cross_zone_load_balancing=True,
            enable_deletion_protection=args.context.protect,
            enable_zonal_shift=True,
            # AWS refuses to face the internet from a VPC without a gateway, which in turn cannot leave before this.
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.context.protect, depends_on=list(args.network.public_routes)
            ),
        )
        self.arn = balancer.arn
        self.dns_name = balancer.dns_name
        self.to_pods = passage.to_pods
        self.register_outputs({"dns_name": self.dns_name})
