"""What a picture of the stack shows, read off the graph: zones, subnets, machines, load balancers, apps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infra.plan.graph import Graph, Resource
from policies.facts.values import sequence, within

SUBNET = "aws:ec2/subnet:Subnet"
CLUSTER_TYPES = ("eks:index:Cluster", "aws:eks/cluster:Cluster")

Tier = Literal["public", "private", "control plane"]

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
class Subnet:
    """One subnet."""

    tier: Tier
    cidr: str


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
    subnets: Sequence[Subnet]
    gateways: Sequence[str]
    """NAT gateways."""
    node_groups: Sequence[NodeGroup]


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """One load balancer and what it listens on."""

    name: str
    kind: str
    """`ALB` or `NLB`."""
    internal: bool
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
    vpc = next(iter(graph.of_type("aws:ec2/vpc:Vpc")), None)
    provider = next((item for item in graph.of_type("pulumi:providers:aws")), None)
    return Architecture(
        region=str(provider.props.get("region", "")) if provider else "",
        vpc_cidr=str(vpc.props.get("cidrBlock", "")) if vpc else "",
        zones=_zones(graph),
        load_balancers=[_load_balancer(graph, item) for item in graph.of_type("aws:lb/loadBalancer:LoadBalancer")],
        cluster=_cluster(graph),
        regional={
            name: sorted(item.name for item in found)
            for type_, name in REGIONAL.items()
            if (found := graph.of_type(type_))
        },
    )


def _zones(graph: Graph) -> list[Zone]:
    subnets = [item for item in graph.of_type(SUBNET) if item.props.get("availabilityZone")]
    names = sorted({str(item.props["availabilityZone"]) for item in subnets})
    return [_zone(graph, name, [item for item in subnets if item.props["availabilityZone"] == name]) for name in names]


def _zone(graph: Graph, name: str, subnets: Sequence[Resource]) -> Zone:
    inside = {subnet.urn for subnet in subnets}

    def stands_here(resource: Resource, key: str) -> bool:
        return bool(inside & resource.property_dependencies.get(key, frozenset()))

    gateways = [item.name for item in graph.of_type("aws:ec2/natGateway:NatGateway") if stands_here(item, "subnetId")]
    groups = [item for item in graph.of_type("aws:eks/nodeGroup:NodeGroup") if stands_here(item, "subnetIds")]
    return Zone(
        name=name,
        subnets=[Subnet(tier=_tier(item), cidr=str(item.props.get("cidrBlock", ""))) for item in subnets],
        gateways=gateways,
        node_groups=[_node_group(item) for item in sorted(groups, key=lambda group: group.name)],
    )


def _tier(subnet: Resource) -> Tier:
    if within(subnet.props, "tags", "kubernetes.io/role/elb"):
        return "public"
    return "private" if within(subnet.props, "tags", "kubernetes.io/role/internal-elb") else "control plane"


def _node_group(group: Resource) -> NodeGroup:
    types = [str(item) for item in sequence(group.props.get("instanceTypes"))]
    more = f" +{len(types) - 1}" if len(types) > 1 else ""
    scaling = group.props.get("scalingConfig")
    return NodeGroup(
        name=group.name,
        machines=f"{types[0]}{more}" if types else "",
        bounds=_bounds(within(scaling, "minSize"), within(scaling, "maxSize")),
        spot=group.props.get("capacityType") == "SPOT",
    )


def _bounds(least: Any, most: Any) -> str:
    if least == most:
        return f"{most} node{'' if most == 1 else 's'}"
    return f"{least} to {most} nodes"


def _load_balancer(graph: Graph, balancer: Resource) -> LoadBalancer:
    listeners = [
        f"{item.props.get('protocol')} {item.props.get('port')}"
        for item in graph.of_type("aws:lb/listener:Listener")
        if balancer.urn in item.property_dependencies.get("loadBalancerArn", frozenset())
    ]
    return LoadBalancer(
        name=balancer.name,
        kind="NLB" if balancer.props.get("loadBalancerType") == "network" else "ALB",
        internal=balancer.props.get("internal") is True,
        listeners=sorted(listeners, reverse=True),
    )


def _cluster(graph: Graph) -> str:
    own = next(iter(graph.of_type(*CLUSTER_TYPES)), None)
    if own is not None:
        return f"Amazon EKS control plane, Kubernetes {own.props.get('version', '')}"
    provider = next(iter(graph.of_type("pulumi:providers:kubernetes")), None)
    context = provider.props.get("context") if provider else None
    return f"Kubernetes cluster {context}" if context else "Kubernetes cluster"
