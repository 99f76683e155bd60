"""Amazon VPC CNI: an address of the VPC for each pod, and network policies.

Its role is its own, so that the nodes' role cannot change network interfaces. The policy is AWS's, which changes
together with the add-on; the narrower example of the VPC CNI's documentation needs a setting that the add-on's
configuration does not take (`CLUSTER_NAME`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.addons.addon import RUN_1_36, Addon, ClusterFacts
from infra.iam import Statement


def _values(cluster: ClusterFacts) -> Mapping[str, Any]:
    del cluster
    return {
        # Every value is text, also switches and numbers.
        "enableNetworkPolicy": "true",
        "env": {
            "ENABLE_PREFIX_DELEGATION": "true",
            "WARM_PREFIX_TARGET": "1",
            # By default a new pod is open to all for a second or two, and what it began then is cut off afterwards
            # (aws-network-policy-agent issues 189, 271 and 345).
            "NETWORK_POLICY_ENFORCING_MODE": "strict",
        },
    }


def _permissions(cluster: ClusterFacts) -> Mapping[str, Sequence[Statement]]:
    here = f"arn:{cluster.partition}:ec2:{cluster.region}:{cluster.account_id}"
    return {
        "network": [
            Statement(
                sid="Interfaces",
                actions=[
                    "ec2:AssignPrivateIpAddresses",
                    "ec2:AttachNetworkInterface",
                    "ec2:CreateNetworkInterface",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceTypes",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeTags",
                    "ec2:DetachNetworkInterface",
                    "ec2:ModifyNetworkInterfaceAttribute",
                    "ec2:UnassignPrivateIpAddresses",
                ],
                resources=["*"],
            ),
            Statement(sid="TagInterfaces", actions=["ec2:CreateTags"], resources=[f"{here}:network-interface/*"]),
        ]
    }


ADDON = Addon(
    name="vpc-cni",
    needed_by="nodes",
    values=_values,
    service_account="aws-node",
    managed_policy="AmazonEKS_CNI_Policy",
    permissions=_permissions,
    seconds=24,
    source=RUN_1_36,
)
"""Keys of the values: the schema that `aws eks describe-addon-configuration` gives (printed in the AWS CLI reference
and in terraform-aws-eks, docs/addons; read 2026-11-23)."""
