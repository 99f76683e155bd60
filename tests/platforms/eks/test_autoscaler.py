from __future__ import annotations

import json
from typing import Any

import pytest

from infra.addons.cluster_autoscaler import CHART, LONGEST_STOP_SECONDS
from infra.versions import INSTALLABLE_VERSIONS, KUBERNETES_VERSIONS
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.cluster_program import CLUSTER, build, default
from tests.platforms.eks.iam_evaluator import Call, allows

ASG = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:uuid:autoScalingGroupName/eks-apps-a-uuid"
ENABLED = {"aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true"}
OURS = {**ENABLED, f"aws:ResourceTag/k8s.io/cluster-autoscaler/{CLUSTER}": "owned"}
THEIRS = {**ENABLED, "aws:ResourceTag/k8s.io/cluster-autoscaler/nightowl-prod": "owned"}
NODE_GROUPS = f"arn:aws:eks:{REGION}:{ACCOUNT}:nodegroup"

CHART_KEYS = {
    # charts/cluster-autoscaler/values.yaml of kubernetes/autoscaler, with the chart's own default tag v1.35.0.
    "autoDiscovery",
    "awsRegion",
    "cloudProvider",
    "containerSecurityContext",
    "dnsPolicy",
    "extraArgs",
    "fullnameOverride",
    "image",
    "nodeSelector",
    "podDisruptionBudget",
    "priorityClassName",
    "rbac",
    "replicaCount",
    "resources",
    "securityContext",
    "tolerations",
    "topologySpreadConstraints",
}


def policy() -> dict[str, Any]:
    return json.loads(default().one("RolePolicy", "cluster-autoscaler-groups").props["policy"])


def values() -> dict[str, Any]:
    return default().one("Release").props["values"]


@pytest.mark.parametrize("action", ["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"])
def test_it_resizes_the_groups_of_this_cluster(action: str) -> None:
    assert allows(policy(), Call(action=f"autoscaling:{action}", resource=ASG, context=OURS))


@pytest.mark.parametrize("action", ["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"])
@pytest.mark.parametrize("context", [THEIRS, ENABLED, {}], ids=["another cluster's", "no cluster's", "untagged"])
def test_it_does_not_resize_a_group_that_is_not_this_clusters(action: str, context: dict[str, str]) -> None:
    # One cluster's autoscaler resizes another cluster's groups.
    assert not allows(policy(), Call(action=f"autoscaling:{action}", resource=ASG, context=context))


@pytest.mark.parametrize(
    "action", ["autoscaling:UpdateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup", "ec2:TerminateInstances"]
)
def test_it_changes_nothing_but_the_size(action: str) -> None:
    assert not allows(policy(), Call(action=action, resource=ASG, context=OURS))


def test_it_looks_at_the_node_groups_of_this_cluster_only() -> None:
    look = "eks:DescribeNodegroup"
    assert allows(policy(), Call(action=look, resource=f"{NODE_GROUPS}/{CLUSTER}/apps-a/uuid"))
    assert not allows(policy(), Call(action=look, resource=f"{NODE_GROUPS}/nightowl-prod/apps-a/uuid"))


def test_it_finds_groups_that_have_no_node() -> None:
    # It sees no groups, or does not scale one up from zero.
    for action in ("autoscaling:DescribeAutoScalingGroups", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeImages"):
        assert allows(policy(), Call(action=action))


@pytest.mark.parametrize("minor", INSTALLABLE_VERSIONS)
def test_its_version_is_that_of_the_control_plane(minor: str) -> None:
    # An autoscaler of another minor version simulates another scheduler.
    tag = build(cluster={"version": minor}).one("Release").props["values"]["image"]["tag"]
    assert tag == KUBERNETES_VERSIONS[minor].autoscaler_tag
    assert tag.startswith(f"v{minor}.")


def test_while_the_nodes_are_held_back_it_simulates_the_scheduler_of_the_control_plane() -> None:
    release = build(cluster={"version": "1.36", "nodesVersion": "1.35"}).one("Release")
    assert release.props["values"]["image"]["tag"].startswith("v1.36.")


def test_the_chart_is_pinned_and_knows_every_value() -> None:
    release = default().one("Release").props
    assert release["version"] == CHART.version
    assert release["repositoryOpts"] == {"repo": CHART.repository}
    assert set(release["values"]) == CHART_KEYS


def test_it_reaches_aws_without_the_metadata_service_and_without_the_clusters_dns() -> None:
    # With hop limit 1 a pod cannot ask for its region.
    assert values()["awsRegion"] == REGION
    assert values()["dnsPolicy"] == "Default"
    assert values()["autoDiscovery"] == {"clusterName": CLUSTER}


def test_two_replicas_on_the_system_pool_survive_the_loss_of_a_zone() -> None:
    found = values()
    assert found["replicaCount"] == 2
    assert found["podDisruptionBudget"] == {"maxUnavailable": 1}
    assert found["nodeSelector"] == {"nightowl/system": "true"}
    assert found["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists", "effect": "NoSchedule"}]
    assert found["topologySpreadConstraints"][0]["topologyKey"] == "topology.kubernetes.io/zone"
    assert found["priorityClassName"] == "system-cluster-critical"


def test_nodes_can_leave_although_apps_have_scratch_volumes_and_controllers_have_budgets() -> None:
    flags = values()["extraArgs"]
    assert flags["skip-nodes-with-local-storage"] is False
    assert flags["skip-nodes-with-system-pods"] is False
    assert flags["max-graceful-termination-sec"] == LONGEST_STOP_SECONDS


def test_zones_are_balanced_and_a_sold_out_one_is_given_up_soon() -> None:
    flags = values()["extraArgs"]
    assert flags["balance-similar-node-groups"] is True
    assert flags["expander"] == "least-waste"
    assert flags["max-node-provision-time"] == "7m0s"


def test_it_runs_without_privileges() -> None:
    found = values()
    assert found["securityContext"]["runAsNonRoot"] is True
    assert found["containerSecurityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_it_starts_with_its_role_and_waits_for_system_nodes_only() -> None:
    graph = default()
    release = graph.one("Release")
    # Its pods would run with the node's role.
    assert graph.waits_for(release, graph.one("PodIdentityAssociation", "cluster-autoscaler"))
    assert graph.waits_for(release, graph.one("NodeGroup", "system-a"))
    assert not graph.waits_for(release, graph.one("NodeGroup", "apps-a"))
    assert not any(graph.waits_for(release, graph.one("Addon", name)) for name in ("coredns", "metrics-server"))


def test_it_is_gone_before_the_groups_that_it_would_grow_again() -> None:
    graph = default()
    assert graph.deleted_before(graph.one("Release"), graph.one("NodeGroup", "system-a"))
    assert graph.deleted_before(graph.one("Release"), graph.one("PodIdentityAssociation", "cluster-autoscaler"))
