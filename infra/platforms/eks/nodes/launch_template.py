"""The launch template of a pool: how its machines start."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.addons.aws_ebs_csi_driver import CLUSTER_NAME_TAG
from infra.platforms.eks.context import AwsContext
from infra.settings.eks.nodes import GIBIBYTE, NodePoolSettings

ROOT_DEVICE = "/dev/xvda"
BOTTLEROCKET_DATA_DEVICE = "/dev/xvdb"
"""Images and pods live here; the root device holds the read-only system (Bottlerocket, "Default volumes")."""


def make_launch_template(
    name: str,
    *,
    context: AwsContext,
    settings: NodePoolSettings,
    volumes_key_arn: pulumi.Input[str],
    parent: pulumi.Resource,
) -> aws.ec2.LaunchTemplate:
    """Make the template of pool `name`.

    Without image, user data or security groups, EKS fills in its own: the image of the pool's type, the limit of pods
    that fits prefix delegation, and the cluster's security group. Without a key pair nobody logs in.
    """
    return aws.ec2.LaunchTemplate(
        # Each system has disks of its own, and EC2 keeps the size of a disk for which the other one names none.
        name if settings.os == "al2023" else f"{name}-{settings.os}",
        description=f"Nodes of pool {name} of {context.name}",
        # Two hops, EKS's own default, would let every pod use the node's credentials.
        metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
            http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
        ),
        monitoring=aws.ec2.LaunchTemplateMonitoringArgs(enabled=True),
        block_device_mappings=_disks(settings, volumes_key_arn),
        # The tags of a node group reach neither its machines nor their disks and interfaces.
        tag_specifications=_tag_specifications(name, context),
        update_default_version=True,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _disks(
    settings: NodePoolSettings, key_arn: pulumi.Input[str]
) -> Sequence[aws.ec2.LaunchTemplateBlockDeviceMappingArgs]:
    size_gib = settings.disk // GIBIBYTE
    if settings.os == "bottlerocket":
        return [_disk(ROOT_DEVICE, key_arn), _disk(BOTTLEROCKET_DATA_DEVICE, key_arn, size_gib=size_gib)]
    return [_disk(ROOT_DEVICE, key_arn, size_gib=size_gib)]


def _disk(
    device: str, key_arn: pulumi.Input[str], *, size_gib: int | None = None
) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    """Describe a disk; without a size it gets the image's."""
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=device,
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_type="gp3",
            volume_size=size_gib,
            encrypted="true",
            kms_key_id=key_arn,
            delete_on_termination="true",
        ),
    )


def _tag_specifications(name: str, context: AwsContext) -> Sequence[aws.ec2.LaunchTemplateTagSpecificationArgs]:
    common = {**context.tags, "Name": f"{context.name}-{name}"}
    # Not on the disks: the CSI driver may delete volumes that carry the cluster's name.
    of_kind = {"instance": {**common, CLUSTER_NAME_TAG: context.name}, "volume": common, "network-interface": common}
    return [
        aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=of_this)
        for kind, of_this in of_kind.items()
    ]
