"""Which changed inputs make the provider replace a resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

REPLACED_BY: Mapping[str, Sequence[str]] = {
    "aws:acm/certificate:Certificate": ["domainName", "subjectAlternativeNames", "validationMethod"],
    "aws:ec2/launchTemplate:LaunchTemplate": ["name"],
    "aws:ec2/subnet:Subnet": ["availabilityZone", "cidrBlock", "vpcId"],
    "aws:ec2/securityGroup:SecurityGroup": ["description", "name", "vpcId"],
    "aws:ec2/vpc:Vpc": ["cidrBlock"],
    "aws:eks/accessEntry:AccessEntry": ["clusterName", "principalArn", "type"],
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": [
        "accessScope",
        "clusterName",
        "policyArn",
        "principalArn",
    ],
    "aws:eks/addon:Addon": ["addonName", "clusterName"],
    "aws:eks/cluster:Cluster": ["encryptionConfig.provider.keyArn", "name", "roleArn"],
    "aws:eks/nodeGroup:NodeGroup": ["amiType", "clusterName", "instanceTypes", "nodeGroupName", "subnetIds"],
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": ["clusterName", "namespace", "serviceAccount"],
    "aws:iam/role:Role": ["name", "path"],
    "aws:lb/listener:Listener": ["loadBalancerArn"],
    "aws:lb/listenerRule:ListenerRule": ["listenerArn"],
    "aws:lb/loadBalancer:LoadBalancer": ["internal", "loadBalancerType", "name"],
    "aws:lb/targetGroup:TargetGroup": ["name", "port", "protocol", "targetType", "vpcId"],
    "aws:route53/record:Record": ["name", "type", "zoneId"],
}
"""Paths of inputs by type: "Forces new resource" in the documentation of terraform-provider-aws 6 (read 2026-11-26).
Only those that a change of a stack file can reach."""

NAME_KEYS = ("name", "bucket", "nodeGroupName")
"""Inputs that the provider fills with a name of its own where the program gives none."""


def replaces(type_: str, path: str) -> bool:
    """Whether a change at `path`, a path without indices, replaces a resource of the type."""
    if type_.startswith("kubernetes:"):
        return path in {"apiVersion", "kind", "metadata.name", "metadata.namespace"}
    return any(path == key or path.startswith(f"{key}.") for key in REPLACED_BY.get(type_, ()))


def deletes_first(type_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a replaced resource goes before the new one is made, where the program does not say.

    With a name that the program gives and that stays there could not be two
    (pulumi-terraform-bridge, `nameRequiresDeleteBeforeReplace`).
    """
    return type_.startswith("aws:") and any(key in new and old.get(key) == new[key] for key in NAME_KEYS)
