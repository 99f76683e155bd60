"""The pools of a cluster: machines of one kind each, in every zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import service_trust
from infra.labels import SYSTEM_LABEL, SYSTEM_TAINT_KEY
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.roles import PermittedRole, make_role
from infra.platforms.eks.nodes.hints import make_hints, scaling_hints
from infra.platforms.eks.nodes.launch_template import make_launch_template
from infra.platforms.eks.nodes.shares import ZoneShare, share_out
from infra.settings.eks.node_labels import POOL_LABEL
from infra.settings.eks.nodes import NodePoolSettings, TaintSettings, pool_errors
from infra.settings.problems import Problem, SettingsError

AMI_TYPES = {
    ("al2023", "arm64"): "AL2023_ARM_64_STANDARD",
    ("al2023", "amd64"): "AL2023_x86_64_STANDARD",
    ("bottlerocket", "arm64"): "BOTTLEROCKET_ARM_64",
    ("bottlerocket", "amd64"): "BOTTLEROCKET_x86_64",
}
"""Amazon EKS API, `Nodegroup.amiType`."""
GPU_AMI_TYPES = {
    ("al2023", "amd64"): "AL2023_x86_64_NVIDIA",
    ("bottlerocket", "amd64"): "BOTTLEROCKET_x86_64_NVIDIA",
}
"""Images with the drivers of NVIDIA (likewise). The settings take no ARM machine with GPUs."""
CAPACITY_TYPES = {"onDemand": "ON_DEMAND", "spot": "SPOT"}
TAINT_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "NoExecute": "NO_EXECUTE", "PreferNoSchedule": "PREFER_NO_SCHEDULE"}
SYSTEM_TAINT = TaintSettings(key=SYSTEM_TAINT_KEY, value="true", effect="NoSchedule")
REPLACED_AT_ONCE_PERCENT = 33
"""Of a group's nodes, during an update (the default of terraform-aws-eks)."""


@dataclass(frozen=True, kw_only=True)
class NodePoolsArgs:
    """The pools by name, and what they share.

    `subnet_ids` are the private subnets by zone. `wait_for` is what a node needs to join: the way out of the
    network, and the network add-ons.
    """

    context: AwsContext
    settings: Mapping[str, NodePoolSettings]
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    subnet_ids: Mapping[str, pulumi.Input[str]]
    volumes_key_arn: pulumi.Input[str]
    wait_for: Sequence[pulumi.Resource]


class NodePools(pulumi.ComponentResource):
    """One role for all nodes, with no more than joining and pulling images, and the pools.

    The cluster's own controllers wait for `system_groups` only; `node_groups` are those and the `app_groups`.
    `role_arn` is that of the nodes.
    """

    node_groups: Sequence[aws.eks.NodeGroup]
    system_groups: Sequence[aws.eks.NodeGroup]
    app_groups: Sequence[aws.eks.NodeGroup]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: NodePoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:NodePools", name, None, opts)
        found = [Problem("nightowl:nodePools", error.message) for error in pool_errors(args.settings)]
        if found:
            raise SettingsError(found)
        role = self._make_role(args.context)
        self.role_arn = role.arn
        child = pulumi.ResourceOptions(parent=self)
        pools = {
            pool: NodePool(pool, settings, args, role=role, opts=child) for pool, settings in args.settings.items()
        }
        self.system_groups = _groups(pools, args.settings, system=True)
        self.app_groups = _groups(pools, args.settings, system=False)
        self.node_groups = (*self.system_groups, *self.app_groups)
        self.register_outputs({})

    def _make_role(self, context: AwsContext) -> PermittedRole:
        return make_role(
            "node",
            context=context,
            trust=service_trust("ec2.amazonaws.com"),
            managed_policy_arns={
                "worker": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
                "images": "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
            },
            description=f"Nodes of {context.name}",
            parent=self,
        )


def _groups(
    pools: Mapping[str, NodePool], settings: Mapping[str, NodePoolSettings], *, system: bool
) -> tuple[aws.eks.NodeGroup, ...]:
    return tuple(group for name, pool in pools.items() if settings[name].system is system for group in pool.node_groups)


class NodePool(pulumi.ComponentResource):
    """A launch template, and one managed node group per zone that is identical but for the zone.

    With a group per zone the Cluster Autoscaler can aim at a zone, and Auto Scaling never moves nodes between zones by
    itself. The autoscaler alone sets how many nodes run, between `min` and `max`. A change that needs new groups
    (machine types, capacity, operating system) makes them before it drains the old ones.
    """

    node_groups: Sequence[aws.eks.NodeGroup]

    def __init__(
        self,
        name: str,
        settings: NodePoolSettings,
        shared: NodePoolsArgs,
        *,
        role: PermittedRole,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("nightowl:eks:NodePool", name, None, opts)
        self._name, self._settings, self._shared, self._role = name, settings, shared, role
        template = make_launch_template(
            name,
            context=shared.context,
            settings=settings,
            volumes_key_arn=shared.volumes_key_arn,
            parent=self,
        )
        shares = share_out(fewest=settings.min, most=settings.max, zones=tuple(shared.subnet_ids))
        self.node_groups = tuple(self._make_group(share, template) for share in shares)
        self.register_outputs({})

    def _make_group(self, share: ZoneShare, template: aws.ec2.LaunchTemplate) -> aws.eks.NodeGroup:
        shared, settings = self._shared, self._settings
        # The settings cannot replace the project's own.
        system = {SYSTEM_LABEL: "true"} if settings.system else {}
        labels = {**settings.labels, **settings.own_labels, POOL_LABEL: self._name, **system}
        taints = (SYSTEM_TAINT, *settings.all_taints) if settings.system else settings.all_taints
        images = GPU_AMI_TYPES if settings.has_gpus else AMI_TYPES
        # The zone's letter alone: EKS takes 63 characters, of which the engine needs 8 to make a successor first.
        name = f"{self._name}-{share.zone[-1]}"
        group = aws.eks.NodeGroup(
            name,
            cluster_name=shared.cluster_name,
            node_role_arn=self._role.arn,
            subnet_ids=[shared.subnet_ids[share.zone]],
            ami_type=images[settings.os, settings.architecture],
            capacity_type=CAPACITY_TYPES[settings.capacity],
            instance_types=list(settings.instance_types),
            version=shared.kubernetes_version,
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
            tags={"Name": f"{shared.context.name}-{name}"},
            opts=pulumi.ResourceOptions(
                parent=self,
                # The Cluster Autoscaler writes it; a deployment would throw the fleet back to the minimum.
                ignore_changes=["scalingConfig.desiredSize"],
                # Without the role's policies, the network's way out or the network add-ons, a node starts but never
                # joins ("cni plugin not initialized"); EKS also derives the pods per node from the VPC CNI's settings.
                depends_on=[*self._role.policies, *shared.wait_for],
            ),
        )
        if share.min == 0:
            make_hints(
                name,
                group,
                scaling_hints(zone=share.zone, labels=labels, taints=taints, disk_bytes=settings.disk),
            )
        return group
