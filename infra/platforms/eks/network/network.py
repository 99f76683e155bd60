"""The VPC and its subnets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.network.endpoints import make_endpoints
from infra.platforms.eks.network.flow_logs import make_flow_logs
from infra.platforms.eks.network.plan import plan
from infra.platforms.eks.network.routes import Routes, Subnets
from infra.settings.eks.network import NetworkSettings

PUBLIC_LOAD_BALANCERS = {"kubernetes.io/role/elb": "1"}
INTERNAL_LOAD_BALANCERS = {"kubernetes.io/role/internal-elb": "1"}
"""The tags by which load-balancer controllers find subnets. No subnet has a `kubernetes.io/cluster/...` tag: a wrong
one hides the subnet, and with one cluster per VPC none is needed."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What to build, in which zones (plain names, see `infra.platforms.eks.zones`), and the key of the flow logs."""

    context: AwsContext
    settings: NetworkSettings
    zones: tuple[str, ...]
    logs_key_arn: pulumi.Input[str]


class Network(pulumi.ComponentResource):
    """A VPC with three subnets per zone.

    Public ones hold load balancers and NAT gateways only, private ones nodes and pods, control-plane ones the network
    interfaces of EKS and of interface endpoints. Nothing gets a public address by itself. What may talk to what is up
    to security groups: the VPC's default group is emptied, and its default network ACL, which is stateless, lets all
    pass.

    Subnet ids are by zone. `private_routes` is what must exist before a node can reach anything outside, and still
    exist when the last one is drained; `public_routes` is the same for a load balancer that faces the internet. CIDRs
    are plain text, in the order of `zones`.
    """

    vpc_id: pulumi.Output[str]
    zones: tuple[str, ...]
    public_subnet_ids: Mapping[str, pulumi.Output[str]]
    private_subnet_ids: Mapping[str, pulumi.Output[str]]
    control_plane_subnet_ids: Mapping[str, pulumi.Output[str]]
    public_cidrs: tuple[str, ...]
    endpoint_cidrs: tuple[str, ...]
    """Of the subnets with interface endpoints; none without endpoints."""
    private_routes: Sequence[pulumi.Resource]
    public_routes: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Network", name, None, opts)
        self._args = args
        context, settings = args.context, args.settings
        cidrs = plan(settings.cidr, len(args.zones))
        self.zones = args.zones
        self.public_cidrs = cidrs.public
        self.endpoint_cidrs = cidrs.control_plane if settings.interface_endpoints else ()
        child = pulumi.ResourceOptions(parent=self)
        self.vpc_id = aws.ec2.Vpc(
            "vpc",
            cidr_block=settings.cidr,
            # A private API endpoint and interface endpoints are found by names that only the VPC's own DNS knows.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": context.name},
            opts=pulumi.ResourceOptions(parent=self, protect=context.protect),
        ).id
        aws.ec2.DefaultSecurityGroup(
            "default",
            vpc_id=self.vpc_id,
            ingress=[],
            egress=[],
            tags={"Name": f"{context.name}-default-unused"},
            opts=child,
        )
        subnets = Subnets(
            public=self._make_subnets("public", cidrs.public, PUBLIC_LOAD_BALANCERS),
            private=self._make_subnets("private", cidrs.private, INTERNAL_LOAD_BALANCERS),
            control_plane=self._make_subnets("control-plane", cidrs.control_plane, {}),
        )
        self.public_subnet_ids = _ids(subnets.public)
        self.private_subnet_ids = _ids(subnets.private)
        self.control_plane_subnet_ids = _ids(subnets.control_plane)
        routes = Routes("routes", label=context.name, vpc_id=self.vpc_id, subnets=subnets, nat=settings.nat, opts=child)
        self.private_routes = routes.to_outside
        self.public_routes = routes.public_routes
        make_endpoints(
            context,
            settings.interface_endpoints,
            vpc_id=self.vpc_id,
            cidr=settings.cidr,
            route_table_ids=routes.private_table_ids,
            subnet_ids=list(self.control_plane_subnet_ids.values()),
            parent=self,
        )
        make_flow_logs(
            context,
            vpc_id=self.vpc_id,
            key_arn=args.logs_key_arn,
            retention_days=settings.flow_log_retention_days,
            parent=self,
        )
        self.register_outputs({"vpc_id": self.vpc_id})

    def _make_subnets(
        self, tier: str, cidrs: Sequence[str], discovery_tags: Mapping[str, str]
    ) -> dict[str, aws.ec2.Subnet]:
        return {
            zone: aws.ec2.Subnet(
                f"{tier}-{zone}",
                vpc_id=self.vpc_id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags={"Name": f"{self._args.context.name}-{tier}-{zone}", **discovery_tags},
                opts=pulumi.ResourceOptions(parent=self, protect=self._args.context.protect),
            )
            for zone, cidr in zip(self.zones, cidrs, strict=True)
        }


def _ids(subnets: Mapping[str, aws.ec2.Subnet]) -> dict[str, pulumi.Output[str]]:
    return {zone: subnet.id for zone, subnet in subnets.items()}
