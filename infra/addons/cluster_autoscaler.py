"""Cluster Autoscaler: adds nodes for pods that find no room, and removes what is not needed.

It resolves names without the cluster's DNS, so that it can bring nodes back for a cluster that has lost DNS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.addons.addon import RELEASE_SECONDS, RELEASE_SOURCE, Addon, Chart, ClusterFacts, on_system_pools
from infra.iam import Statement, allow
from infra.versions import KUBERNETES_VERSIONS

NAME = "cluster-autoscaler"
CHART = Chart(repository="https://kubernetes.github.io/autoscaler", chart="cluster-autoscaler", version="9.59.0")
"""Chart of 2026-07-21, the newest that was seen (kubernetes/autoscaler, charts/cluster-autoscaler/Chart.yaml; read
2026-11-26). Its own image tag is v1.35.0, so the tag is always given."""
REPLICAS = 2
"""One acts, the other takes over by leader election."""
LONGEST_STOP_SECONDS = 600
"""It ends pods of a node that it removes after this long; no app may take longer to stop."""
UNPRIVILEGED_USER = 65534


def _permissions(cluster: ClusterFacts) -> Mapping[str, Sequence[Statement]]:
    """Return the right to look at groups, and to resize those that EKS tagged as this cluster's.

    Actions: Cluster Autoscaler, AWS provider's README, "Full Cluster Autoscaler Features Policy"; EKS tags the groups
    behind its node groups for discovery by itself (EKS user guide, managed node groups).
    """
    mark = "aws:ResourceTag/k8s.io/cluster-autoscaler"
    return {
        "groups": [
            allow(
                "Look",
                # None of these has a resource-level permission.
                "autoscaling:DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeLaunchConfigurations "
                "DescribeScalingActivities DescribeTags "
                "ec2:DescribeImages DescribeInstanceTypes DescribeLaunchTemplateVersions "
                "GetInstanceTypesFromInstanceRequirements",
            ),
            allow("LookAtNodeGroups", "eks:DescribeNodegroup", cluster.arn("eks", f"nodegroup/{cluster.name}/*/*")),
            allow(
                "ResizeGroupsOfThisCluster",
                "autoscaling:SetDesiredCapacity TerminateInstanceInAutoScalingGroup",
                cluster.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*"),
                when={"StringEquals": {f"{mark}/enabled": "true", f"{mark}/{cluster.name}": "owned"}},
            ),
        ]
    }


def _values(cluster: ClusterFacts) -> Mapping[str, Any]:
    """Return the values of the chart. The image fits the control plane, whose scheduler the autoscaler simulates."""
    return {
        "fullnameOverride": NAME,
        "cloudProvider": "aws",
        # Asked of the instance metadata service otherwise, which pods do not reach.
        "awsRegion": cluster.region,
        "autoDiscovery": {"clusterName": cluster.name},
        "image": {"tag": KUBERNETES_VERSIONS[cluster.kubernetes_version].autoscaler_tag},
        "replicaCount": REPLICAS,
        "rbac": {"serviceAccount": {"name": NAME}},
        "extraArgs": _flags(),
        "priorityClassName": "system-cluster-critical",
        # The VPC's resolver: the autoscaler calls AWS only, and must work while the cluster's DNS waits for a node.
        "dnsPolicy": "Default",
        **on_system_pools({"app.kubernetes.io/instance": NAME}),
        "podDisruptionBudget": {"maxUnavailable": 1},
        "resources": {"requests": {"cpu": "100m", "memory": "600Mi"}, "limits": {"memory": "600Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": UNPRIVILEGED_USER,
            "runAsGroup": UNPRIVILEGED_USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _flags() -> Mapping[str, Any]:
    """Return what differs from the defaults of 1.36 (Cluster Autoscaler FAQ, "What are the parameters to CA?")."""
    return {
        "expander": "least-waste",
        # Grows the groups of a pool evenly over the zones.
        "balance-similar-node-groups": True,
        # A read-only root file system brings every app an emptyDir, which would keep every node forever.
        "skip-nodes-with-local-storage": False,
        # Budgets protect the controllers; without this their nodes would never leave.
        "skip-nodes-with-system-pods": False,
        # A sold-out zone or type is given up after 7 minutes, not 15: then another group is tried.
        "max-node-provision-time": "7m0s",
        "max-graceful-termination-sec": LONGEST_STOP_SECONDS,
    }


ADDON = Addon(
    name=NAME,
    chart=CHART,
    values=_values,
    service_account=NAME,
    permissions=_permissions,
    seconds=RELEASE_SECONDS,
    source=RELEASE_SOURCE,
)
