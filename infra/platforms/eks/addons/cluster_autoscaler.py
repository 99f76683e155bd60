"""Cluster Autoscaler: adds nodes for pods that find no room, and removes what is not needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from infra.platforms.eks.nodes.placement import system_selector, system_tolerations, zone_spread
from infra.settings.eks.drain import LONGEST_STOP_SECONDS
from infra.versions import CLUSTER_AUTOSCALER, KUBERNETES_VERSIONS

NAMESPACE = "kube-system"
RELEASE = "cluster-autoscaler"
"""Name of the release, its Deployment and its service account."""
REPLICAS = 2
"""One acts, the other takes over by leader election."""
INSTALL_TIMEOUT_SECONDS = 600
UNPRIVILEGED_USER = 65534


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    """`cluster_name` is the name as the made cluster tells it; `system_groups` are the node groups that it runs on."""

    context: AwsContext
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    kubernetes: k8s.Provider
    system_groups: Sequence[pulumi.Resource]


class Autoscaler(pulumi.ComponentResource):
    """The controller, with a role that moves no Auto Scaling group but this cluster's.

    It waits for the system pools only, and resolves names without the cluster's DNS, so that it can bring nodes back
    for a cluster that has lost DNS.
    """

    release: k8s.helm.v3.Release

    def __init__(self, name: str, args: AutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Autoscaler", name, None, opts)
        identity = self._make_identity(args)
        self.release = self._make_release(args, identity)
        self.register_outputs({})

    def _make_identity(self, args: AutoscalerArgs) -> PodIdentity:
        return PodIdentity(
            RELEASE,
            PodIdentityArgs(
                context=args.context,
                cluster_name=args.cluster_name,
                namespace=NAMESPACE,
                service_account=RELEASE,
                policies={"groups": autoscaler_policy(args.context)},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_release(self, args: AutoscalerArgs, identity: PodIdentity) -> k8s.helm.v3.Release:
        return k8s.helm.v3.Release(
            RELEASE,
            name=RELEASE,
            namespace=NAMESPACE,
            chart=CLUSTER_AUTOSCALER.chart,
            version=CLUSTER_AUTOSCALER.version,
            repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo=CLUSTER_AUTOSCALER.repository),
            values=autoscaler_values(args.context, kubernetes_version=args.kubernetes_version),
            # A first install that fails is taken back, or the next attempt would find the name in use.
            atomic=True,
            timeout=INSTALL_TIMEOUT_SECONDS,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=args.kubernetes,
                # Its pods need a node, and get their role when they are admitted: one made before the association would
                # run with the node's. On the way down it goes before the groups, or it would bring nodes back.
                depends_on=[identity.association, *args.system_groups],
            ),
        )


def autoscaler_policy(context: AwsContext) -> Document:
    """What the autoscaler may do: look at groups, and resize those that EKS tagged as this cluster's.

    Actions: Cluster Autoscaler, AWS provider's README, "Full Cluster Autoscaler Features Policy"; EKS tags the groups
    behind its node groups for discovery by itself (EKS user guide, managed node groups).
    """
    here = f"{context.region}:{context.account_id}"
    return policy_document(
        Statement(
            sid="Look",
            # None of these has a resource-level permission.
            actions=[
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "autoscaling:DescribeTags",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ],
            resources=["*"],
        ),
        Statement(
            sid="LookAtNodeGroups",
            actions=["eks:DescribeNodegroup"],
            resources=[f"arn:{context.partition}:eks:{here}:nodegroup/{context.name}/*/*"],
        ),
        Statement(
            sid="ResizeGroupsOfThisCluster",
            actions=["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            resources=[f"arn:{context.partition}:autoscaling:{here}:autoScalingGroup:*:autoScalingGroupName/*"],
            conditions={
                "StringEquals": {
                    "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
                    f"aws:ResourceTag/k8s.io/cluster-autoscaler/{context.name}": "owned",
                }
            },
        ),
    )


def autoscaler_values(context: AwsContext, *, kubernetes_version: str) -> Mapping[str, Any]:
    """Return the values of the chart. The image fits the control plane, whose scheduler the autoscaler simulates."""
    return {
        "fullnameOverride": RELEASE,
        "cloudProvider": "aws",
        # Asked of the instance metadata service otherwise, which pods do not reach.
        "awsRegion": context.region,
        "autoDiscovery": {"clusterName": context.name},
        "image": {"tag": KUBERNETES_VERSIONS[kubernetes_version].autoscaler_tag},
        "replicaCount": REPLICAS,
        "rbac": {"serviceAccount": {"name": RELEASE}},
        "extraArgs": _flags(),
        "priorityClassName": "system-cluster-critical",
        # The VPC's resolver: the autoscaler calls AWS only, and must work while the cluster's DNS waits for a node.
        "dnsPolicy": "Default",
        "nodeSelector": system_selector(),
        "tolerations": system_tolerations(),
        "topologySpreadConstraints": zone_spread({"app.kubernetes.io/instance": RELEASE}),
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
    """Flags that differ from the defaults of 1.36 (Cluster Autoscaler FAQ, "What are the parameters to CA?")."""
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
