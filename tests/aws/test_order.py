"""What must come before what, over the whole of prod: on the way up, and on the way down.

Each pitfall whose remedy is an order is one test that names it (the ids are those of the reference table of pitfalls).
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from infra.aws.addons import AFTER_NODES, BEFORE_NODES
from tests.aws.harness_aws import Graph, Made
from tests.aws.stacks import STACKS, run_shipped, run_stack, with_apps

REPOSITORY = STACKS.parent
VOLUME = {"data": {"mount": "/data", "size": "1Gi", "kind": "persistent"}}


@pytest.fixture(scope="module")
def prod() -> Graph:
    return run_shipped("prod").graph


@pytest.fixture(scope="module")
def tcp_and_volumes() -> Graph:
    apps = {
        "db": {"replicas": 1, "volumes": VOLUME, "traffic": {"protocol": "tcp"}},
        "quiet": {},
    }
    return run_stack(with_apps(apps)).graph


def assert_waits(graph: Graph, later: Iterable[Made], earlier: Iterable[Made]) -> None:
    later, earlier = list(later), list(earlier)
    assert later
    assert earlier
    missing = [
        f"{after.kind} {after.name} does not wait for {before.kind} {before.name}"
        for after in later
        for before in earlier
        if not graph.waits_for(after, before)
    ]
    assert missing == []


def assert_free(graph: Graph, later: Iterable[Made], earlier: Iterable[Made]) -> None:
    later, earlier = list(later), list(earlier)
    assert later
    assert earlier
    needless = [
        f"{after.kind} {after.name} waits for {before.kind} {before.name}"
        for after in later
        for before in earlier
        if graph.waits_for(after, before)
    ]
    assert needless == []


def assert_deleted_first(graph: Graph, first: Iterable[Made], then: Iterable[Made]) -> None:
    first, then = list(first), list(then)
    assert first
    assert then
    wrong = [
        f"{before.kind} {before.name} may be deleted after {after.kind} {after.name}"
        for before in first
        for after in then
        if not graph.deleted_before(before, after)
    ]
    assert wrong == []


def control_plane(graph: Graph) -> list[Made]:
    return [graph.one("eks:index:Cluster")]


def addons(graph: Graph, names: Iterable[str]) -> list[Made]:
    return [graph.one("aws:eks/addon:Addon", name) for name in names]


def releases(graph: Graph) -> list[Made]:
    return graph.all("Release")


def controller(graph: Graph) -> Made:
    return graph.one("Release", "load-balancer-controller")


def objects(graph: Graph) -> list[Made]:
    return [made for made in graph.resources if made.type.startswith("kubernetes:")]


def deployers_access(graph: Graph) -> list[Made]:
    found = [
        made
        for made in [*graph.all("AccessEntry"), *graph.all("AccessPolicyAssociation")]
        if "nightowl-deployer" in str(made.props["principalArn"])
    ]
    assert len(found) == 2
    return found


def association(graph: Graph, service_account: str) -> Made:
    found = [made for made in graph.all("PodIdentityAssociation") if made.props["serviceAccount"] == service_account]
    assert len(found) == 1
    return found[0]


def role_policies(graph: Graph, component: str) -> list[Made]:
    inside = graph.below(graph.one("nightowl:aws:PodIdentity", component))
    return [made for made in inside if made.kind in {"RolePolicy", "RolePolicyAttachment"}]


# The way up


def test_p28_the_control_planes_log_group_is_made_before_eks_would_make_its_own(prod: Graph) -> None:
    group = [made for made in prod.all("LogGroup") if made.props["name"] == "/aws/eks/nightowl-prod/cluster"]
    assert_waits(prod, control_plane(prod), group)


def test_p9_nodes_join_only_once_the_network_addons_are_there(prod: Graph) -> None:
    assert_waits(prod, prod.all("NodeGroup"), addons(prod, BEFORE_NODES))


def test_p9_nodes_are_made_once_they_can_reach_out(prod: Graph) -> None:
    assert_waits(prod, prod.all("NodeGroup"), prod.all("NatGateway"))


def test_p10_addons_that_run_as_deployments_find_nodes(prod: Graph) -> None:
    system = [made for made in prod.all("NodeGroup") if made.name.startswith("system-")]
    assert_waits(prod, addons(prod, AFTER_NODES), system)


def test_p5_nothing_is_made_in_the_cluster_before_the_deployer_has_access(prod: Graph) -> None:
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
def test_p22_pods_that_need_a_role_are_made_after_its_association(
    prod: Graph, pods: tuple[str, str], service_account: str
) -> None:
    assert_waits(prod, [prod.one(*pods)], [association(prod, service_account)])


def test_p22_pods_that_need_a_role_are_made_after_the_agent_that_hands_it_out(prod: Graph) -> None:
    with_role = [*releases(prod), *prod.all("Deployment"), *addons(prod, ["aws-ebs-csi-driver"])]
    assert_waits(prod, with_role, addons(prod, ["eks-pod-identity-agent"]))


def test_p22_a_role_has_its_permissions_before_a_pod_can_take_it(prod: Graph) -> None:
    for identity in prod.all("nightowl:aws:PodIdentity"):
        inside = prod.below(identity)
        permissions = [made for made in inside if made.kind in {"RolePolicy", "RolePolicyAttachment"}]
        assert_waits(prod, [made for made in inside if made.kind == "PodIdentityAssociation"], permissions)


def test_p24_custom_resources_are_made_after_what_brings_their_kind(prod: Graph) -> None:
    assert_waits(prod, prod.all("TargetGroupBinding"), [controller(prod)])
    assert_waits(prod, prod.all("SecretProviderClass"), addons(prod, ["aws-secrets-store-csi-driver-provider"]))


def test_p25_a_web_apps_pods_are_made_after_their_binding_or_they_would_have_no_readiness_gate(prod: Graph) -> None:
    web = [prod.one("Deployment", "web")]
    assert_waits(prod, web, [prod.one("TargetGroupBinding", "web-public-http")])
    assert_waits(prod, prod.all("TargetGroupBinding"), [prod.one("Service", "web")])


def test_p25_a_web_apps_pods_are_made_after_their_listener_rule_or_their_gate_would_never_open(prod: Graph) -> None:
    assert_waits(prod, [prod.one("Deployment", "web")], prod.all("ListenerRule"))


def test_p25_the_service_is_not_awaited_or_it_would_wait_for_pods_that_wait_for_it(prod: Graph) -> None:
    assert prod.one("Service", "web").props["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


def test_p25_a_tcp_apps_pods_are_made_after_their_binding_and_listener(tcp_and_volumes: Graph) -> None:
    graph = tcp_and_volumes
    before = [graph.one("TargetGroupBinding", "db-tcp"), graph.one("Listener", "tcp-8080")]
    assert_waits(graph, [graph.one("Deployment", "db")], before)


def test_p32_pods_never_run_before_their_network_policies(prod: Graph) -> None:
    of_namespace = [made for made in prod.all("NetworkPolicy") if made.name.startswith("namespace.")]
    assert_waits(prod, prod.all("Deployment"), of_namespace)
    for app in ("web", "worker"):
        assert_waits(prod, [prod.one("Deployment", app)], [prod.one("NetworkPolicy", app)])


def test_p23_a_claim_finds_its_storage_class_and_driver(tcp_and_volumes: Graph) -> None:
    graph = tcp_and_volumes
    before = [graph.one("StorageClass"), *addons(graph, ["aws-ebs-csi-driver"])]
    assert_waits(graph, graph.all("PersistentVolumeClaim"), before)


def test_pods_of_apps_find_nodes_and_dns(prod: Graph) -> None:
    of_apps = [made for made in prod.all("NodeGroup") if made.name.startswith("apps-")]
    assert_waits(prod, prod.all("Deployment"), [*of_apps, *addons(prod, ["coredns"])])


def test_a_load_balancer_logs_only_to_a_bucket_that_it_may_write_to(prod: Graph) -> None:
    assert_waits(prod, prod.all("LoadBalancer"), prod.all("BucketPolicy"))


# The way down


def test_p1_every_load_balancer_is_in_the_state_so_none_is_left_behind(prod: Graph) -> None:
    assert [made for made in objects(prod) if made.kind in {"Ingress", "Gateway"}] == []
    assert {made.props["spec"]["type"] for made in prod.all("Service")} == {"ClusterIP"}


def test_p1_load_balancers_and_their_groups_are_gone_before_the_network(prod: Graph) -> None:
    public = [made for made in prod.all("Subnet") if made.name.startswith("public-")]
    assert_deleted_first(prod, prod.all("LoadBalancer"), [*public, *prod.all("Vpc")])
    assert_deleted_first(prod, prod.all("TargetGroup"), prod.all("Vpc"))


def test_p1_load_balancers_are_made_after_the_way_to_the_internet_and_gone_before_it(
    prod: Graph, tcp_and_volumes: Graph
) -> None:
    for graph in (prod, tcp_and_volumes):
        [balancer] = graph.all("LoadBalancer")
        associations = [made for made in graph.all("RouteTableAssociation") if made.name.startswith("public-")]
        way = [graph.one("InternetGateway"), graph.one("aws:ec2/route:Route", "public"), *associations]
        assert_waits(graph, [balancer], way)
        assert_deleted_first(graph, [balancer], way)


def test_p1_claims_are_gone_before_the_driver_that_deletes_their_disks(tcp_and_volumes: Graph) -> None:
    graph = tcp_and_volumes
    driver = [*addons(graph, ["aws-ebs-csi-driver"]), association(graph, "ebs-csi-controller-sa")]
    assert_deleted_first(graph, graph.all("PersistentVolumeClaim"), driver)


@pytest.mark.parametrize("kind", ["prod", "tcp"])
def test_p2_the_controller_outlives_every_binding(prod: Graph, tcp_and_volumes: Graph, kind: str) -> None:
    graph = prod if kind == "prod" else tcp_and_volumes
    bindings = graph.all("TargetGroupBinding")
    assert_deleted_first(graph, bindings, [controller(graph)])
    assert_deleted_first(graph, bindings, graph.all("TargetGroup"))


def test_p2_so_does_all_that_the_controller_needs_to_work(prod: Graph) -> None:
    needed = [
        association(prod, "aws-load-balancer-controller"),
        *role_policies(prod, "load-balancer-controller"),
        *[made for made in prod.all("NodeGroup") if made.name.startswith("system-")],
        *addons(prod, BEFORE_NODES),
        *prod.all("NatGateway"),
    ]
    assert_deleted_first(prod, prod.all("TargetGroupBinding"), needed)


def test_p2_pods_are_deregistered_before_the_way_to_them_is_closed(prod: Graph) -> None:
    ways = [
        made
        for made in [*prod.all("SecurityGroupIngressRule"), *prod.all("SecurityGroupEgressRule")]
        if "pods" in made.name
    ]
    assert len(ways) == 2
    assert_deleted_first(prod, prod.all("TargetGroupBinding"), ways)


def test_p3_pods_go_before_nodes_nodes_before_the_vpc_cni_and_that_before_the_cluster(prod: Graph) -> None:
    cni = addons(prod, ["vpc-cni"])
    assert_deleted_first(prod, prod.all("Deployment"), prod.all("NodeGroup"))
    assert_deleted_first(prod, releases(prod), [made for made in prod.all("NodeGroup") if made.name.startswith("sys")])
    assert_deleted_first(prod, prod.all("NodeGroup"), cni)
    assert_deleted_first(prod, cni, control_plane(prod))


def test_p3_nodes_can_reach_out_until_they_are_gone(prod: Graph) -> None:
    assert_deleted_first(prod, prod.all("NodeGroup"), [*prod.all("NatGateway"), *prod.all("Route")])


def test_p5_the_deployers_access_outlives_every_object(prod: Graph) -> None:
    assert_deleted_first(prod, objects(prod), deployers_access(prod))


def test_p6_every_object_goes_before_the_control_plane(prod: Graph) -> None:
    assert_deleted_first(prod, objects(prod), control_plane(prod))


def test_p28_the_log_group_outlives_the_control_plane_that_writes_to_it(prod: Graph) -> None:
    group = [made for made in prod.all("LogGroup") if made.props["name"] == "/aws/eks/nightowl-prod/cluster"]
    assert_deleted_first(prod, control_plane(prod), group)


def test_the_autoscaler_goes_before_the_nodes_that_it_would_bring_back(prod: Graph) -> None:
    system = [made for made in prod.all("NodeGroup") if made.name.startswith("system-")]
    assert_deleted_first(prod, [prod.one("Release", "cluster-autoscaler")], system)


def test_p7_a_plain_destroy_is_enough_because_nothing_hooks_into_it() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "infra").rglob("*.py")]
    assert [text for text in sources if "ResourceHook" in text] == []


# What waits for nothing


def test_load_balancers_certificates_and_firewall_are_made_while_the_control_plane_is(prod: Graph) -> None:
    early = [*prod.all("LoadBalancer"), *prod.all("Listener"), *prod.all("WebAcl"), *prod.all("CertificateValidation")]
    assert_free(prod, early, control_plane(prod))


def test_the_control_plane_does_not_wait_for_the_way_out_of_the_network(prod: Graph) -> None:
    assert_free(prod, control_plane(prod), prod.all("NatGateway"))


def test_controllers_wait_neither_for_dns_nor_for_the_machines_of_apps(prod: Graph) -> None:
    of_apps = [made for made in prod.all("NodeGroup") if made.name.startswith("apps-")]
    assert_free(prod, releases(prod), [*addons(prod, ["coredns"]), *of_apps])


def test_apps_wait_for_no_controller_that_they_do_not_need(prod: Graph, tcp_and_volumes: Graph) -> None:
    needless = [
        prod.one("Release", "cluster-autoscaler"),
        *addons(prod, ["metrics-server", "eks-node-monitoring-agent"]),
    ]
    assert_free(prod, prod.all("Deployment"), needless)
    assert_free(prod, [prod.one("Deployment", "worker")], [controller(prod)])
    graph = tcp_and_volumes
    assert_free(graph, [graph.one("Deployment", "quiet")], [controller(graph), *graph.all("LoadBalancer")])
