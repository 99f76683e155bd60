"""AWS services that are reached without leaving the VPC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.settings.eks.network import InterfaceEndpoint

HTTPS_PORT = 443


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """Where the endpoints are, and which.

    `route_table_ids` are the tables that get the route to S3, `subnet_ids` the subnets (one per zone) that hold the
    interface endpoints' addresses, `cidr` the VPC's.
    """

    context: AwsContext
    vpc_id: pulumi.Input[str]
    cidr: str
    route_table_ids: Sequence[pulumi.Input[str]]
    subnet_ids: Sequence[pulumi.Input[str]]
    interfaces: Sequence[InterfaceEndpoint]


class Endpoints(pulumi.ComponentResource):
    """The ways to AWS services.

    A gateway endpoint for S3, which is free and keeps image layers off the NAT gateways, and the interface endpoints
    that the settings list, reachable on port 443 from the whole VPC. Interface endpoints live in the control-plane
    subnets: single addresses in the private ones would break up the /28 blocks that prefix delegation needs.
    """

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Endpoints", name, None, opts)
        self._args = args
        self._make_s3_gateway()
        if args.interfaces:
            group = self._make_security_group()
            for service in args.interfaces:
                self._make_interface(service, group)
        self.register_outputs({})

    def _make_s3_gateway(self) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=self._args.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=self._service_name("s3"),
            route_table_ids=self._args.route_table_ids,
            tags=self._named("s3"),
            opts=self._child(),
        )

    def _make_security_group(self) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            "endpoints",
            description="Interface endpoints of AWS services",
            vpc_id=self._args.vpc_id,
            tags=self._named("endpoints"),
            opts=self._child(),
        )
        aws.vpc.SecurityGroupIngressRule(
            "endpoints",
            security_group_id=group.id,
            description="HTTPS from the VPC",
            cidr_ipv4=self._args.cidr,
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            opts=self._child(),
        )
        return group

    def _make_interface(self, service: InterfaceEndpoint, group: aws.ec2.SecurityGroup) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            service.replace(".", "-"),
            vpc_id=self._args.vpc_id,
            vpc_endpoint_type="Interface",
            service_name=self._service_name(service),
            subnet_ids=self._args.subnet_ids,
            security_group_ids=[group.id],
            # The service's own name then leads to the endpoint; no client has to know about it.
            private_dns_enabled=True,
            tags=self._named(service),
            opts=self._child(),
        )

    def _service_name(self, service: str) -> str:
        return f"com.amazonaws.{self._args.context.region}.{service}"

    def _named(self, suffix: str) -> dict[str, str]:
        return {"Name": f"{self._args.context.name}-{suffix}"}

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)
