"""Amazon VPC CNI: an address of the VPC for each pod, and network policies.

Its role is its own, so that the nodes' role cannot change network interfaces. The policy is AWS's, which changes
together with the add-on; the narrower example of the VPC CNI's documentation needs a setting that the add-on's
configuration does not take (`CLUSTER_NAME`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.addons.addon import RUN_1_36, Addon, ClusterFacts
from infra.iam import Statement, allow


def _values(_: ClusterFacts) -> Mapping[str, Any]:
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
    return {
        "network": [
            allow(
                "Interfaces",
                "ec2:AssignPrivateIpAddresses AttachNetworkInterface CreateNetworkInterface DeleteNetworkInterface "
                "DescribeInstances DescribeInstanceTypes DescribeNetworkInterfaces DescribeSubnets DescribeTags "
                "DetachNetworkInterface ModifyNetworkInterfaceAttribute UnassignPrivateIpAddresses",
            ),
            allow("TagInterfaces", "ec2:CreateTags", cluster.arn("ec2", "network-interface/*")),
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
