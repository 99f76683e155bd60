"""What a picture of the stack shows, read off the graph: zones, subnets, machines, load balancers, apps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.plan.graph import Graph, Resource
from infra.values import mapping, text, texts, within

SUBNET = "aws:ec2/subnet:Subnet"
CLUSTER_TYPES = ("eks:index:Cluster", "aws:eks/cluster:Cluster")
CONTROL_PLANE_TIER = "control plane"
TIERS = ("public", "private", CONTROL_PLANE_TIER)

REGIONAL = {
    "aws:acm/certificate:Certificate": "certificate",
    "aws:wafv2/webAcl:WebAcl": "web firewall",
    "aws:route53/record:Record": "DNS record",
    "aws:kms/key:Key": "encryption key",
    "aws:iam/role:Role": "role",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:cloudwatch/logGroup:LogGroup": "log group",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "VPC endpoint",
    "aws:eks/addon:Addon": "cluster add-on",
    "kubernetes:helm.sh/v3:Release": "Helm release",
}
"""What stands beside the zones, and what a reader calls it."""


@dataclass(frozen=True, kw_only=True)
class NodeGroup:
    """Machines of one pool in one zone."""

    name: str
    machines: str
    """Instance types, the first and how many more: `m7g.xlarge +2`."""
    bounds: str
    """How many there are: `1 to 20 nodes`."""
    spot: bool


@dataclass(frozen=True, kw_only=True)
class Zone:
    """One availability zone."""

    name: str
    subnets: Mapping[str, Sequence[str]]
    """CIDRs, by each of TIERS."""
    gateways: Sequence[str]
    """NAT gateways."""
    node_groups: Sequence[NodeGroup]


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """One load balancer and what it listens on."""

    title: str
    """`Internal Network Load Balancer nlb`."""
    listeners: Sequence[str]
    """`HTTPS 443`."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The whole picture; without zones it is a cluster that somebody else made."""

    region: str
    vpc_cidr: str
    zones: Sequence[Zone]
    load_balancers: Sequence[LoadBalancer]
    cluster: str
    """What runs the apps: `Amazon EKS, Kubernetes 1.36`, or the context of the cluster."""
    regional: Mapping[str, Sequence[str]]
    """Names of what stands beside the zones, by what it is called."""


def architecture(graph: Graph) -> Architecture:
    """Read the picture off `graph`."""
    return Architecture(
        region=next((text(item.props, "region") for item in graph.of_type("pulumi:providers:aws")), ""),
        vpc_cidr=next((text(item.props, "cidrBlock") for item in graph.of_type("aws:ec2/vpc:Vpc")), ""),
        zones=[_zone(graph, name) for name in sorted({_zone_name(item) for item in graph.of_type(SUBNET)} - {""})],
        load_balancers=[_load_balancer(graph, item) for item in graph.of_type("aws:lb/loadBalancer:LoadBalancer")],
        cluster=_cluster(graph),
        regional={
            name: sorted(item.name for item in found)
            for type_, name in REGIONAL.items()
            if (found := graph.of_type(type_))
        },
    )


def _zone(graph: Graph, name: str) -> Zone:
    subnets = [item for item in graph.of_type(SUBNET) if _zone_name(item) == name]
    inside = {subnet.urn for subnet in subnets}

    def standing_here(type_: str, key: str) -> list[Resource]:
        return [item for item in graph.of_type(type_) if inside & item.property_dependencies.get(key, frozenset())]

    groups = standing_here("aws:eks/nodeGroup:NodeGroup", "subnetIds")
    return Zone(
        name=name,
        subnets={tier: [text(item.props, "cidrBlock") for item in subnets if _tier(item) == tier] for tier in TIERS},
        gateways=[item.name for item in standing_here("aws:ec2/natGateway:NatGateway", "subnetId")],
        node_groups=[_node_group(item) for item in sorted(groups, key=lambda group: group.name)],
    )


def _zone_name(subnet: Resource) -> str:
    return text(subnet.props, "availabilityZone")


def _tier(subnet: Resource) -> str:
    if within(subnet.props, "tags", "kubernetes.io/role/elb"):
        return "public"
    return "private" if within(subnet.props, "tags", "kubernetes.io/role/internal-elb") else CONTROL_PLANE_TIER


def _node_group(group: Resource) -> NodeGroup:
    types = texts(group.props, "instanceTypes")
    scaling = mapping(group.props.get("scalingConfig"))
    least, most = scaling.get("minSize"), scaling.get("maxSize")
    bounds = f"{least} to {most} nodes" if least != most else f"{most} node{'' if most == 1 else 's'}"
    return NodeGroup(
        name=group.name,
        machines=f"{types[0]} +{len(types) - 1}" if len(types) > 1 else "".join(types),
        bounds=bounds,
        spot=group.props.get("capacityType") == "SPOT",
    )


def _load_balancer(graph: Graph, balancer: Resource) -> LoadBalancer:
    internal = "Internal " if balancer.props.get("internal") is True else ""
    kind = "Network" if balancer.props.get("loadBalancerType") == "network" else "Application"
    listeners = [
        f"{item.props.get('protocol')} {item.props.get('port')}"
        for item in graph.of_type("aws:lb/listener:Listener")
        if balancer.urn in item.property_dependencies.get("loadBalancerArn", frozenset())
    ]
    title = f"{internal}{kind} Load Balancer {balancer.name}"
    return LoadBalancer(title=title, listeners=sorted(listeners, reverse=True))


def _cluster(graph: Graph) -> str:
    for own in graph.of_type(*CLUSTER_TYPES):
        return f"Amazon EKS control plane, Kubernetes {own.props.get('version', '')}"
    context = next((text(item.props, "context") for item in graph.of_type("pulumi:providers:kubernetes")), "")
    return f"Kubernetes cluster {context}".rstrip()
