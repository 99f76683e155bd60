"""All pools of a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import service_trust
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.roles import PermittedRole, make_role
from infra.platforms.eks.nodes.node_pool import NodePool, NodePoolArgs
from infra.settings.eks.nodes import NodePoolSettings, pool_errors


@dataclass(frozen=True, kw_only=True)
class NodePoolsArgs:
    """The pools by name, and what they share.

    `subnet_ids` are the private subnets by zone. `tags` go onto the machines, their disks and interfaces. `wait_for` is
    what a node needs to join: the way out of the network, and the network add-ons.
    """

    context: AwsContext
    settings: Mapping[str, NodePoolSettings]
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    subnet_ids: Mapping[str, pulumi.Input[str]]
    volumes_key_arn: pulumi.Input[str]
    tags: Mapping[str, str]
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
        _check(args.settings)
        role = self._make_role(args.context)
        self.role_arn = role.arn
        pools = {pool: self._make_pool(pool, settings, role, args) for pool, settings in args.settings.items()}
        self.system_groups = _groups(pools, args.settings, system=True)
        self.app_groups = _groups(pools, args.settings, system=False)
        self.node_groups = (*self.system_groups, *self.app_groups)
        self.register_outputs({})

    def _make_role(self, context: AwsContext) -> PermittedRole:
        managed = f"arn:{context.partition}:iam::aws:policy"
        return make_role(
            "node",
            context=context,
            trust=service_trust("ec2.amazonaws.com"),
            managed_policy_arns={
                "worker": f"{managed}/AmazonEKSWorkerNodePolicy",
                "images": f"{managed}/AmazonEC2ContainerRegistryPullOnly",
            },
            description=f"Nodes of {context.name}",
            parent=self,
        )

    def _make_pool(self, name: str, settings: NodePoolSettings, role: PermittedRole, args: NodePoolsArgs) -> NodePool:
        return NodePool(
            name,
            NodePoolArgs(
                context=args.context,
                settings=settings,
                cluster_name=args.cluster_name,
                kubernetes_version=args.kubernetes_version,
                subnet_ids=args.subnet_ids,
                role=role,
                volumes_key_arn=args.volumes_key_arn,
                tags=args.tags,
                wait_for=args.wait_for,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _check(pools: Mapping[str, NodePoolSettings]) -> None:
    for error in pool_errors(pools):
        raise pulumi.RunError(f"nightowl:nodePools: {error.message}")


def _groups(
    pools: Mapping[str, NodePool], settings: Mapping[str, NodePoolSettings], *, system: bool
) -> tuple[aws.eks.NodeGroup, ...]:
    return tuple(group for name, pool in pools.items() if settings[name].system is system for group in pool.node_groups)
