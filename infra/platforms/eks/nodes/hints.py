"""What the Cluster Autoscaler knows of a node group that has no node to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.settings.eks.nodes import GIBIBYTE, TaintSettings

TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
"""Prefix of the tags (Cluster Autoscaler, AWS provider's README, "Auto-discovery setup")."""
CSI_ZONE_LABEL = "topology.ebs.csi.aws.com/zone"
"""The EBS CSI driver puts it on nodes; pods that wait for a volume of a zone select by it."""


def scaling_hints(
    *, zone: str, labels: Mapping[str, str], taints: Sequence[TaintSettings], disk_bytes: int
) -> dict[str, str]:
    """Write the tags of an Auto Scaling group: what a node of it would look like.

    EKS itself would report labels and taints, where it answers; nothing else reports the disk's size and the driver's
    label.
    """
    return {
        **{f"{TEMPLATE}/label/{key}": value for key, value in {**labels, CSI_ZONE_LABEL: zone}.items()},
        **{f"{TEMPLATE}/taint/{taint.key}": f"{taint.value}:{taint.effect}" for taint in taints},
        f"{TEMPLATE}/resources/ephemeral-storage": f"{disk_bytes // GIBIBYTE}Gi",
    }


def make_hints(name: str, group: aws.eks.NodeGroup, hints: Mapping[str, str]) -> None:
    """Tag the Auto Scaling group behind node group `name`; EKS passes on no tags of its own accord."""
    auto_scaling_group = group.resources.apply(lambda made: (made[0].autoscaling_groups or [])[0].name or "")
    for key, value in hints.items():
        place = key.removeprefix(TEMPLATE + "/")
        aws.autoscaling.Tag(
            # With the slashes of the key: the labels a/b and a-b are two.
            f"{name}/{place}",
            autoscaling_group_name=auto_scaling_group,
            tag=aws.autoscaling.TagTagArgs(key=key, value=value, propagate_at_launch=False),
            opts=pulumi.ResourceOptions(parent=group),
        )
