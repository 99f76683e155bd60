"""The load balancer for everything that is not HTTP: one for all `tcp` apps of the stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.load_balancer.security_group import make_passage
from infra.settings.eks.load_balancer import LoadBalancerSettings


@dataclass(frozen=True, kw_only=True)
class NetworkLoadBalancerArgs:
    """Where it stands, whom it lets in, and which ports it forwards to the pods that serve them.

    `subnet_ids` are the public subnets, as for the load balancer of the web apps; `public_routes` make them public.
    """

    context: AwsContext
    settings: LoadBalancerSettings
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    public_routes: Sequence[pulumi.Resource]
    cluster_security_group_id: pulumi.Input[str]
    app_ports: Sequence[int]


class NetworkLoadBalancer(pulumi.ComponentResource):
    """An NLB with its security group. Apps add a listener each.

    It has no access log: an NLB writes one for TLS listeners only.
    """

    arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    to_pods: Sequence[pulumi.Resource]
    """What must stand before a pod is registered."""

    def __init__(self, name: str, args: NetworkLoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:NetworkLoadBalancer", name, None, opts)
        passage = make_passage(
            name,
            vpc_id=args.vpc_id,
            cluster_security_group_id=args.cluster_security_group_id,
            allow_from=args.settings.allow_from,
            listener_ports=args.app_ports,
            app_ports=args.app_ports,
            parent=self,
        )
        balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="network",
            internal=not args.settings.public,
            subnets=args.subnet_ids,
            security_groups=[passage.group.id],
            # Without it a zone's address forwards to that zone's pods alone, of which there can be none.
            enable_cross_zone_load_balancing=True,
            enable_deletion_protection=args.context.protect,
            enable_zonal_shift=True,
            # AWS refuses to face the internet from a VPC without a gateway, which in turn cannot leave before this.
            opts=pulumi.ResourceOptions(parent=self, protect=args.context.protect, depends_on=list(args.public_routes)),
        )
        self.arn = balancer.arn
        self.dns_name = balancer.dns_name
        self.to_pods = passage.to_pods
        self.register_outputs({"dns_name": self.dns_name})
