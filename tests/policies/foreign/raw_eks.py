"""A control plane and nodes of `aws.*` resources alone, after the provider's own example, with a web server on it."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s


def program() -> dict[str, Any]:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", enable_dns_hostnames=True)
    gateway = aws.ec2.InternetGateway("main", vpc_id=vpc.id)
    routes = aws.ec2.RouteTable(
        "public", vpc_id=vpc.id, routes=[aws.ec2.RouteTableRouteArgs(cidr_block="0.0.0.0/0", gateway_id=gateway.id)]
    )
    subnets: list[aws.ec2.Subnet] = []
    for index, zone in enumerate(("us-west-2a", "us-west-2b")):
        subnet = aws.ec2.Subnet(
            f"public-{index}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{index}.0/24",
            availability_zone=zone,
            map_public_ip_on_launch=True,
        )
        aws.ec2.RouteTableAssociation(f"public-{index}", subnet_id=subnet.id, route_table_id=routes.id)
        subnets.append(subnet)
    cluster = _cluster([subnet.id for subnet in subnets])
    nodes = _nodes(cluster, [subnet.id for subnet in subnets])
    provider = k8s.Provider("eks", kubeconfig=cluster.endpoint)
    _web_server(pulumi.ResourceOptions(provider=provider, depends_on=[nodes]))
    return {"endpoint": cluster.endpoint}


def _role(name: str, service: str, *policies: str) -> aws.iam.Role:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role = aws.iam.Role(name, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    for policy in policies:
        aws.iam.RolePolicyAttachment(f"{name}-{policy}", role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}")
    return role


def _cluster(subnet_ids: list[pulumi.Output[str]]) -> aws.eks.Cluster:
    role = _role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
    return aws.eks.Cluster("cluster", role_arn=role.arn, vpc_config=aws.eks.ClusterVpcConfigArgs(subnet_ids=subnet_ids))


def _nodes(cluster: aws.eks.Cluster, subnet_ids: list[pulumi.Output[str]]) -> aws.eks.NodeGroup:
    role = _role(
        "node",
        "ec2.amazonaws.com",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryReadOnly",
    )
    return aws.eks.NodeGroup(
        "nodes",
        cluster_name=cluster.name,
        node_role_arn=role.arn,
        subnet_ids=subnet_ids,
        scaling_config=aws.eks.NodeGroupScalingConfigArgs(desired_size=2, min_size=1, max_size=3),
    )


def _web_server(options: pulumi.ResourceOptions) -> None:
    labels = {"app": "nginx"}
    k8s.apps.v1.Deployment(
        "nginx",
        spec=k8s.apps.v1.DeploymentSpecArgs(
            replicas=2,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels),
                spec=k8s.core.v1.PodSpecArgs(
                    containers=[
                        k8s.core.v1.ContainerArgs(
                            name="nginx", image="nginx", ports=[k8s.core.v1.ContainerPortArgs(container_port=80)]
                        )
                    ]
                ),
            ),
        ),
        opts=options,
    )
    k8s.core.v1.Service(
        "nginx",
        spec=k8s.core.v1.ServiceSpecArgs(
            type="LoadBalancer", selector=labels, ports=[k8s.core.v1.ServicePortArgs(port=80)]
        ),
        opts=options,
    )
