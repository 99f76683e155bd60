"""The EKS add-ons of a cluster: those that nodes need to join, and those that need nodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.addons.addon_values import addon_values
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from infra.settings.eks.cluster import ClusterSettings

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
AFTER_NODES = (
    "coredns",
    "metrics-server",
    "aws-ebs-csi-driver",
    "eks-node-monitoring-agent",
    "aws-secrets-store-csi-driver-provider",
)


@dataclass(frozen=True, kw_only=True)
class NetworkAddonsArgs:
    """`cluster_name` is the name as the made cluster tells it (`Cluster.made_name`).

    `traffic` is the network policy of the pods in `kube-system`, which the VPC CNI would cut off without.
    """

    context: AwsContext
    settings: ClusterSettings
    cluster_name: pulumi.Input[str]
    traffic: pulumi.Resource


class NetworkAddons(pulumi.ComponentResource):
    """What must run on a node before it is ready: addresses for pods, Services, and AWS credentials for pods.

    Node groups wait for `addons`; on the way down the groups go first, while the VPC CNI still serves them.
    """

    addons: Sequence[aws.eks.Addon]

    def __init__(self, name: str, args: NetworkAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:NetworkAddons", name, None, opts)
        identity = self._make_vpc_cni_identity(args)
        waits_for = {"vpc-cni": [identity.association, args.traffic]}
        self.addons = tuple(
            make_addon(
                addon,
                context=args.context,
                settings=args.settings,
                cluster_name=args.cluster_name,
                depends_on=waits_for.get(addon, []),
                parent=self,
            )
            for addon in BEFORE_NODES
        )
        self.register_outputs({})

    def _make_vpc_cni_identity(self, args: NetworkAddonsArgs) -> PodIdentity:
        """Create a role for the VPC CNI, so that the nodes' role cannot change network interfaces.

        The policy is AWS's, which changes together with the add-on; the narrower example of the VPC CNI's documentation
        needs a setting that the add-on's configuration does not take (`CLUSTER_NAME`).
        """
        return PodIdentity(
            "vpc-cni",
            PodIdentityArgs(
                context=args.context,
                cluster_name=args.cluster_name,
                namespace="kube-system",
                service_account="aws-node",
                managed_policy_arns={"network": f"arn:{args.context.partition}:iam::aws:policy/AmazonEKS_CNI_Policy"},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


@dataclass(frozen=True, kw_only=True)
class ControllerAddonsArgs:
    """What the add-ons wait for.

    `system_groups` are the node groups of the system pools, `storage_association` lets the EBS CSI driver make volumes,
    `secrets_traffic` is the network policy without which the VPC CNI would cut off the secrets driver.
    """

    context: AwsContext
    settings: ClusterSettings
    cluster_name: pulumi.Input[str]
    system_groups: Sequence[pulumi.Resource]
    storage_association: pulumi.Resource
    secrets_traffic: pulumi.Resource


class ControllerAddons(pulumi.ComponentResource):
    """Controllers and daemons that apps rely on: DNS, metrics, volumes, node health, secrets.

    They wait for the system pools only, not for the apps' machines. `dns`, `metrics`, `volumes` and `secrets` are there
    for who needs just that one.
    """

    addons: Sequence[aws.eks.Addon]
    dns: aws.eks.Addon
    metrics: aws.eks.Addon
    volumes: aws.eks.Addon
    secrets: aws.eks.Addon

    def __init__(self, name: str, args: ControllerAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:ControllerAddons", name, None, opts)
        made = {addon: self._make_addon(addon, args) for addon in AFTER_NODES}
        self.addons = tuple(made.values())
        self.dns = made["coredns"]
        self.metrics = made["metrics-server"]
        self.volumes = made["aws-ebs-csi-driver"]
        self.secrets = made["aws-secrets-store-csi-driver-provider"]
        self.register_outputs({})

    def _make_addon(self, addon: str, args: ControllerAddonsArgs) -> aws.eks.Addon:
        own = {
            # A pod made before the association would run with the node's role.
            "aws-ebs-csi-driver": [args.storage_association],
            "aws-secrets-store-csi-driver-provider": [args.secrets_traffic],
        }
        return make_addon(
            addon,
            context=args.context,
            settings=args.settings,
            cluster_name=args.cluster_name,
            # An add-on whose pods find no node becomes degraded, and fails after 20 minutes.
            depends_on=[*args.system_groups, *own.get(addon, [])],
            parent=self,
        )


def make_addon(
    name: str,
    *,
    context: AwsContext,
    settings: ClusterSettings,
    cluster_name: pulumi.Input[str],
    depends_on: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> aws.eks.Addon:
    """Make add-on `name` in the version that the settings pin, else in AWS's default for the add-ons' Kubernetes."""
    values = addon_values(name, region=context.region)
    return aws.eks.Addon(
        name,
        cluster_name=cluster_name,
        addon_name=name,
        addon_version=settings.addons.get(name) or _default_version(name, settings.minor_of_addons, parent),
        configuration_values=json.dumps(values) if values else None,
        # The code says what an add-on is: nothing changed by hand survives.
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        preserve=False,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on)),
    )


def _default_version(name: str, kubernetes_version: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    return aws.eks.get_addon_version_output(
        addon_name=name,
        kubernetes_version=kubernetes_version,
        most_recent=False,
        opts=pulumi.InvokeOutputOptions(parent=parent),
    ).apply(lambda found: found.version)
