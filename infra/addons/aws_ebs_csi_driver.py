"""Amazon EBS CSI driver: volumes for pods, encrypted under the stack's key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.addons.addon import RUN_1_36, Addon, ClusterFacts, system_selector, system_tolerations, zone_spread
from infra.iam import Statement

CLUSTER_NAME_TAG = "ebs.csi.aws.com/cluster-name"
"""On volumes that the driver makes, and on instances: by it the driver of one cluster leaves those of others alone."""


def _values(cluster: ClusterFacts) -> Mapping[str, Any]:
    return {
        "controller": {
            # Asked of the instance metadata service otherwise, which pods do not reach.
            "region": cluster.region,
            "nodeSelector": system_selector(),
            "tolerations": system_tolerations(),
            "topologySpreadConstraints": zone_spread({"app": "ebs-csi-controller"}),
        }
    }


def _permissions(cluster: ClusterFacts) -> Mapping[str, Sequence[Statement]]:
    return {"volumes": _volumes(cluster), "key": _key(cluster.volumes_key_arn)}


def _volumes(cluster: ClusterFacts) -> Sequence[Statement]:
    """Return the right to make volumes that carry this cluster's name, and to touch only those.

    Cut from `AmazonEBSCSIDriverEKSClusterScopedPolicy` (kubernetes-sigs/aws-ebs-csi-driver, docs, at v1.64.0) to what a
    cluster without snapshots needs. Drivers tag by cluster name with `--k8s-tag-cluster-id` only, which the EKS
    add-on sets.
    """
    of_cluster = {"StringEquals": {f"ec2:ResourceTag/{CLUSTER_NAME_TAG}": cluster.name}}
    ec2 = f"arn:{cluster.partition}:ec2:{cluster.region}:{cluster.account_id}"
    return [
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
            conditions={"StringEquals": {f"aws:RequestTag/{CLUSTER_NAME_TAG}": cluster.name}},
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
    ]


def _key(key_arn: Any) -> Sequence[Statement]:
    """Return the right to encrypt volumes under one key (aws-ebs-csi-driver, docs/install.md, encrypted volumes)."""
    return [
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
    ]


ADDON = Addon(
    name="aws-ebs-csi-driver",
    needed_by="volumes",
    values=_values,
    service_account="ebs-csi-controller-sa",
    permissions=_permissions,
    seconds=46,
    source=RUN_1_36,
)
"""Keys of the values: values.schema.json of the chart of aws-ebs-csi-driver 2.64.0 (read 2026-11-23)."""
