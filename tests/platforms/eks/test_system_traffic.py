"""The cluster's own pods under a network plugin that cuts off whatever no policy selects."""

from __future__ import annotations

from typing import Any

import pytest

from infra.addons import EKS_ADDON_NAMES
from tests.apps.network_evaluator import Address, Pod, allowed, app_pod
from tests.platforms.eks.cluster_program import VPC_CIDR, default
from tests.platforms.eks.stacks import run_stack, with_apps

CONTROL_PLANE, NODE, INTERNET = Address("10.0.255.10"), Address("10.0.3.7"), Address("198.51.100.7")
METADATA, POD_IDENTITY = Address("169.254.169.254"), Address("169.254.170.23")
SECRETS_NAMESPACE = "aws-secrets-manager"
NAMESPACES = ("kube-system", SECRETS_NAMESPACE)


def policies() -> list[dict[str, Any]]:
    return [made.props for made in default().all("NetworkPolicy")]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_namespace_of_add_ons_and_controllers_has_a_policy_for_all_its_pods(namespace: str) -> None:
    (policy,) = [policy for policy in policies() if policy["metadata"]["namespace"] == namespace]
    assert policy["spec"]["podSelector"] == {}
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize(
    ("caller", "port", "protocol"),
    [
        (CONTROL_PLANE, 9443, "TCP"),
        (CONTROL_PLANE, 10251, "TCP"),
        (NODE, 8080, "TCP"),
        (NODE, 53, "UDP"),
    ],
    ids=["webhooks", "metrics", "probes", "names"],
)
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_they_are_reached_from_the_vpc(namespace: str, caller: Address, port: int, protocol: str) -> None:
    assert allowed(policies(), caller, Pod({}, namespace), port, protocol)
    assert not allowed(policies(), INTERNET, Pod({}, namespace), port, protocol)


@pytest.mark.parametrize(("target", "port"), [(CONTROL_PLANE, 443), (INTERNET, 443), (NODE, 10250), (POD_IDENTITY, 80)])
def test_they_reach_the_api_server_aws_kubelets_and_their_credentials(target: Address, port: int) -> None:
    assert allowed(policies(), Pod({}, "kube-system"), target, port)


def test_they_do_not_reach_the_credentials_of_their_node() -> None:
    assert not allowed(policies(), Pod({}, "kube-system"), METADATA, 80)


@pytest.mark.parametrize("waiting", EKS_ADDON_NAMES)
def test_no_pod_starts_before_the_policy_of_kube_system_and_none_outlives_it(waiting: str) -> None:
    graph = default()
    policy = graph.one("NetworkPolicy", "system-traffic.kube-system")
    for made in [graph.one("Addon", waiting), *graph.all("NodeGroup"), *graph.all("Release")]:
        assert graph.waits_for(made, policy)
        assert graph.deleted_before(made, policy)


def test_the_secrets_driver_starts_after_the_policy_of_its_namespace_and_goes_before_it() -> None:
    graph = default()
    policy = graph.one("NetworkPolicy", f"system-traffic.{SECRETS_NAMESPACE}")
    driver = graph.one("Addon", "aws-secrets-store-csi-driver-provider")
    assert graph.waits_for(driver, policy)
    assert graph.deleted_before(driver, policy)


def test_no_node_waits_for_what_only_the_secrets_driver_needs() -> None:
    graph = default()
    policy = graph.one("NetworkPolicy", f"system-traffic.{SECRETS_NAMESPACE}")
    needless = [graph.one("Namespace", SECRETS_NAMESPACE), policy]
    for group in graph.all("NodeGroup"):
        assert not any(graph.waits_for(group, made) for made in needless)


def test_the_policies_wait_for_nothing_but_the_control_plane_and_access_to_it() -> None:
    """With a node ahead of them, strict mode would cut off the pods that make nodes ready."""
    graph = default()
    for policy in graph.all("NetworkPolicy"):
        assert policy.props["spec"]["ingress"] == [{"from": [{"ipBlock": {"cidr": VPC_CIDR}}]}]
        assert not any(graph.waits_for(policy, other) for kind in ("NodeGroup", "Addon") for other in graph.all(kind))


@pytest.mark.parametrize("ip", ["169.254.20.10", "10.100.0.10", "172.20.0.10"])
def test_apps_ask_a_cache_on_the_node_for_names_and_no_other_address(ip: str) -> None:
    made = [one.props for one in run_stack(with_apps({"web": {}})).graph.all("NetworkPolicy")]
    for protocol in ("UDP", "TCP"):
        assert allowed(made, app_pod("web"), Address(ip), 53, protocol)
        assert not allowed(made, app_pod("web"), NODE, 53, protocol)


def test_where_pods_without_a_policy_are_closed_the_switch_opens_them_but_for_the_credentials_of_their_node() -> None:
    settings = with_apps({"web": {}}, namespace={"networkPolicies": False})
    made = [one.props for one in run_stack(settings).graph.all("NetworkPolicy")]
    assert [one["metadata"]["name"] for one in made if one["metadata"]["namespace"] == "apps"] == [
        "namespace.allow-all"
    ]
    for target in (INTERNET, NODE, app_pod("other"), Pod({}, "elsewhere")):
        assert allowed(made, app_pod("web"), target, 443)
    assert allowed(made, INTERNET, app_pod("web"), 8080)
    assert not allowed(made, app_pod("web"), METADATA, 80)
