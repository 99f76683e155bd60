"""A small AWS program with everything that a plan draws: three zones, node groups, a load balancer, two apps."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as k8s

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
LABEL = "app.kubernetes.io/name"


class Part(pulumi.ComponentResource):
    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(kind, name, None, opts)


def program(*, max_size: int = 20, with_worker: bool = True) -> dict[str, Any]:
    provider = aws.Provider("aws", region="eu-central-1", allowed_account_ids=["111122223333"])
    platform = Part("nightowl:eks:EksPlatform", "platform", pulumi.ResourceOptions(providers=[provider]))
    inside = pulumi.ResourceOptions(parent=platform)
    zones = aws.get_availability_zones(state="available", opts=pulumi.InvokeOptions(provider=provider)).names[:3]

    network = Part("nightowl:eks:Network", "network", inside)
    in_network = pulumi.ResourceOptions(parent=network)
    vpc = aws.ec2.Vpc("network", cidr_block="10.20.0.0/16", opts=pulumi.ResourceOptions(parent=network, protect=True))
    gateway = aws.ec2.InternetGateway("internet", vpc_id=vpc.id, opts=in_network)
    public, private, control = [], [], []
    for index, zone in enumerate(zones):
        letter = zone[-1]

        def subnet(
            role: str, cidr: str, tags: dict[str, str], zone: str = zone, letter: str = letter
        ) -> aws.ec2.Subnet:
            return aws.ec2.Subnet(
                f"{role}-{letter}",
                vpc_id=vpc.id,
                cidr_block=cidr,
                availability_zone=zone,
                tags={"Name": f"{role}-{letter}", **tags},
                opts=in_network,
            )

        public.append(subnet("public", f"10.20.{index}.0/24", {"kubernetes.io/role/elb": "1"}))
        private.append(subnet("private", f"10.20.{64 + index * 64}.0/18", {"kubernetes.io/role/internal-elb": "1"}))
        control.append(subnet("control-plane", f"10.20.16.{index * 16}/28", {}))
        address = aws.ec2.Eip(f"nat-{letter}", domain="vpc", opts=in_network)
        nat = aws.ec2.NatGateway(
            f"nat-{letter}",
            allocation_id=address.id,
            subnet_id=public[-1].id,
            opts=pulumi.ResourceOptions(parent=network, depends_on=[gateway]),
        )
        table = aws.ec2.RouteTable(f"private-{letter}", vpc_id=vpc.id, opts=in_network)
        aws.ec2.Route(
            f"private-{letter}",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=nat.id,
            opts=in_network,
        )

    key = aws.kms.Key("secrets", enable_key_rotation=True, opts=inside)
    role = aws.iam.Role("control-plane", assume_role_policy=_trust("eks.amazonaws.com"), opts=inside)
    cluster = eks.Cluster(
        "cluster",
        name="nightowl-sample",
        version="1.36",
        service_role=role,
        vpc_id=vpc.id,
        subnet_ids=[subnet.id for subnet in control],
        encryption_config_key_arn=key.arn,
        skip_default_node_group=True,
        opts=pulumi.ResourceOptions(parent=platform, protect=True),
    )
    name = cluster.eks_cluster.apply(lambda made: made.name)
    cni = aws.eks.Addon("vpc-cni", cluster_name=name, addon_name="vpc-cni", opts=inside)
    node_role = aws.iam.Role("node", assume_role_policy=_trust("ec2.amazonaws.com"), opts=inside)
    aws.iam.RolePolicyAttachment(
        "node-worker",
        role=node_role.name,
        policy_arn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
        opts=inside,
    )
    groups = [
        aws.eks.NodeGroup(
            f"{pool}-{zone[-1]}",
            cluster_name=name,
            node_role_arn=node_role.arn,
            subnet_ids=[subnet.id],
            capacity_type=capacity,
            instance_types=types,
            ami_type="AL2023_ARM_64_STANDARD",
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(desired_size=1, min_size=1, max_size=size),
            opts=pulumi.ResourceOptions(
                parent=platform, depends_on=[cni], ignore_changes=["scalingConfig.desiredSize"]
            ),
        )
        for pool, capacity, types, size in (
            ("system", "ON_DEMAND", ["m7g.large"], 2),
            ("apps", "SPOT", ["m7g.xlarge", "m6g.xlarge", "m8g.xlarge"], max_size),
        )
        for zone, subnet in zip(zones, private, strict=True)
    ]
    dns = aws.eks.Addon(
        "coredns",
        cluster_name=name,
        addon_name="coredns",
        opts=pulumi.ResourceOptions(parent=platform, depends_on=groups),
    )
    on_cluster = k8s.Provider(
        "kubernetes", kubeconfig=cluster.kubeconfig_json, cluster_identifier="nightowl-sample", opts=inside
    )
    controller_role = aws.iam.Role("controller", assume_role_policy=_trust("pods.eks.amazonaws.com"), opts=inside)
    aws.iam.RolePolicy(
        "controller",
        role=controller_role.name,
        policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
                        "Resource": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/*",
                        "Condition": {"StringEquals": {"aws:ResourceTag/cluster": "nightowl-sample"}},
                    }
                ],
            }
        ),
        opts=inside,
    )
    controller = k8s.helm.v3.Release(
        "aws-load-balancer-controller",
        chart="aws-load-balancer-controller",
        version="3.5.0",
        opts=pulumi.ResourceOptions(parent=platform, provider=on_cluster, depends_on=[dns]),
    )
    balancer = aws.lb.LoadBalancer(
        "web", load_balancer_type="application", internal=False, subnets=[item.id for item in public], opts=inside
    )
    listener = aws.lb.Listener(
        "https",
        load_balancer_arn=balancer.arn,
        port=443,
        protocol="HTTPS",
        default_actions=[aws.lb.ListenerDefaultActionArgs(type="fixed-response")],
        opts=inside,
    )
    aws.route53.Record(
        "app.example.com",
        zone_id="Z1",
        name="app.example.com",
        type="A",
        aliases=[
            aws.route53.RecordAliasArgs(name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=False)
        ],
        opts=inside,
    )
    pulumi.log.warn("a warning of the program")
    _web(vpc, listener, on_cluster, [controller, *groups])
    if with_worker:
        _app("worker", on_cluster, [dns], calls="web")
    return {"url": "https://app.example.com", "vpc": vpc.id}


def _web(vpc: aws.ec2.Vpc, listener: aws.lb.Listener, provider: k8s.Provider, wait_for: list[pulumi.Resource]) -> None:
    app = Part("nightowl:apps:App", "web", pulumi.ResourceOptions(providers=[provider]))
    inside = pulumi.ResourceOptions(parent=app)
    aws_provider = pulumi.ResourceOptions(parent=app)
    group = aws.lb.TargetGroup("web", target_type="ip", protocol="HTTP", port=80, vpc_id=vpc.id, opts=aws_provider)
    rule = aws.lb.ListenerRule(
        "web",
        listener_arn=listener.arn,
        priority=100,
        conditions=[
            aws.lb.ListenerRuleConditionArgs(
                host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(values=["app.example.com"])
            )
        ],
        actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
        opts=aws_provider,
    )
    service = k8s.core.v1.Service(
        "web",
        metadata={"name": "web", "namespace": "apps"},
        spec=k8s.core.v1.ServiceSpecArgs(ports=[k8s.core.v1.ServicePortArgs(port=9898)]),
        opts=inside,
    )
    k8s.autoscaling.v2.HorizontalPodAutoscaler(
        "web",
        metadata={"name": "web", "namespace": "apps"},
        spec=k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
            min_replicas=3,
            max_replicas=60,
            scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(kind="Deployment", name="web"),
        ),
        opts=inside,
    )
    _pods("web", app, [*wait_for, rule, service])


def _app(name: str, provider: k8s.Provider, wait_for: list[pulumi.Resource], *, calls: str) -> None:
    app = Part("nightowl:apps:App", name, pulumi.ResourceOptions(providers=[provider]))
    k8s.networking.v1.NetworkPolicy(
        name,
        metadata={"name": name, "namespace": "apps"},
        spec=k8s.networking.v1.NetworkPolicySpecArgs(
            pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={LABEL: name}),
            egress=[
                k8s.networking.v1.NetworkPolicyEgressRuleArgs(
                    to=[
                        k8s.networking.v1.NetworkPolicyPeerArgs(
                            pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={LABEL: calls})
                        )
                    ]
                )
            ],
        ),
        opts=pulumi.ResourceOptions(parent=app),
    )
    _pods(name, app, wait_for)


def _pods(name: str, app: Part, wait_for: list[pulumi.Resource]) -> None:
    container = k8s.core.v1.ContainerArgs(
        name=name,
        image="ghcr.io/stefanprodan/podinfo:6.15.0",
        resources=k8s.core.v1.ResourceRequirementsArgs(requests={"cpu": "250m", "memory": "128Mi"}),
    )
    k8s.apps.v1.Deployment(
        name,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace="apps"),
        spec=k8s.apps.v1.DeploymentSpecArgs(
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels={LABEL: name}),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(labels={LABEL: name}),
                spec=k8s.core.v1.PodSpecArgs(containers=[container]),
            ),
        ),
        opts=pulumi.ResourceOptions(parent=app, depends_on=wait_for),
    )


def _trust(service: str) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
