"""Volumes for pods: what the EBS CSI driver may do, and the class that claims get by default."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from infra.platforms.eks.nodes.launch_template import CLUSTER_NAME_TAG

DRIVER_NAMESPACE = "kube-system"
DRIVER_SERVICE_ACCOUNT = "ebs-csi-controller-sa"
STORAGE_CLASS = "gp3"


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """`cluster_name` is the name as the made cluster tells it, `volumes_key_arn` the key of every volume."""

    context: AwsContext
    cluster_name: pulumi.Input[str]
    volumes_key_arn: pulumi.Input[str]
    kubernetes: k8s.Provider


class Storage(pulumi.ComponentResource):
    """The driver's role, and the default StorageClass: gp3, encrypted under the stack's key, in the zone of its pod.

    Since Kubernetes 1.30 EKS brings no default class: without one, claims stay pending. The driver itself is an add-on,
    which waits for `association`.
    """

    association: aws.eks.PodIdentityAssociation
    storage_class: k8s.storage.v1.StorageClass

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Storage", name, None, opts)
        self.association = self._make_identity(args).association
        self.storage_class = self._make_storage_class(args)
        self.register_outputs({})

    def _make_identity(self, args: StorageArgs) -> PodIdentity:
        return PodIdentity(
            "ebs-csi-driver",
            PodIdentityArgs(
                context=args.context,
                cluster_name=args.cluster_name,
                namespace=DRIVER_NAMESPACE,
                service_account=DRIVER_SERVICE_ACCOUNT,
                policies={
                    "volumes": volumes_policy(args.context),
                    "key": volumes_key_use_policy(args.volumes_key_arn),
                },
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_storage_class(self, args: StorageArgs) -> k8s.storage.v1.StorageClass:
        return k8s.storage.v1.StorageClass(
            "default-storage-class",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=STORAGE_CLASS, annotations={"storageclass.kubernetes.io/is-default-class": "true"}
            ),
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": args.volumes_key_arn},
            # A volume lies in one zone: which one is known when its first pod is placed.
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=pulumi.ResourceOptions(parent=self, provider=args.kubernetes),
        )


def volumes_policy(context: AwsContext) -> Document:
    """Let the EBS CSI driver make volumes that carry this cluster's name, and touch only those.

    Cut from `AmazonEBSCSIDriverEKSClusterScopedPolicy` (kubernetes-sigs/aws-ebs-csi-driver, docs, at v1.64.0) to what a
    cluster without snapshots needs. Drivers tag by cluster name with `--k8s-tag-cluster-id` only, which the EKS
    add-on sets.
    """
    of_cluster = {"StringEquals": {f"ec2:ResourceTag/{CLUSTER_NAME_TAG}": context.name}}
    ec2 = f"arn:{context.partition}:ec2:{context.region}:{context.account_id}"
    return policy_document(
        Statement(
            sid="Look",
            # None of these has a resource-level permission.
            actions=[
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
                "ec2:DescribeVolumeStatus",
            ],
            resources=["*"],
        ),
        Statement(
            sid="MakeVolumesOfThisCluster",
            actions=["ec2:CreateVolume"],
            resources=[f"{ec2}:volume/*"],
            conditions={"StringEquals": {f"aws:RequestTag/{CLUSTER_NAME_TAG}": context.name}},
        ),
        Statement(
            sid="TagWhatIsMade",
            actions=["ec2:CreateTags"],
            resources=[f"{ec2}:volume/*"],
            conditions={"StringEquals": {"ec2:CreateAction": "CreateVolume"}},
        ),
        Statement(
            sid="ChangeVolumesOfThisCluster",
            actions=["ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:ModifyVolume"],
            resources=[f"{ec2}:volume/*"],
            conditions=of_cluster,
        ),
        Statement(
            sid="AttachToNodesOfThisCluster",
            actions=["ec2:AttachVolume", "ec2:DetachVolume"],
            resources=[f"{ec2}:instance/*"],
            conditions=of_cluster,
        ),
    )


def volumes_key_use_policy(key_arn: pulumi.Input[str]) -> Document:
    """Let the EBS CSI driver encrypt volumes under one key (aws-ebs-csi-driver, docs/install.md, encrypted volumes)."""
    return policy_document(
        Statement(
            sid="Encrypt",
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"],
            resources=[key_arn],
        ),
        Statement(
            sid="LetEc2UseTheKey",
            actions=["kms:CreateGrant"],
            resources=[key_arn],
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )
