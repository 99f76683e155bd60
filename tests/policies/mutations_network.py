from __future__ import annotations

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
from policies.families.network import (
    ACL,
    ACL_RULE,
    ASSOCIATION,
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    FLOW_LOG,
    INTERNET_GATEWAY,
    ROUTE,
)
from tests.policies.changes import Change, drop, make, put, remove
from tests.policies.harness import Draft, Mutation, Request

PRIVATE = "private-eu-central-1a"
WORLD_RULE = {"ipProtocol": "tcp", "cidrIpv4": "0.0.0.0/0", "description": "for a while"}


def _nodes_beside_the_load_balancer(draft: Draft) -> None:
    group = draft.get(NODE_GROUP, "apps-a")
    public = draft.get(SUBNET, "public-eu-central-1a")
    group.property_dependencies["subnetIds"] = {public.urn}


def _default_route_to_the_internet(draft: Draft) -> None:
    route = draft.get(ROUTE, PRIVATE)
    gateway = draft.get(INTERNET_GATEWAY)
    del route.inputs["natGatewayId"]
    route.property_dependencies["gatewayId"] = {gateway.urn}
    route.property_dependencies.pop("natGatewayId")
    # A public subnet is tagged for public load balancers.
    draft.of(SUBNET, PRIVATE)["tags"]["kubernetes.io/role/elb"] = "1"


def _inline_route_to_the_internet(draft: Draft) -> None:
    draft.remove(ROUTE, PRIVATE)
    draft.of(ROUTE_TABLE, PRIVATE)["routes"] = [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]
    draft.of(SUBNET, PRIVATE)["tags"]["kubernetes.io/role/elb"] = "1"


def _nat_of_another_zone(draft: Draft) -> None:
    other = draft.get(NAT, "nat-eu-central-1b")
    draft.get(ROUTE, PRIVATE).property_dependencies["natGatewayId"] = {other.urn}


def _association_with_a_foreign_table(draft: Draft) -> None:
    foreign = draft.get(ROUTE_TABLE, "private-eu-central-1b")
    draft.get(ASSOCIATION, PRIVATE).property_dependencies["routeTableId"] = {foreign.urn}


def _without_a_way_out(draft: Draft) -> None:
    draft.remove(ROUTE, PRIVATE)


def _world(inputs: dict[str, object], type_: str = INGRESS_RULE) -> Change:
    return make(type_, {**WORLD_RULE, **inputs})


def _group(**inputs: object) -> Change:
    return make(SECURITY_GROUP, {"description": "added", **inputs})


def _rename_elb_tag(draft: Draft) -> None:
    del draft.of(SUBNET, "public-eu-central-1a")["tags"]["kubernetes.io/role/elb"]


def _rename_internal_tag(draft: Draft) -> None:
    del draft.of(SUBNET, PRIVATE)["tags"]["kubernetes.io/role/internal-elb"]


def _open_endpoint(draft: Draft) -> None:
    vpc = draft.get(VPC)
    policy = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}'
    service = {"serviceName": "com.amazonaws.eu-west-1.ecr.dkr", "policy": policy}
    draft.add(ENDPOINT, "other", service, takes={"vpcId": vpc})


def _group_inline(rule: dict[str, object]) -> Change:
    return _group(ingress=[{"protocol": "tcp", "description": "for a while", **rule}])


def _old_rule(**inputs: object) -> Change:
    return make(SECURITY_GROUP_RULE, {"type": "ingress", "protocol": "tcp", "description": "x", **inputs})


def _second_vpc(draft: Draft) -> Request:
    vpc = draft.add(VPC, "second", {"cidrBlock": "10.99.0.0/16", "enableDnsHostnames": True}, protect=True)
    draft.add(FLOW_LOG, "second", {"trafficType": "ALL"}, takes={"vpcId": vpc})
    return draft.add(DEFAULT_SECURITY_GROUP, "second", {}, takes={"vpcId": vpc})


def _second_vpc_without_names(draft: Draft) -> None:
    _second_vpc(draft)
    draft.of(VPC, "second")["enableDnsSupport"] = False


NETWORK = [
    Mutation("vpc-has-flow-logs", remove(FLOW_LOG)),
    Mutation("flow-log-records-all-traffic", put(FLOW_LOG, "REJECT", "trafficType")),
    Mutation("vpc-default-security-group-is-managed", remove(DEFAULT_SECURITY_GROUP)),
    Mutation(
        "default-security-group-is-empty", put(DEFAULT_SECURITY_GROUP, [{"protocol": "-1", "self": True}], "ingress")
    ),
    Mutation("vpc-resolves-names", drop(VPC, "enableDnsHostnames")),
    Mutation("vpc-resolves-names", _second_vpc_without_names, id="second"),
    Mutation("subnet-gives-no-public-addresses", put(SUBNET, True, "mapPublicIpOnLaunch")),
    Mutation("node-subnet-has-no-internet-gateway-route", _nodes_beside_the_load_balancer),
    Mutation("node-subnet-has-no-internet-gateway-route", _default_route_to_the_internet, id="route"),
    Mutation("node-subnet-has-no-internet-gateway-route", _inline_route_to_the_internet, id="inline"),
    Mutation("nat-gateway-is-in-the-same-zone", _nat_of_another_zone),
    Mutation("nat-gateway-is-in-the-same-zone", _association_with_a_foreign_table, id="table"),
    Mutation("closed-node-subnet-has-endpoints", _without_a_way_out),
    Mutation("ecr-endpoint-is-limited", _open_endpoint),
    Mutation("subnet-has-load-balancer-tag", _rename_elb_tag),
    Mutation("subnet-has-load-balancer-tag", _rename_internal_tag, id="internal"),
    Mutation("security-group-opens-no-admin-port", _world({"fromPort": 22, "toPort": 22})),
    Mutation(
        "security-group-opens-no-admin-port",
        _group_inline({"fromPort": 3000, "toPort": 4000, "cidrBlocks": ["0.0.0.0/0"]}),
        id="inline",
    ),
    Mutation(
        "security-group-opens-no-admin-port",
        _old_rule(protocol="-1", fromPort=0, toPort=0, ipv6CidrBlocks=["::/0"]),
        id="everything",
    ),
    Mutation("security-group-opens-only-web-ports", _world({"fromPort": 10250, "toPort": 10250})),
    Mutation(
        "security-group-opens-only-web-ports", _old_rule(fromPort=5432, toPort=5432, cidrBlocks=["0.0.0.0/0"]), id="old"
    ),
    Mutation("security-group-rules-are-described", drop(INGRESS_RULE, "description")),
    Mutation(
        "security-group-limits-egress",
        make(EGRESS_RULE, {"ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0", "description": "out"}),
    ),
    Mutation(
        "network-acl-opens-no-admin-port",
        make(
            ACL_RULE, {"ruleAction": "allow", "cidrBlock": "0.0.0.0/0", "protocol": "tcp", "fromPort": 22, "toPort": 22}
        ),
    ),
    Mutation(
        "network-acl-opens-no-admin-port",
        make(
            ACL,
            {
                "ingress": [
                    {"action": "allow", "cidrBlock": "0.0.0.0/0", "protocol": "6", "fromPort": 3389, "toPort": 3389}
                ]
            },
        ),
        id="inline",
    ),
]
