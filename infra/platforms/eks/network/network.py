"""The VPC and its subnets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.network.endpoints import Endpoints, EndpointsArgs
from infra.platforms.eks.network.flow_logs import FlowLogs, FlowLogsArgs
from infra.platforms.eks.network.plan import plan
from infra.platforms.eks.network.routes import Routes, RoutesArgs
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
    cidr: str
    zones: tuple[str, ...]
    public_subnet_ids: Mapping[str, pulumi.Output[str]]
    private_subnet_ids: Mapping[str, pulumi.Output[str]]
    control_plane_subnet_ids: Mapping[str, pulumi.Output[str]]
    public_cidrs: tuple[str, ...]
    private_cidrs: tuple[str, ...]
    private_routes: Sequence[pulumi.Resource]
    public_routes: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Network", name, None, opts)
        self._args = args
        cidrs = plan(args.settings.cidr, len(args.zones))
        self.zones = args.zones
        self.cidr = args.settings.cidr
        self.public_cidrs = cidrs.public
        self.private_cidrs = cidrs.private
        vpc = self._make_vpc()
        self.vpc_id = vpc.id
        self._empty_default_security_group()
        public = self._make_subnets("public", cidrs.public, PUBLIC_LOAD_BALANCERS)
        private = self._make_subnets("private", cidrs.private, INTERNAL_LOAD_BALANCERS)
        control_plane = self._make_subnets("control-plane", cidrs.control_plane, {})
        self.public_subnet_ids = _ids(public)
        self.private_subnet_ids = _ids(private)
        self.control_plane_subnet_ids = _ids(control_plane)
        routes = self._make_routes(public, private, control_plane)
        self.private_routes = routes.to_outside
        self.public_routes = routes.public_routes
        self._make_endpoints(routes)
        self._make_flow_logs()
        self.register_outputs({"vpc_id": self.vpc_id})

    def _make_vpc(self) -> aws.ec2.Vpc:
        return aws.ec2.Vpc(
            "vpc",
            cidr_block=self.cidr,
            # A private API endpoint and interface endpoints are found by names that only the VPC's own DNS knows.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": self._args.context.name},
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.context.protect),
        )

    def _empty_default_security_group(self) -> None:
        aws.ec2.DefaultSecurityGroup(
            "default",
            vpc_id=self.vpc_id,
            ingress=[],
            egress=[],
            tags={"Name": f"{self._args.context.name}-default-unused"},
            opts=pulumi.ResourceOptions(parent=self),
        )

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

    def _make_routes(
        self,
        public: Mapping[str, aws.ec2.Subnet],
        private: Mapping[str, aws.ec2.Subnet],
        control_plane: Mapping[str, aws.ec2.Subnet],
    ) -> Routes:
        return Routes(
            "routes",
            RoutesArgs(
                name=self._args.context.name,
                vpc_id=self.vpc_id,
                zones=self.zones,
                nat=self._args.settings.nat,
                public=public,
                private=private,
                control_plane=control_plane,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_endpoints(self, routes: Routes) -> Endpoints:
        return Endpoints(
            "endpoints",
            EndpointsArgs(
                context=self._args.context,
                vpc_id=self.vpc_id,
                cidr=self.cidr,
                route_table_ids=routes.private_table_ids,
                subnet_ids=list(self.control_plane_subnet_ids.values()),
                interfaces=self._args.settings.interface_endpoints,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_flow_logs(self) -> FlowLogs:
        return FlowLogs(
            "flow-logs",
            FlowLogsArgs(
                context=self._args.context,
                vpc_id=self.vpc_id,
                key_arn=self._args.logs_key_arn,
                retention_days=self._args.settings.flow_log_retention_days,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _ids(subnets: Mapping[str, aws.ec2.Subnet]) -> dict[str, pulumi.Output[str]]:
    return {zone: subnet.id for zone, subnet in subnets.items()}
