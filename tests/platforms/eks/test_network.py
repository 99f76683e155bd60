from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.network.flow_logs import flow_logs_policy
from infra.platforms.eks.network.network import Network, NetworkArgs
from infra.settings.eks.network import NetworkSettings
from infra.urns import provider_urn
from tests.platforms.eks.answers import ACCOUNT, REGION, ZONES
from tests.platforms.eks.harness_aws import Graph, Made, context_of_documents, run
from tests.platforms.eks.iam_evaluator import Call, allows

LOGS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"
FLOW_LOGS = "vpc-flow-logs.amazonaws.com"
GROUP = "/aws/vpc/nightowl-test/flow-logs"


def network(
    *,
    look: Callable[[Network], object] = lambda network: None,
    zones: tuple[str, ...] = ZONES,
    protect: bool = True,
    preview: bool = False,
    **settings: Any,
) -> Graph:
    def program(context: AwsContext) -> None:
        args = NetworkArgs(
            context=context,
            settings=NetworkSettings.model_validate(settings),
            zones=zones,
            logs_key_arn=LOGS_KEY,
        )
        look(Network("network", args, opts=pulumi.ResourceOptions(providers=[context.provider])))

    return run(program, protect=protect, preview=preview)


def way_out(graph: Graph, subnet: str) -> Made | None:
    """Follow the default route of a subnet to the gateway it leads to."""
    (association,) = [made for made in graph.all("RouteTableAssociation") if made.name == subnet]
    table = association.props["routeTableId"]
    routes = [made for made in graph.all("Route") if made.props["routeTableId"] == table]
    for route in routes:
        assert route.props["destinationCidrBlock"] == "0.0.0.0/0"
        for gateway in (*graph.all("NatGateway"), *graph.all("InternetGateway")):
            if gateway.urn in route.depends_on:
                return gateway
    return None


def test_each_zone_has_a_public_a_private_and_a_control_plane_subnet() -> None:
    graph = network()
    subnets = {made.name: made.props for made in graph.all("Subnet")}
    assert set(subnets) == {f"{tier}-{zone}" for tier in ("public", "private", "control-plane") for zone in ZONES}
    for name, props in subnets.items():
        assert name.endswith(props["availabilityZone"])


def test_nothing_gets_a_public_address_by_itself() -> None:
    assert all(made.props["mapPublicIpOnLaunch"] is False for made in network().all("Subnet"))


def test_load_balancer_controllers_find_the_subnets_meant_for_them() -> None:
    # A load balancer finds no usable subnets. A wrong cluster tag would hide a subnet.
    for made in network().all("Subnet"):
        found = {key: value for key, value in made.props["tags"].items() if key.startswith("kubernetes.io/")}
        tier = made.name.removesuffix(f"-{made.props['availabilityZone']}")
        assert (
            found
            == {
                "public": {"kubernetes.io/role/elb": "1"},
                "private": {"kubernetes.io/role/internal-elb": "1"},
                "control-plane": {},
            }[tier]
        )


def test_the_vpc_answers_names_that_private_endpoints_need() -> None:
    props = network().one("Vpc").props
    assert props["cidrBlock"] == "10.20.0.0/16"
    assert props["enableDnsSupport"] is True
    assert props["enableDnsHostnames"] is True


@pytest.mark.parametrize("protect", [True, False])
def test_the_vpc_and_its_subnets_are_protected_as_the_stack_is(protect: bool) -> None:
    graph = network(protect=protect)
    assert {made.protect for made in (graph.one("Vpc"), *graph.all("Subnet"))} == {protect}
    assert not any(made.protect for made in graph.all("NatGateway"))


def test_each_private_subnet_leaves_through_the_nat_gateway_of_its_own_zone() -> None:
    graph = network()
    for zone in ZONES:
        gateway = way_out(graph, f"private-{zone}")
        assert gateway is not None
        assert gateway.name == f"nat-{zone}"
        public = graph.one("Subnet", f"public-{zone}")
        assert public.urn in gateway.depends_on


def test_a_single_nat_gateway_serves_every_zone() -> None:
    graph = network(nat="single")
    gateway = graph.one("NatGateway")
    assert gateway.name == f"nat-{ZONES[0]}"
    assert len(graph.all("Eip")) == 1
    for zone in ZONES:
        assert way_out(graph, f"private-{zone}") == gateway


def test_public_subnets_lead_to_the_internet_and_control_plane_subnets_nowhere() -> None:
    graph = network()
    for zone in ZONES:
        gateway = way_out(graph, f"public-{zone}")
        assert gateway is not None
        assert gateway.kind == "InternetGateway"
        assert way_out(graph, f"control-plane-{zone}") is None


def test_no_subnet_is_left_on_the_main_route_table() -> None:
    graph = network()
    assert {made.name for made in graph.all("RouteTableAssociation")} == {made.name for made in graph.all("Subnet")}


def test_nat_gateways_and_their_addresses_go_before_the_internet_gateway_is_detached() -> None:
    # The internet gateway refuses to be detached while public addresses are mapped to it.
    graph = network()
    internet = graph.one("InternetGateway")
    for made in (*graph.all("NatGateway"), *graph.all("Eip")):
        assert graph.deleted_before(made, internet)


def test_nodes_can_wait_for_all_that_leads_outside() -> None:
    waited: list[pulumi.Resource] = []
    graph = network(look=lambda network: waited.extend(network.private_routes))
    names = {(type(made).__name__, made._name) for made in waited}
    assert {("NatGateway", f"nat-{zone}") for zone in ZONES} <= names
    assert {("Route", f"private-{zone}") for zone in ZONES} | {("Route", "public")} <= names
    associations = {("RouteTableAssociation", f"{tier}-{zone}") for tier in ("public", "private") for zone in ZONES}
    assert associations <= names
    assert len(names) == len(waited) == len(ZONES) * 4 + 1
    assert graph.resources


def test_the_network_tells_its_subnets_by_zone_and_its_cidrs_as_text() -> None:
    told: dict[str, Any] = {}

    def look(network: Network) -> None:
        told["cidrs"] = (network.public_cidrs, network.zones)
        for tier in ("public", "private", "control_plane"):
            ids = getattr(network, f"{tier}_subnet_ids")
            told[tier] = tuple(ids)
            for zone, subnet_id in ids.items():
                subnet_id.apply(lambda value, key=(tier, zone): told.update({key: value}))

    network(look=look, zones=ZONES[:2], cidr="10.20.0.0/16")
    assert told["cidrs"] == (("10.20.224.0/24", "10.20.225.0/24"), ZONES[:2])
    assert told["public"] == told["private"] == told["control_plane"] == ZONES[:2]
    ids = {value for key, value in told.items() if isinstance(key, tuple)}
    assert len(ids) == 6


def test_the_default_security_group_lets_nothing_through() -> None:
    props = network().one("DefaultSecurityGroup").props
    assert props["ingress"] == props["egress"] == []


def test_s3_is_reached_without_nat_from_every_private_subnet() -> None:
    graph = network()
    endpoint = graph.one("VpcEndpoint")
    assert endpoint.props["serviceName"] == f"com.amazonaws.{REGION}.s3"
    assert endpoint.props["vpcEndpointType"] == "Gateway"
    private = {made.urn for made in graph.all("RouteTable") if made.name != "public"}
    assert private <= endpoint.depends_on
    assert len(endpoint.props["routeTableIds"]) == len(private) == 4


def test_interface_endpoints_answer_https_from_the_vpc_in_every_zone() -> None:
    graph = network(interfaceEndpoints=["ecr.api", "sts"])
    group, rule = graph.one("SecurityGroup", "endpoints"), graph.one("SecurityGroupIngressRule", "endpoints")
    assert "ingress" not in group.props
    assert {key: rule.props[key] for key in ("cidrIpv4", "ipProtocol", "fromPort", "toPort")} == {
        "cidrIpv4": "10.20.0.0/16",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
    }
    control_plane = {graph.one("Subnet", f"control-plane-{zone}").urn for zone in ZONES}
    for name, service in (("ecr-api", "ecr.api"), ("sts", "sts")):
        endpoint = graph.one("VpcEndpoint", name)
        assert endpoint.props["serviceName"] == f"com.amazonaws.{REGION}.{service}"
        assert endpoint.props["vpcEndpointType"] == "Interface"
        assert endpoint.props["privateDnsEnabled"] is True
        assert len(endpoint.props["subnetIds"]) == len(ZONES)
        assert control_plane <= endpoint.depends_on
        assert group.urn in endpoint.depends_on


def test_without_interface_endpoints_there_is_no_group_for_them() -> None:
    assert not network().all("SecurityGroup")


def test_all_traffic_is_recorded_encrypted_and_forgotten_in_time() -> None:
    graph = network(flowLogRetentionDays=90)
    group, log = graph.one("LogGroup"), graph.one("FlowLog")
    assert group.props == {"name": GROUP, "retentionInDays": 90, "kmsKeyId": LOGS_KEY}
    assert log.props["trafficType"] == "ALL"
    assert log.props["logDestinationType"] == "cloud-watch-logs"
    assert graph.one("Vpc").urn in log.depends_on
    # The role must be able to write from the first record on, and the group must outlive the log.
    assert graph.waits_for(log, graph.one("RolePolicy"))
    assert graph.deleted_before(log, group)


def test_the_policy_of_the_flow_logs_is_the_one_tested_here() -> None:
    assert json.loads(network().one("RolePolicy").props["policy"]) == flow_logs_policy(context_of_documents())


def test_flow_logs_of_this_account_take_their_role_and_no_others() -> None:
    source = f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-flow-log/fl-1"
    context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": source}
    trust = json.loads(network().one("Role").props["assumeRolePolicy"])
    assert allows(trust, Call(action="sts:AssumeRole", principal=FLOW_LOGS, context=context))
    for key, value in (("aws:SourceAccount", "999999999999"), ("aws:SourceArn", source.replace(ACCOUNT, "9" * 12))):
        wrong = {**context, key: value}
        assert not allows(trust, Call(action="sts:AssumeRole", principal=FLOW_LOGS, context=wrong))


@pytest.mark.parametrize(
    ("action", "group", "allowed"),
    [
        ("logs:PutLogEvents", GROUP, True),
        ("logs:CreateLogStream", GROUP, True),
        ("logs:PutLogEvents", "/aws/eks/nightowl-test/cluster", False),
        ("logs:CreateLogGroup", GROUP, False),
        ("logs:DeleteLogGroup", GROUP, False),
    ],
)
def test_flow_logs_write_to_their_own_group_and_cannot_make_it_again(action: str, group: str, allowed: bool) -> None:
    # A log group that comes back after a destroy never expires, and the next creation fails on its name.
    resource = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:eni-1"
    policy = flow_logs_policy(context_of_documents())
    assert allows(policy, Call(action=action, resource=resource)) is allowed


@pytest.mark.parametrize("preview", [True, False])
def test_every_resource_uses_the_stacks_provider(preview: bool) -> None:
    graph = network(preview=preview)
    custom = [made for made in graph.resources if made.custom and made.kind != "aws"]
    assert custom
    assert all(provider_urn(made.provider) == graph.one("aws").urn for made in custom)


@pytest.mark.parametrize(("zones", "nat", "count"), [(2, "single", 1), (3, "perZone", 3), (4, "perZone", 4)])
def test_any_number_of_zones_is_built(zones: int, nat: str, count: int) -> None:
    graph = network(zones=tuple(f"us-east-1{letter}" for letter in "abcd"[:zones]), nat=nat)
    assert len(graph.all("NatGateway")) == count
    assert len(graph.all("Subnet")) == zones * 3
