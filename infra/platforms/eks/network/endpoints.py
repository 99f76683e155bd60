"""AWS services that are reached without leaving the VPC."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.settings.eks.network import InterfaceEndpoint

HTTPS_PORT = 443


def make_endpoints(
    context: AwsContext,
    interfaces: Sequence[InterfaceEndpoint],
    *,
    vpc_id: pulumi.Input[str],
    cidr: str,
    route_table_ids: Sequence[pulumi.Input[str]],
    subnet_ids: Sequence[pulumi.Input[str]],
    parent: pulumi.Resource,
) -> None:
    """Make a gateway endpoint for S3 in the route tables, and the interface endpoints of services in the subnets.

    That for S3 is free and keeps image layers off the NAT gateways. Interface endpoints are reached on port 443 from
    the whole VPC. They live in the control-plane subnets: single addresses in the private ones would break up the /28
    blocks that prefix delegation needs.
    """
    child = pulumi.ResourceOptions(parent=parent)
    aws.ec2.VpcEndpoint(
        "s3",
        vpc_id=vpc_id,
        vpc_endpoint_type="Gateway",
        service_name=f"com.amazonaws.{context.region}.s3",
        route_table_ids=route_table_ids,
        tags={"Name": f"{context.name}-s3"},
        opts=child,
    )
    if not interfaces:
        return
    group = aws.ec2.SecurityGroup(
        "endpoints",
        description="Interface endpoints of AWS services",
        vpc_id=vpc_id,
        tags={"Name": f"{context.name}-endpoints"},
        opts=child,
    )
    aws.vpc.SecurityGroupIngressRule(
        "endpoints",
        security_group_id=group.id,
        description="HTTPS from the VPC",
        cidr_ipv4=cidr,
        ip_protocol="tcp",
        from_port=HTTPS_PORT,
        to_port=HTTPS_PORT,
        opts=child,
    )
    for service in interfaces:
        aws.ec2.VpcEndpoint(
            service.replace(".", "-"),
            vpc_id=vpc_id,
            vpc_endpoint_type="Interface",
            service_name=f"com.amazonaws.{context.region}.{service}",
            subnet_ids=subnet_ids,
            security_group_ids=[group.id],
            # The service's own name then leads to the endpoint; no client has to know about it.
            private_dns_enabled=True,
            tags={"Name": f"{context.name}-{service}"},
            opts=child,
        )
