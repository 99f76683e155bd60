"""VPC, subnets, routes, endpoints and security groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.values import is_false, is_true, mappings, number, sequence, text, texts, within
from policies.facts.addresses import open_to_internet
from policies.facts.aws import (
    ENDPOINT,
    INGRESS_RULE,
    NAT,
    NODE_GROUP,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    SUBNET,
    VPC,
)
from policies.facts.iam import PolicyStatement, statements
from policies.facts.iam_scope import asks_for
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import is_set
from policies.rule import CRITICAL, HIGH, LOW, MEDIUM, Family, Messages, must_be_on

FLOW_LOG = "aws:ec2/flowLog:FlowLog"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ACL = "aws:ec2/networkAcl:NetworkAcl"
ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"

PREFIX_LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX_LIST_ENTRY = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
RULES_OF_GROUPS = (SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
OPENING_IN = (SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE)
OPENING_OUT = (SECURITY_GROUP, SECURITY_GROUP_RULE, EGRESS_RULE)
OF_AN_ACCOUNT = ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths")
NETWORK_KEYS = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
ADMIN_PORTS = (22, 3389)
"""SSH and RDP (Security Hub EC2.13, EC2.14)."""
WEB_PORTS = {80, 443}
ALL_PROTOCOLS = {"-1", "all"}
LAST_PORT = 65535

NODE_ENDPOINTS = ("ecr.api", "ecr.dkr", "ec2", "sts", "s3")
"""Services without which a node that has no way out never joins, or starts no pod (EKS user guide, "Deploy private
clusters with limited internet access"; read 2026-11-23)."""

family = Family("Network", __doc__, url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html")


def is_public(stack: Stack, subnet: Resource) -> bool:
    """Return whether a subnet of the stack has a route to an internet gateway."""
    return any(_is_internet_route(stack, route) for route in default_routes(stack, subnet))


def default_routes(stack: Stack, subnet: Resource) -> list[Resource | Mapping[str, Any]]:
    """Return the routes to the whole internet of a subnet's route tables, own resources and inline ones."""
    found: list[Resource | Mapping[str, Any]] = []
    for table in _route_tables(stack, subnet):
        found += [route for route in stack.dependents(table, "routeTableId", ROUTE) if _leads_out(route.props)]
        found += [route for route in mappings(table.props, "routes") if _leads_out(route)]
    return found


def _route_tables(stack: Stack, subnet: Resource) -> list[Resource]:
    associations = stack.dependents(subnet, "subnetId", ASSOCIATION)
    return [table for one in associations for table in stack.dependencies(one, "routeTableId", ROUTE_TABLE)]


def _leads_out(route: Mapping[str, Any]) -> bool:
    keys = ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock")
    return open_to_internet(text(route, key) for key in keys)


def _is_internet_route(stack: Stack, route: Resource | Mapping[str, Any]) -> bool:
    if not isinstance(route, Resource):
        return bool(route.get("gatewayId"))
    made = stack.dependencies(route, "gatewayId", INTERNET_GATEWAY)
    return bool(made) or text(route.props, "gatewayId").startswith("igw-")


@family.stack_rule("vpc-has-flow-logs", MEDIUM, VPC, "Security Hub EC2.6", "CKV2_AWS_11")
def _flow_log_exists(vpc: Resource, stack: Stack) -> Messages:
    """After a break-in nobody can tell what talked to what.

    Add an aws.ec2.FlowLog with the VPC's id and traffic_type ALL.
    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html
    """
    if not stack.dependents(vpc, "vpcId", FLOW_LOG):
        yield "has no flow log"


@family.rule("flow-log-records-all-traffic", MEDIUM, FLOW_LOG, "Security Hub EC2.6")
def _flow_log_records_all(log: Resource) -> Messages:
    """A log of rejected traffic alone misses the connections that succeeded.

    Set traffic_type to ALL.
    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html
    """
    recorded = text(log.props, "trafficType")
    if recorded != "ALL":
        yield f"trafficType is {recorded or 'not set'}, so part of the traffic leaves no trace"


@family.stack_rule("vpc-default-security-group-is-managed", MEDIUM, VPC, "Security Hub EC2.2", "CKV2_AWS_12")
def _default_group_is_managed(vpc: Resource, stack: Stack) -> Messages:
    """The default security group lets its members reach each other, and takes in what names no group.

    Add an aws.ec2.DefaultSecurityGroup with the VPC's id and no rules, which takes AWS's own away.
    """
    if not stack.dependents(vpc, "vpcId", DEFAULT_SECURITY_GROUP):
        yield "leaves its default security group as AWS makes it, which lets its members reach each other"


@family.rule("default-security-group-is-empty", HIGH, DEFAULT_SECURITY_GROUP, "Security Hub EC2.2", "CKV2_AWS_12")
def _default_group_is_empty(group: Resource) -> Messages:
    """Whatever is made without a security group gets the rules of the default one unasked.

    Remove ingress and egress from the default security group and give resources groups of their own.
    """
    for direction in ("ingress", "egress"):
        if sequence(group.props.get(direction)):
            yield f"{direction} has rules; whatever is made without a security group gets them"


@family.rule("vpc-resolves-names", HIGH, VPC, "EKS user guide")
def _names_resolve(vpc: Resource) -> Messages:
    """Without DNS in the VPC nodes cannot find a private API server or an endpoint, and never join.

    Set enable_dns_hostnames=True and leave enable_dns_support on.
    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    yield from must_be_on(vpc, "enableDnsHostnames")
    if is_false(vpc.props, "enableDnsSupport"):
        yield "enableDnsSupport is off"


@family.rule("subnet-gives-no-public-addresses", HIGH, SUBNET, "Security Hub EC2.15", "CKV_AWS_130")
def _no_public_addresses(subnet: Resource) -> Messages:
    """A machine started in the subnet is on the internet without anybody having asked for it.

    Set map_public_ip_on_launch=False; load balancers and NAT gateways bring their own addresses.
    """
    if is_true(subnet.props, "mapPublicIpOnLaunch"):
        yield "mapPublicIpOnLaunch is on: everything started here gets a public address"


@family.stack_rule("node-subnet-has-no-internet-gateway-route", HIGH, NODE_GROUP, "CIS EKS 5.4.3", "C-0229")
def _nodes_are_private(group: Resource, stack: Stack) -> Messages:
    """Nodes beside the load balancers are on the internet as soon as one gets an address.

    Put node groups into subnets whose default route leads to a NAT gateway.
    https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html
    """
    for subnet in stack.dependencies(group, "subnetIds", SUBNET):
        if is_public(stack, subnet):
            yield f"puts nodes into {subnet.label}, which has a route to an internet gateway"


@family.stack_rule("nat-gateway-is-in-the-same-zone", MEDIUM, ASSOCIATION, "EKS best practices: subnets")
def _nat_is_in_zone(association: Resource, stack: Stack) -> Messages:
    """The loss of one zone takes the way out of another with it, and every gigabyte crosses zones.

    Make one NAT gateway per zone and route each private subnet to that of its own zone.
    https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html
    """
    for subnet in stack.dependencies(association, "subnetId", SUBNET):
        zone = text(subnet.props, "availabilityZone")
        for table in stack.dependencies(association, "routeTableId", ROUTE_TABLE):
            for nat_zone in _nat_zones(stack, table):
                if zone and nat_zone and zone != nat_zone:
                    yield f"{subnet.label} in {zone} goes out through a NAT gateway in {nat_zone}"


def _nat_zones(stack: Stack, table: Resource) -> Iterator[str]:
    for route in stack.dependents(table, "routeTableId", ROUTE):
        for nat in stack.dependencies(route, "natGatewayId", NAT):
            for subnet in stack.dependencies(nat, "subnetId", SUBNET):
                yield text(subnet.props, "availabilityZone")


@family.stack_rule("closed-node-subnet-has-endpoints", HIGH, NODE_GROUP, "Security Hub EC2.10", "EKS user guide")
def _closed_nodes_have_endpoints(group: Resource, stack: Stack) -> Messages:
    """Nodes without a way out and without endpoints never join; the group fails after 20 minutes.

    Add VPC endpoints for ecr.api, ecr.dkr, ec2, sts and a gateway endpoint for s3, or a NAT gateway.
    https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """
    for subnet in stack.dependencies(group, "subnetIds", SUBNET):
        if not _route_tables(stack, subnet) or default_routes(stack, subnet):
            continue
        vpcs = stack.dependencies(subnet, "vpcId", VPC)
        endpoints = [endpoint for vpc in vpcs for endpoint in stack.dependents(vpc, "vpcId", ENDPOINT)]
        served = [text(endpoint.props, "serviceName") for endpoint in endpoints]
        missing = [service for service in NODE_ENDPOINTS if not any(one.endswith(f".{service}") for one in served)]
        if missing:
            yield f"{subnet.label} has no way out and no endpoint of {', '.join(missing)}: its nodes never join"


@family.rule("ecr-endpoint-is-limited", LOW, ENDPOINT, "EKS best practices: image security")
def _ecr_endpoint_is_limited(endpoint: Resource) -> Messages:
    """A pod with stolen credentials copies images, or data in them, to a registry of another account.

    Give the endpoint a policy for your own account, and account 602401143452 for the images of EKS.
    https://docs.aws.amazon.com/eks/latest/best-practices/image-security.html
    """
    if not text(endpoint.props, "serviceName").endswith((".ecr.api", ".ecr.dkr")):
        return
    written = statements(endpoint.props.get("policy"))
    if not written or any(one.is_for_anybody and not _is_held(one) for one in written):
        yield "has no policy of its own, so pods can push to and pull from the registry of any account"


def _is_held(statement: PolicyStatement) -> bool:
    return statement.is_narrowed or asks_for(statement.conditions, *OF_AN_ACCOUNT)


@family.stack_rule("subnet-has-load-balancer-tag", LOW, SUBNET, "AWS Load Balancer Controller: subnet discovery")
def _subnet_has_role_tag(subnet: Resource, stack: Stack) -> Messages:
    """A controller that makes load balancers finds no subnet, and the Ingress gets no address.

    Tag public subnets kubernetes.io/role/elb=1 and those of nodes kubernetes.io/role/internal-elb=1.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/
    """
    tags = within(subnet.props, "tags")
    if is_public(stack, subnet):
        if within(tags, "kubernetes.io/role/elb") is None:
            yield "is public but lacks the tag kubernetes.io/role/elb=1"
    elif stack.dependents(subnet, "subnetIds", NODE_GROUP) and within(tags, "kubernetes.io/role/internal-elb") is None:
        yield "holds nodes but lacks the tag kubernetes.io/role/internal-elb=1"


@dataclass(frozen=True)
class _Opening:
    """What one rule of a security group lets in or out."""

    first: int
    last: int
    """Ports, the last one included."""
    networks: frozenset[str]

    def has(self, first: int, last: int) -> bool:
        """Return whether it is about all of these ports."""
        return self.first <= first and last <= self.last


def _openings(resource: Resource, stack: Stack, direction: str) -> list[_Opening]:
    """Return what a security group, or a rule of one, opens to the whole internet.

    What other rules open of the same ports counts too: halves of the internet are written one by one.
    """
    own, all_ = _own_and_all(resource, stack, direction)
    return [one for one in own if _is_world(all_, one.first, one.last)]


def _own_and_all(resource: Resource, stack: Stack, direction: str) -> tuple[list[_Opening], list[_Opening]]:
    """Return what a resource opens to any network, and what all rules of its security group do."""
    own = [one for one in _written_at(resource, stack, direction) if one.networks]
    others = _of_the_same_group(resource, stack) if own else []
    return own, [*own, *(one for other in others for one in _written_at(other, stack, direction))]


def _is_world(openings: Iterable[_Opening], first: int, last: int) -> bool:
    return open_to_internet(network for one in openings if one.has(first, last) for network in one.networks)


def _written_at(resource: Resource, stack: Stack, direction: str) -> Iterator[_Opening]:
    if resource.type == SECURITY_GROUP:
        rules = [(rule, direction) for rule in mappings(resource.props, direction)]
    elif resource.type == SECURITY_GROUP_RULE:
        rules = [(resource.props, "")] if text(resource.props, "type") == direction else []
    else:
        is_ingress = resource.type == INGRESS_RULE
        rules = [(resource.props, "")] if is_ingress == (direction == "ingress") else []
    for rule, key in rules:
        listed = _listed(resource, rule, key, stack)
        yield _Opening(*_ports(rule), frozenset([*_networks(rule), *listed]))


def _networks(rule: Mapping[str, Any]) -> list[str]:
    return [block for key in NETWORK_KEYS for block in texts(rule, key)]


def _listed(resource: Resource, rule: Mapping[str, Any], key: str, stack: Stack) -> Iterator[str]:
    """Return the networks of the prefix lists that a rule names and the stack makes."""
    for list_key in ("prefixListId", "prefixListIds"):
        if is_set(rule, list_key):
            for prefix_list in stack.dependencies(resource, key or list_key, PREFIX_LIST):
                entries = [one.props for one in stack.dependents(prefix_list, "prefixListId", PREFIX_LIST_ENTRY)]
                yield from (text(one, "cidr") for one in [*entries, *mappings(prefix_list.props, "entries")])


def _of_the_same_group(resource: Resource, stack: Stack) -> list[Resource]:
    """Return the other rules of a rule's security group, and the group itself; of a group, its rules."""
    if resource.type == SECURITY_GROUP:
        return stack.dependents(resource, "securityGroupId", *RULES_OF_GROUPS)
    groups = resource.property_dependencies.get("securityGroupId", frozenset[str]())
    group = text(resource.props, "securityGroupId") if not groups else ""
    return [
        other
        for other in stack.of_type(*RULES_OF_GROUPS, SECURITY_GROUP)
        if other.urn != resource.urn
        and (
            other.urn in groups
            or groups & other.property_dependencies.get("securityGroupId", frozenset[str]())
            or (group and group == text(other.props, "securityGroupId"))
        )
    ]


def _ports(opening: Mapping[str, Any]) -> tuple[int, int]:
    protocol = text(opening, "ipProtocol") or text(opening, "protocol")
    if protocol in ALL_PROTOCOLS:
        return 0, LAST_PORT
    first, last = number(opening, "fromPort"), number(opening, "toPort")
    return int(0 if first is None else first), int(LAST_PORT if last is None else last)


@family.stack_rule(
    "security-group-opens-no-admin-port",
    CRITICAL,
    OPENING_IN,
    "Security Hub EC2.13",
    "Security Hub EC2.14",
    "CKV_AWS_24",
    "CKV_AWS_25",
    "CKV_AWS_277",
    early=OPENING_IN,
)
def _no_admin_port(resource: Resource, stack: Stack) -> Messages:
    """SSH and RDP that the whole internet reaches are tried within minutes.

    Name the networks that may connect, or use Session Manager and no open port.
    """
    own, all_ = _own_and_all(resource, stack, "ingress")
    for port in ADMIN_PORTS:
        if any(one.has(port, port) for one in own) and _is_world(all_, port, port):
            yield f"opens port {port} to the whole internet"


@family.stack_rule(
    "security-group-opens-only-web-ports",
    HIGH,
    OPENING_IN,
    "Security Hub EC2.18",
    "Security Hub EC2.19",
    early=OPENING_IN,
)
def _only_web_ports(resource: Resource, stack: Stack) -> Messages:
    """Kubelets, databases and metrics answer strangers.

    Open 80 and 443 of a load balancer to the world at most; name networks or groups for the rest.
    """
    for opening in _openings(resource, stack, "ingress"):
        first, last = opening.first, opening.last
        if any(first <= port <= last for port in ADMIN_PORTS):
            continue  # another rule is about these ports
        if first != last or first not in WEB_PORTS:
            yield f"opens ports {first} to {last} to the whole internet"


@family.rule("security-group-rules-are-described", LOW, (SECURITY_GROUP, *RULES_OF_GROUPS), "CKV_AWS_23")
def _rules_are_described(resource: Resource) -> Messages:
    """Nobody dares to remove a rule that says nothing about why it is there.

    Give the group and each of its rules a description.
    """
    rules = [*mappings(resource.props, "ingress"), *mappings(resource.props, "egress"), resource.props]
    if any(text(rule, "description") in {"", "Managed by Pulumi"} for rule in rules):
        yield "has no description"


@family.stack_rule("security-group-limits-egress", LOW, OPENING_OUT, "CKV_AWS_382", early=OPENING_OUT)
def _egress_is_limited(resource: Resource, stack: Stack) -> Messages:
    """Whoever breaks in can send everything out, to anywhere.

    Let out what is needed: a port, a group or a network.
    """
    if any((one.first, one.last) == (0, LAST_PORT) for one in _openings(resource, stack, "egress")):
        yield "lets everything out to the whole internet"


@family.rule("network-acl-opens-no-admin-port", HIGH, (ACL, ACL_RULE), "Security Hub EC2.21", "CKV2_AWS_1")
def _acl_opens_no_admin_port(resource: Resource) -> Messages:
    """A network ACL that was written by hand lets SSH or RDP in from everywhere.

    Name the networks that may connect on ports 22 and 3389, or remove the entry.
    """
    if resource.type == ACL:
        entries = mappings(resource.props, "ingress")
    else:
        entries = [] if is_true(resource.props, "egress") else [resource.props]
    for entry in entries:
        allows = (text(entry, "action") or text(entry, "ruleAction")).lower() == "allow"
        world = open_to_internet(text(entry, key) for key in ("cidrBlock", "ipv6CidrBlock"))
        first, last = _ports(entry)
        for port in ADMIN_PORTS:
            # An entry for everything is what the default network ACL has; the security groups decide then.
            if allows and world and first <= port <= last and (first, last) != (0, LAST_PORT):
                yield f"allows port {port} from the whole internet"
