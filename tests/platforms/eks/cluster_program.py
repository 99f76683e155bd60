"""The cluster with everything on it, wired as the platform wires it: what the tests of its parts look at."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pulumi

from infra.addons import AFTER_NODES, BEFORE_NODES
from infra.platforms.eks.addons import Addons, AddonsArgs
from infra.platforms.eks.cluster.cluster import Cluster, ClusterArgs
from infra.platforms.eks.cluster.system_traffic import SystemTraffic
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.nodes.node_pools import NodePools, NodePoolsArgs
from infra.platforms.eks.storage_class import make_storage_classes
from infra.settings.eks.cluster import ClusterSettings
from infra.settings.eks.nodes import NodePoolSettings
from tests.platforms.eks.answers import ACCOUNT, REGION, ZONES
from tests.platforms.eks.harness_aws import Graph, run

CLUSTER = "nightowl-test"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deployer"
SECRETS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/secrets"
LOGS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"
VOLUMES_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/volumes"
VPC_CIDR = "10.0.0.0/16"
SUBNETS = {zone: f"subnet-{zone[-1]}" for zone in ZONES}
SYSTEM_POOL = {"instanceTypes": ["m7g.large"], "min": 2, "max": 4, "system": True}
APPS_POOL = {"instanceTypes": ["m7g.xlarge", "m6g.xlarge"], "min": 3, "max": 60}


def build(
    *,
    cluster: dict[str, Any] | None = None,
    pools: dict[str, dict[str, Any]] | None = None,
    protect: bool = True,
    preview: bool = False,
) -> Graph:
    """Build a cluster from sections written as in a stack file."""
    settings = ClusterSettings.model_validate({"access": {"deployers": [DEPLOYER]}, **(cluster or {})})
    sections = pools if pools is not None else {"system": SYSTEM_POOL, "apps": APPS_POOL}
    node_pools = {name: NodePoolSettings.model_validate(section) for name, section in sections.items()}
    return run(lambda context: _program(context, settings, node_pools), protect=protect, preview=preview)


@cache
def default() -> Graph:
    """Build the cluster of the shortest stack file, once for all tests that only look at it."""
    return build()


def _program(context: AwsContext, settings: ClusterSettings, pools: dict[str, NodePoolSettings]) -> None:
    root = pulumi.ComponentResource("test:Root", "root", None, pulumi.ResourceOptions(providers=[context.provider]))
    options = pulumi.ResourceOptions(parent=root)
    way_out = pulumi.CustomResource("test:index:WayOut", "way-out", {}, options)
    cluster = Cluster(
        "cluster",
        ClusterArgs(
            context=context,
            settings=settings,
            vpc_id="vpc-1",
            subnet_ids=["subnet-x", "subnet-y"],
            secrets_key_arn=SECRETS_KEY,
            logs_key_arn=LOGS_KEY,
        ),
        opts=options,
    )
    traffic = SystemTraffic("system-traffic", vpc_cidr=VPC_CIDR, kubernetes=cluster.provider, opts=options)
    addons = AddonsArgs(
        context=context,
        settings=settings,
        addons=BEFORE_NODES,
        cluster_name=cluster.name,
        vpc_id="vpc-1",
        volumes_key_arn=VOLUMES_KEY,
        kubernetes=cluster.provider,
        network_policies=traffic.policies,
    )
    network = Addons("network-addons", addons, opts=options)
    nodes = NodePools(
        "node-pools",
        NodePoolsArgs(
            context=context,
            settings=pools,
            cluster_name=cluster.name,
            kubernetes_version=settings.version,
            subnet_ids=SUBNETS,
            volumes_key_arn=VOLUMES_KEY,
            wait_for=[way_out, *network.made],
        ),
        opts=options,
    )
    make_storage_classes(VOLUMES_KEY, keeps_data=False, kubernetes=cluster.provider, parent=root)
    unneeded = {"load balancers", "GPUs", "shared volumes"}
    controllers = [addon for addon in AFTER_NODES if addon.needed_by not in unneeded]
    Addons("controller-addons", replace(addons, addons=controllers, nodes=nodes.system_groups), opts=options)
