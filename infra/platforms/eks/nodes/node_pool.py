"""One pool: machines of one kind, in every zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.roles import PermittedRole
from infra.platforms.eks.nodes.hints import make_hints, scaling_hints
from infra.platforms.eks.nodes.launch_template import make_launch_template
from infra.platforms.eks.nodes.placement import pool_labels, pool_taints
from infra.platforms.eks.nodes.shares import ZoneShare, share_out
from infra.settings.eks.nodes import NodePoolSettings

AMI_TYPES = {
    ("al2023", "arm64"): "AL2023_ARM_64_STANDARD",
    ("al2023", "amd64"): "AL2023_x86_64_STANDARD",
    ("bottlerocket", "arm64"): "BOTTLEROCKET_ARM_64",
    ("bottlerocket", "amd64"): "BOTTLEROCKET_x86_64",
}
"""Amazon EKS API, `Nodegroup.amiType`."""
CAPACITY_TYPES = {"onDemand": "ON_DEMAND", "spot": "SPOT"}
TAINT_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "NoExecute": "NO_EXECUTE", "PreferNoSchedule": "PREFER_NO_SCHEDULE"}
REPLACED_AT_ONCE_PERCENT = 33
"""Of a group's nodes, during an update (the default of terraform-aws-eks)."""


@dataclass(frozen=True, kw_only=True)
class NodePoolArgs:
    """One pool's settings, and what it shares with the others.

    `subnet_ids` are the private subnets by zone. `tags` go onto the machines. Groups are made after `wait_for`.
    """

    context: AwsContext
    settings: NodePoolSettings
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    subnet_ids: Mapping[str, pulumi.Input[str]]
    role: PermittedRole
    volumes_key_arn: pulumi.Input[str]
    tags: Mapping[str, str]
    wait_for: Sequence[pulumi.Resource]


class NodePool(pulumi.ComponentResource):
    """A launch template, and one managed node group per zone that is identical but for the zone.

    With a group per zone the Cluster Autoscaler can aim at a zone, and Auto Scaling never moves nodes between zones by
    itself. The autoscaler alone sets how many nodes run, between `min` and `max`. A change that needs new groups
    (machine types, capacity, operating system) makes them before it drains the old ones.
    """

    node_groups: Sequence[aws.eks.NodeGroup]

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:NodePool", name, None, opts)
        self._name = name
        self._args = args
        template = make_launch_template(
            name,
            context=args.context,
            settings=args.settings,
            volumes_key_arn=args.volumes_key_arn,
            tags=args.tags,
            parent=self,
        )
        shares = share_out(fewest=args.settings.min, most=args.settings.max, zones=tuple(args.subnet_ids))
        self.node_groups = tuple(self._make_group(share, template) for share in shares)
        self.register_outputs({})

    def _make_group(self, share: ZoneShare, template: aws.ec2.LaunchTemplate) -> aws.eks.NodeGroup:
        args, settings = self._args, self._args.settings
        labels, taints = pool_labels(self._name, settings), pool_taints(settings)
        # The zone's letter alone: EKS takes 63 characters, of which the engine needs 8 to make a successor first.
        name = f"{self._name}-{share.zone[-1]}"
        group = aws.eks.NodeGroup(
            name,
            cluster_name=args.cluster_name,
            node_role_arn=args.role.arn,
            subnet_ids=[args.subnet_ids[share.zone]],
            ami_type=AMI_TYPES[settings.os, settings.architecture],
            capacity_type=CAPACITY_TYPES[settings.capacity],
            instance_types=list(settings.instance_types),
            version=args.kubernetes_version,
            release_version=settings.image_release,
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=share.min, max_size=share.max, desired_size=share.min
            ),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(
                max_unavailable_percentage=REPLACED_AT_ONCE_PERCENT, update_strategy="DEFAULT"
            ),
            node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            labels=labels,
            taints=[
                aws.eks.NodeGroupTaintArgs(key=taint.key, value=taint.value, effect=TAINT_EFFECTS[taint.effect])
                for taint in taints
            ],
            tags={"Name": f"{args.context.name}-{name}"},
            opts=pulumi.ResourceOptions(
                parent=self,
                # The Cluster Autoscaler writes it; a deployment would throw the fleet back to the minimum.
                ignore_changes=["scalingConfig.desiredSize"],
                # Without the role's policies, the network's way out or the network add-ons, a node starts but never
                # joins ("cni plugin not initialized"); EKS also derives the pods per node from the VPC CNI's settings.
                depends_on=[*args.role.policies, *args.wait_for],
            ),
        )
        if share.min == 0:
            make_hints(
                name,
                group,
                scaling_hints(zone=share.zone, labels=labels, taints=taints, disk_bytes=settings.disk),
            )
        return group
