"""What must come before what, over the whole of prod with a `tcp` app and volumes: on the way up, and on the way down.

It is read off the engine's own records, and held against what the engine did: its operations are in a journal.
Each pitfall whose remedy is an order is one test that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from infra.addons import AFTER_NODES, BEFORE_NODES
from infra.plan.plan import Plan
from tests.e2e.aws_program.recorded import Entry, Recorded, recorded
from tests.e2e.aws_program.stack import REPOSITORY, STACKS, EchoStack, echo_stack
from tests.echo.journal import Journal
from tests.echo.timetable import Timetable, timetable

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

VOLUME = {"data": {"mount": "/data", "size": "1Gi", "kind": "persistent"}}
APP = {"image": "ghcr.io/example/app:1.0.0", "port": 8080}


def open_to_destruction(sections: dict[str, Any]) -> None:
    """prod, with one app of each kind more, and without what keeps it from being destroyed."""
    sections["platform"]["protect"] = False
    sections["cluster"]["deletionProtection"] = False
    sections["apps"]["db"] = {**APP, "replicas": 1, "volumes": VOLUME, "traffic": {"protocol": "tcp"}}
    sections["apps"]["quiet"] = dict(APP)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EchoStack]:
    shipped = STACKS / "Pulumi.prod.yaml"
    with echo_stack(tmp_path_factory.mktemp("order"), shipped, open_to_destruction, policies=False) as made:
        yield made


@pytest.fixture(scope="module")
def plan(stack: EchoStack) -> Plan:
    return stack.plan()


@pytest.fixture(scope="module")
def times(stack: EchoStack, plan: Plan) -> Timetable:
    """The timetable that the first update followed."""
    times = timetable(plan.schedule)
    stack.account.gate = times
    stack.up()
    return times


@pytest.fixture(scope="module")
def way_up(stack: EchoStack, times: Timetable) -> Journal:
    assert stack.journal.of("create")
    return stack.journal


@pytest.fixture(scope="module")
def prod(stack: EchoStack, way_up: Journal) -> Recorded:
    return recorded(stack.state())


@pytest.fixture(scope="module")
def way_down(stack: EchoStack, prod: Recorded) -> Journal:
    stack.destroy()
    return stack.journal


def missing(graph: Recorded, later: Iterable[Entry], earlier: Iterable[Entry]) -> tuple[list[str], int]:
    """Who of `later` could be without one of `earlier`, and how many pairs there are."""
    later, earlier = list(later), list(earlier)
    assert later
    assert earlier
    found = [
        f"{after.label} does not need {before.label}"
        for after in later
        for before in earlier
        if before.urn not in graph.needs(after)
    ]
    return found, len(later) * len(earlier)


def assert_waits(graph: Recorded, later: Iterable[Entry], earlier: Iterable[Entry]) -> None:
    assert missing(graph, later, earlier)[0] == []


def assert_free(graph: Recorded, later: Iterable[Entry], earlier: Iterable[Entry]) -> None:
    found, pairs = missing(graph, later, earlier)
    assert len(found) == pairs


def assert_deleted_first(graph: Recorded, first: Iterable[Entry], then: Iterable[Entry]) -> None:
    assert_waits(graph, first, then)


def control_plane(graph: Recorded) -> list[Entry]:
    return [graph.one("eks:index:Cluster")]


def addons(graph: Recorded, names: Iterable[str]) -> list[Entry]:
    return [graph.one("aws:eks/addon:Addon", name) for name in names]


def releases(graph: Recorded) -> list[Entry]:
    return graph.all("Release")


def controller(graph: Recorded) -> Entry:
    return graph.one("Release", "load-balancer-controller")


def objects(graph: Recorded) -> list[Entry]:
    return [made for made in graph.entries.values() if made.custom and made.type.startswith("kubernetes:")]


def of_app(graph: Recorded, kind: str, app: str) -> list[Entry]:
    """What is named after an app and nothing else of its kind, such as its target group."""
    return [made for made in graph.all(kind) if re.split(r"[-.]", made.name)[0] == app]


def deployers_access(graph: Recorded) -> list[Entry]:
    found = [
        made
        for made in [*graph.all("AccessEntry"), *graph.all("AccessPolicyAssociation")]
        if "nightowl-deployer" in str(made.inputs["principalArn"])
    ]
    assert len(found) == 2
    return found


def association(graph: Recorded, service_account: str) -> Entry:
    found = [made for made in graph.all("PodIdentityAssociation") if made.inputs["serviceAccount"] == service_account]
    assert len(found) == 1
    return found[0]


def role_policies(graph: Recorded, component: str) -> list[Entry]:
    inside = graph.below(graph.one("nightowl:eks:PodIdentity", component))
    return [made for made in inside if made.kind in {"RolePolicy", "RolePolicyAttachment"}]


# The engine itself


def test_the_engine_takes_the_order_and_the_times_of_the_plan(times: Timetable, way_up: Journal) -> None:
    """In virtual time each creation ends when the plan says, or the engine waits for more than the plan knows."""
    assert times.missed == []
    assert {one.urn for one in way_up.of("create")} == set(times.steps)


def test_what_the_plan_says_that_a_resource_waits_for_is_there_when_it_is_begun(
    plan: Plan, times: Timetable, way_up: Journal
) -> None:
    ended = {one.urn: one.ended for one in way_up.of("create")}
    early = [
        f"{one.label} began before {step.resource.label} had ended"
        for one in way_up.of("create")
        for urn, step in times.steps.items()
        if step.end <= times.steps[one.urn].start and not (ended[urn] or 0) < one.begun
    ]
    assert early == []


def test_the_engine_made_and_deleted_in_the_order_that_it_recorded(
    prod: Recorded, way_up: Journal, way_down: Journal
) -> None:
    made = {one.urn: one for one in way_up.of("create")}
    gone = {one.urn: one for one in way_down.of("delete")}
    wrong = [
        f"{entry.label} and {prod.entries[urn].label}"
        for entry in prod.entries.values()
        for urn in prod.needs(entry)
        if (entry.urn in made and urn in made and not (made[urn].ended or 0) < made[entry.urn].begun)
        or (entry.urn in gone and urn in gone and not (gone[entry.urn].ended or 0) < gone[urn].begun)
    ]
    assert wrong == []


# The way up


def test_the_control_planes_log_group_is_made_before_eks_would_make_its_own(prod: Recorded) -> None:
    group = [made for made in prod.all("LogGroup") if made.inputs["name"] == "/aws/eks/nightowl-prod/cluster"]
    assert_waits(prod, control_plane(prod), group)


def test_nodes_join_only_once_the_network_addons_are_there(prod: Recorded) -> None:
    assert_waits(prod, prod.all("NodeGroup"), addons(prod, [addon.name for addon in BEFORE_NODES]))


def test_nodes_are_made_once_they_can_reach_out(prod: Recorded) -> None:
    assert_waits(prod, prod.all("NodeGroup"), prod.all("NatGateway"))


def test_addons_that_run_as_deployments_find_nodes(prod: Recorded) -> None:
    system = [made for made in prod.all("NodeGroup") if made.name.startswith("system-")]
    assert_waits(prod, addons(prod, [addon.name for addon in AFTER_NODES if addon.chart is None]), system)


def test_nothing_is_made_in_the_cluster_before_the_deployer_has_access(prod: Recorded) -> None:
    assert_waits(prod, objects(prod), deployers_access(prod))


@pytest.mark.parametrize(
    ("pods", "service_account"),
    [
        (("Release", "load-balancer-controller"), "aws-load-balancer-controller"),
        (("Release", "cluster-autoscaler"), "cluster-autoscaler"),
        (("aws:eks/addon:Addon", "vpc-cni"), "aws-node"),
        (("aws:eks/addon:Addon", "aws-ebs-csi-driver"), "ebs-csi-controller-sa"),
        (("Deployment", "web"), "web"),
    ],
    ids=["load balancer controller", "autoscaler", "VPC CNI", "EBS CSI driver", "app with secrets"],
)
def test_pods_that_need_a_role_are_made_after_its_association(
    prod: Recorded, pods: tuple[str, str], service_account: str
) -> None:
    assert_waits(prod, [prod.one(*pods)], [association(prod, service_account)])


def test_pods_that_need_a_role_are_made_after_the_agent_that_hands_it_out(prod: Recorded) -> None:
    with_role = [*releases(prod), *prod.all("Deployment"), *addons(prod, ["aws-ebs-csi-driver"])]
    assert_waits(prod, with_role, addons(prod, ["eks-pod-identity-agent"]))


def test_a_role_has_its_permissions_before_a_pod_can_take_it(prod: Recorded) -> None:
    for identity in prod.all("nightowl:eks:PodIdentity"):
        inside = prod.below(identity)
        permissions = [made for made in inside if made.kind in {"RolePolicy", "RolePolicyAttachment"}]
        assert_waits(prod, [made for made in inside if made.kind == "PodIdentityAssociation"], permissions)


def test_custom_resources_are_made_after_what_brings_their_kind(prod: Recorded) -> None:
    assert_waits(prod, prod.all("TargetGroupBinding"), [controller(prod)])
    assert_waits(prod, prod.all("SecretProviderClass"), addons(prod, ["aws-secrets-store-csi-driver-provider"]))


def test_a_web_apps_pods_are_made_after_their_binding_or_they_would_have_no_readiness_gate(prod: Recorded) -> None:
    web = [prod.one("Deployment", "web")]
    assert_waits(prod, web, of_app(prod, "TargetGroupBinding", "web"))
    assert_waits(prod, of_app(prod, "TargetGroupBinding", "web"), [prod.one("Service", "web")])


def test_a_web_apps_pods_are_made_after_their_listener_rule_or_their_gate_would_never_open(prod: Recorded) -> None:
    assert_waits(prod, [prod.one("Deployment", "web")], prod.all("ListenerRule"))


def test_the_service_is_not_awaited_or_it_would_wait_for_pods_that_wait_for_it(prod: Recorded) -> None:
    assert prod.one("Service", "web").inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


def test_a_tcp_apps_pods_are_made_after_their_binding_and_listener(prod: Recorded) -> None:
    listeners = [made for made in prod.all("Listener") if made.inputs["protocol"] == "TCP"]
    assert_waits(prod, [prod.one("Deployment", "db")], listeners)
    assert_waits(prod, [prod.one("Deployment", "db")], of_app(prod, "TargetGroupBinding", "db"))


def test_pods_never_run_before_their_network_policies(prod: Recorded) -> None:
    of_namespace = [made for made in prod.all("NetworkPolicy") if made.name.startswith("namespace.")]
    assert_waits(prod, prod.all("Deployment"), of_namespace)
    for app in ("web", "worker"):
        assert_waits(prod, [prod.one("Deployment", app)], [prod.one("NetworkPolicy", app)])


def test_a_claim_finds_its_storage_class_and_driver(prod: Recorded) -> None:
    before = [*prod.all("StorageClass"), *addons(prod, ["aws-ebs-csi-driver"])]
    assert_waits(prod, prod.all("PersistentVolumeClaim"), before)


def test_pods_of_apps_find_nodes_and_dns(prod: Recorded) -> None:
    of_apps = [made for made in prod.all("NodeGroup") if made.name.startswith("apps-")]
    assert_waits(prod, prod.all("Deployment"), [*of_apps, *addons(prod, ["coredns"])])


def test_a_load_balancer_logs_only_to_a_bucket_that_it_may_write_to(prod: Recorded) -> None:
    logging = [made for made in prod.all("LoadBalancer") if made.inputs.get("accessLogs")]
    assert_waits(prod, logging, prod.all("BucketPolicy"))


# The way down


def test_every_load_balancer_is_in_the_state_so_none_is_left_behind(prod: Recorded) -> None:
    assert [made for made in objects(prod) if made.kind in {"Ingress", "Gateway"}] == []
    assert {made.inputs["spec"]["type"] for made in prod.all("Service")} == {"ClusterIP"}


def test_load_balancers_and_their_groups_are_gone_before_the_network(prod: Recorded) -> None:
    public = [made for made in prod.all("Subnet") if made.name.startswith("public-")]
    assert_deleted_first(prod, prod.all("LoadBalancer"), [*public, *prod.all("Vpc")])
    assert_deleted_first(prod, prod.all("TargetGroup"), prod.all("Vpc"))


def test_load_balancers_are_made_after_the_way_to_the_internet_and_gone_before_it(prod: Recorded) -> None:
    associations = [made for made in prod.all("RouteTableAssociation") if made.name.startswith("public-")]
    way = [prod.one("InternetGateway"), prod.one("aws:ec2/route:Route", "public"), *associations]
    assert_waits(prod, prod.all("LoadBalancer"), way)
    assert_deleted_first(prod, prod.all("LoadBalancer"), way)


def test_claims_are_gone_before_the_driver_that_deletes_their_disks(prod: Recorded) -> None:
    driver = [*addons(prod, ["aws-ebs-csi-driver"]), association(prod, "ebs-csi-controller-sa")]
    assert_deleted_first(prod, prod.all("PersistentVolumeClaim"), driver)


def test_the_controller_outlives_every_binding(prod: Recorded) -> None:
    bindings = prod.all("TargetGroupBinding")
    assert_deleted_first(prod, bindings, [controller(prod)])
    for app in ("web", "db"):
        assert_deleted_first(prod, of_app(prod, "TargetGroupBinding", app), of_app(prod, "TargetGroup", app))


def test_so_does_all_that_the_controller_needs_to_work(prod: Recorded) -> None:
    needed = [
        association(prod, "aws-load-balancer-controller"),
        *role_policies(prod, "load-balancer-controller"),
        *[made for made in prod.all("NodeGroup") if made.name.startswith("system-")],
        *addons(prod, [addon.name for addon in BEFORE_NODES]),
        *prod.all("NatGateway"),
    ]
    assert_deleted_first(prod, prod.all("TargetGroupBinding"), needed)


def test_pods_are_deregistered_before_the_way_to_them_is_closed(prod: Recorded) -> None:
    rules = [*prod.all("SecurityGroupIngressRule"), *prod.all("SecurityGroupEgressRule")]
    for app, balancer in (("web", "alb"), ("db", "nlb")):
        ways = [rule for rule in rules if "pods" in rule.name and balancer in rule.name]
        assert len(ways) == 2
        assert_deleted_first(prod, of_app(prod, "TargetGroupBinding", app), ways)


def test_pods_go_before_nodes_nodes_before_the_vpc_cni_and_that_before_the_cluster(prod: Recorded) -> None:
    cni = addons(prod, ["vpc-cni"])
    assert_deleted_first(prod, prod.all("Deployment"), prod.all("NodeGroup"))
    assert_deleted_first(prod, releases(prod), [made for made in prod.all("NodeGroup") if made.name.startswith("sys")])
    assert_deleted_first(prod, prod.all("NodeGroup"), cni)
    assert_deleted_first(prod, cni, control_plane(prod))


def test_nodes_can_reach_out_until_they_are_gone(prod: Recorded) -> None:
    assert_deleted_first(prod, prod.all("NodeGroup"), [*prod.all("NatGateway"), *prod.all("Route")])


def test_the_deployers_access_outlives_every_object(prod: Recorded) -> None:
    assert_deleted_first(prod, objects(prod), deployers_access(prod))


def test_every_object_goes_before_the_control_plane(prod: Recorded) -> None:
    assert_deleted_first(prod, objects(prod), control_plane(prod))


def test_the_log_group_outlives_the_control_plane_that_writes_to_it(prod: Recorded) -> None:
    group = [made for made in prod.all("LogGroup") if made.inputs["name"] == "/aws/eks/nightowl-prod/cluster"]
    assert_deleted_first(prod, control_plane(prod), group)


def test_the_autoscaler_goes_before_the_nodes_that_it_would_bring_back(prod: Recorded) -> None:
    system = [made for made in prod.all("NodeGroup") if made.name.startswith("system-")]
    assert_deleted_first(prod, [prod.one("Release", "cluster-autoscaler")], system)


def test_a_plain_destroy_is_enough_because_nothing_hooks_into_it() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "infra").rglob("*.py")]
    assert [text for text in sources if "ResourceHook" in text] == []


# What waits for nothing


def test_load_balancers_certificates_and_firewall_are_made_while_the_control_plane_is(prod: Recorded) -> None:
    early = [*prod.all("LoadBalancer"), *prod.all("Listener"), *prod.all("WebAcl"), *prod.all("CertificateValidation")]
    assert_free(prod, early, control_plane(prod))


def test_the_control_plane_does_not_wait_for_the_way_out_of_the_network(prod: Recorded) -> None:
    assert_free(prod, control_plane(prod), prod.all("NatGateway"))


def test_controllers_wait_neither_for_dns_nor_for_the_machines_of_apps(prod: Recorded) -> None:
    of_apps = [made for made in prod.all("NodeGroup") if made.name.startswith("apps-")]
    assert_free(prod, releases(prod), [*addons(prod, ["coredns"]), *of_apps])


def test_apps_wait_for_no_controller_that_they_do_not_need(prod: Recorded) -> None:
    needless = [
        prod.one("Release", "cluster-autoscaler"),
        *addons(prod, ["metrics-server", "eks-node-monitoring-agent"]),
    ]
    assert_free(prod, prod.all("Deployment"), needless)
    assert_free(prod, [prod.one("Deployment", "worker")], [controller(prod)])
    assert_free(prod, [prod.one("Deployment", "quiet")], [controller(prod), *prod.all("LoadBalancer")])
