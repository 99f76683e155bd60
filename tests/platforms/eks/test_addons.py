from __future__ import annotations

import json
from typing import Any

import pytest

from infra.addons import ADDONS, AFTER_NODES, BEFORE_NODES, EKS_ADDON_NAMES
from infra.addons.addon import ClusterFacts
from infra.labels import SYSTEM_LABEL
from tests.platforms.eks.answers import ACCOUNT, ADDON_VERSION, REGION
from tests.platforms.eks.cluster_program import build, default
from tests.platforms.eks.harness_aws import Graph, Made

KNOWN_KEYS: dict[str, set[str]] = {
    # The schemas that `aws eks describe-addon-configuration` printed: AWS CLI reference, terraform-aws-eks docs/addons.
    "vpc-cni": {"enableNetworkPolicy", "env", "init", "nodeAgent", "resources", "tolerations", "affinity", "eniConfig"},
    "coredns": {
        "affinity",
        "autoScaling",
        "computeType",
        "corefile",
        "nodeSelector",
        "podAnnotations",
        "podDisruptionBudget",
        "podLabels",
        "replicaCount",
        "resources",
        "tolerations",
        "topologySpreadConstraints",
    },
    # Values of the add-on's chart, printed in jupyter-infra/jupyter-k8s pull request 289.
    "metrics-server": {
        "affinity",
        "nodeSelector",
        "podAnnotations",
        "podDisruptionBudget",
        "podLabels",
        "replicas",
        "resources",
        "tolerations",
        "topologySpreadConstraints",
    },
    # charts/aws-ebs-csi-driver/values.schema.json, 2.64.0.
    "aws-ebs-csi-driver": {"controller", "node", "sidecars", "defaultStorageClass"},
    # charts/secrets-store-csi-driver-provider-aws/values.yaml, 3.1.1.
    "aws-secrets-store-csi-driver-provider": {"awsRegion", "nodeSelector", "tolerations", "secrets-store-csi-driver"},
}


FACTS = ClusterFacts(name="nightowl-test", account_id=ACCOUNT, region=REGION)
OF_EKS = {addon.name: addon for addon in ADDONS if addon.chart is None}


def values(graph: Graph, addon: str) -> dict[str, Any]:
    return json.loads(graph.one("Addon", addon).props["configurationValues"])


def groups(graph: Graph, pool: str) -> list[Made]:
    return [made for made in graph.all("NodeGroup") if made.name.startswith(f"{pool}-")]


def test_every_add_on_that_the_settings_can_pin_is_made() -> None:
    assert {made.props["addonName"] for made in default().all("Addon")} == set(EKS_ADDON_NAMES)


def test_an_add_on_gets_awss_default_version_for_the_cluster() -> None:
    assert {made.props["addonVersion"] for made in default().all("Addon")} == {ADDON_VERSION}


def test_a_pinned_version_is_taken_as_it_is() -> None:
    graph = build(cluster={"addons": {"coredns": "v1.13.2-eksbuild.31"}})
    assert graph.one("Addon", "coredns").props["addonVersion"] == "v1.13.2-eksbuild.31"
    assert graph.one("Addon", "kube-proxy").props["addonVersion"] == ADDON_VERSION


def test_nothing_changed_by_hand_survives_and_nothing_stays_behind() -> None:
    for made in default().all("Addon"):
        assert made.props["resolveConflictsOnCreate"] == "OVERWRITE"
        assert made.props["resolveConflictsOnUpdate"] == "OVERWRITE"
        assert made.props["preserve"] is False


@pytest.mark.parametrize("addon", [name for name, addon in OF_EKS.items() if addon.values(FACTS)])
def test_an_add_on_is_told_only_what_it_knows(addon: str) -> None:
    assert set(OF_EKS[addon].values(FACTS)) <= KNOWN_KEYS[addon]


def test_pods_get_addresses_by_prefix_and_network_policies_hold_from_the_first_packet() -> None:
    assert values(default(), "vpc-cni") == {
        "enableNetworkPolicy": "true",
        "env": {
            "ENABLE_PREFIX_DELEGATION": "true",
            "WARM_PREFIX_TARGET": "1",
            "NETWORK_POLICY_ENFORCING_MODE": "strict",
        },
    }


TOLERATED_BY_DEFAULT = {
    "vpc-cni": "amazon-vpc-cni-k8s v1.23.1, charts/aws-vpc-cni/values.yaml",
    "kube-proxy": 'EKS user guide, "Manage kube-proxy in Amazon EKS clusters"',
    "eks-pod-identity-agent": "eks-pod-identity-agent, charts/eks-pod-identity-agent/values.yaml",
    "aws-ebs-csi-driver": 'aws-ebs-csi-driver 2.64.0, docs/install.md, "Configure driver toleration settings"',
    "eks-node-monitoring-agent": "eks-node-monitoring-agent, chart 1.7.0",
}
"""Add-ons whose daemons tolerate every taint by themselves, and where that is said."""
EVERY_TAINT = [{"operator": "Exists"}]
CONTROLLERS = [name for name, addon in OF_EKS.items() if "nodeSelector" in addon.values(FACTS)]
"""Add-ons all of whose pods choose their nodes; every other one has a daemon, which runs on each."""


@pytest.mark.parametrize("addon", sorted(OF_EKS.keys() - set(CONTROLLERS)))
def test_what_apps_need_on_their_node_runs_on_every_node_whatever_its_taints(addon: str) -> None:
    configured = OF_EKS[addon].values(FACTS)
    daemon = configured.get("nodeAgent", configured.get("node", configured))
    default = EVERY_TAINT if addon in TOLERATED_BY_DEFAULT else None
    assert daemon.get("tolerations", default) == EVERY_TAINT


def test_dns_grows_with_the_cluster_on_the_system_pool_over_the_zones() -> None:
    # An update of the add-on fights whoever else sets the replicas.
    dns = values(default(), "coredns")
    assert dns["autoScaling"] == {"enabled": True, "minReplicas": 2, "maxReplicas": 20}
    assert "replicaCount" not in dns
    (spread,) = dns["topologySpreadConstraints"]
    assert spread["topologyKey"] == "topology.kubernetes.io/zone"
    assert spread["labelSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}


@pytest.mark.parametrize("addon", [*CONTROLLERS, "aws-ebs-csi-driver"])
def test_controllers_run_on_the_system_pool_and_nowhere_else(addon: str) -> None:
    placed = values(default(), addon)
    placed = placed.get("controller", placed)
    assert placed["nodeSelector"] == {SYSTEM_LABEL: "true"}
    assert placed["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists", "effect": "NoSchedule"}]


@pytest.mark.parametrize("addon", [addon.name for addon in BEFORE_NODES])
def test_nodes_find_their_network_and_credentials_when_they_join(addon: str) -> None:
    # "cni plugin not initialized".
    graph = default()
    for group in graph.all("NodeGroup"):
        assert graph.waits_for(group, graph.one("Addon", addon))
        assert graph.deleted_before(group, graph.one("Addon", addon))


@pytest.mark.parametrize("addon", [addon.name for addon in AFTER_NODES if addon.chart is None])
def test_controllers_find_system_nodes_and_do_not_wait_for_the_apps_machines(addon: str) -> None:
    # An add-on without nodes is degraded, and fails after 20 minutes.
    graph = default()
    made = graph.one("Addon", addon)
    assert all(graph.waits_for(made, group) for group in groups(graph, "system"))
    assert not any(graph.waits_for(made, group) for group in groups(graph, "apps"))
    assert all(graph.deleted_before(made, group) for group in groups(graph, "system"))


@pytest.mark.parametrize("addon", ["vpc-cni", "aws-ebs-csi-driver"])
def test_an_add_on_that_calls_aws_gets_its_role_before_its_pods_are_made(addon: str) -> None:
    # A pod made before the association runs with the node's role.
    graph = default()
    association = graph.one("PodIdentityAssociation", addon.removeprefix("aws-"))
    assert graph.waits_for(graph.one("Addon", addon), association)
    assert graph.deleted_before(graph.one("Addon", addon), association)


def test_no_add_on_owns_an_association_of_its_own() -> None:
    # One owner per service account: an update of the add-on's list would remove the other's.
    for made in default().all("Addon"):
        assert "podIdentityAssociations" not in made.props
        assert "serviceAccountRoleArn" not in made.props
