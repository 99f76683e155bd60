"""Amazon EBS CSI driver: volumes for pods, encrypted under the stack's key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.addons.addon import RUN_1_36, Addon, ClusterFacts, on_system_pools
from infra.iam import Statement, allow

CLUSTER_NAME_TAG = "ebs.csi.aws.com/cluster-name"
"""On volumes that the driver makes, and on instances: by it the driver of one cluster leaves those of others alone."""


def _values(cluster: ClusterFacts) -> Mapping[str, Any]:
    return {
        "controller": {
            # Asked of the instance metadata service otherwise, which pods do not reach.
            "region": cluster.region,
            **on_system_pools({"app": "ebs-csi-controller"}),
        }
    }


def _permissions(cluster: ClusterFacts) -> Mapping[str, Sequence[Statement]]:
    """Return the right to make volumes that carry this cluster's name, to touch only those, and to encrypt them.

    Volumes: cut from `AmazonEBSCSIDriverEKSClusterScopedPolicy` (kubernetes-sigs/aws-ebs-csi-driver, docs, at v1.64.0)
    to what a cluster without snapshots needs. Drivers tag by cluster name with `--k8s-tag-cluster-id` only, which the
    EKS add-on sets. Key: aws-ebs-csi-driver, docs/install.md, encrypted volumes.
    """
    volumes, key = cluster.arn("ec2", "volume/*"), cluster.volumes_key_arn
    new = {"StringEquals": {f"aws:RequestTag/{CLUSTER_NAME_TAG}": cluster.name}}
    of_cluster = {"StringEquals": {f"ec2:ResourceTag/{CLUSTER_NAME_TAG}": cluster.name}}
    return {
        "volumes": [
            allow(
                "Look",
                # None of these has a resource-level permission.
                "ec2:DescribeAvailabilityZones DescribeInstances DescribeInstanceTypes DescribeVolumes "
                "DescribeVolumesModifications DescribeVolumeStatus",
            ),
            allow("MakeVolumesOfThisCluster", "ec2:CreateVolume", volumes, when=new),
            allow(
                "TagWhatIsMade",
                "ec2:CreateTags",
                volumes,
                when={"StringEquals": {"ec2:CreateAction": "CreateVolume"}},
            ),
            allow(
                "ChangeVolumesOfThisCluster",
                "ec2:AttachVolume DeleteVolume DetachVolume ModifyVolume",
                volumes,
                when=of_cluster,
            ),
            allow(
                "AttachToNodesOfThisCluster",
                "ec2:AttachVolume DetachVolume",
                cluster.arn("ec2", "instance/*"),
                when=of_cluster,
            ),
        ],
        "key": [
            allow("Encrypt", "kms:Decrypt DescribeKey GenerateDataKeyWithoutPlaintext", key),
            allow("LetEc2UseTheKey", "kms:CreateGrant", key, when={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        ],
    }


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
