"""The policies of AWS that the stacks attach, as they were on 2026-11-23 (AWS managed policy reference guide).

AmazonEKSClusterPolicy v9, AmazonEKSWorkerNodePolicy v3, AmazonEKS_CNI_Policy v5, AmazonEC2ContainerRegistryPullOnly v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _of(service: str, *names: str) -> list[str]:
    return [f"{service}:{name}" for name in names]


def _allow(actions: list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": "*", **more}


_LOAD_BALANCING = _of(
    "elasticloadbalancing",
    "AddTags",
    "ApplySecurityGroupsToLoadBalancer",
    "AttachLoadBalancerToSubnets",
    "ConfigureHealthCheck",
    "CreateListener",
    "CreateLoadBalancer",
    "CreateLoadBalancerListeners",
    "CreateLoadBalancerPolicy",
    "CreateTargetGroup",
    "DeleteListener",
    "DeleteLoadBalancer",
    "DeleteLoadBalancerListeners",
    "DeleteTargetGroup",
    "DeregisterInstancesFromLoadBalancer",
    "DeregisterTargets",
    "DescribeListeners",
    "DescribeLoadBalancerAttributes",
    "DescribeLoadBalancerPolicies",
    "DescribeLoadBalancers",
    "DescribeTargetGroupAttributes",
    "DescribeTargetGroups",
    "DescribeTargetHealth",
    "DetachLoadBalancerFromSubnets",
    "ModifyListener",
    "ModifyLoadBalancerAttributes",
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "RegisterInstancesWithLoadBalancer",
    "RegisterTargets",
    "SetLoadBalancerPoliciesForBackendServer",
    "SetLoadBalancerPoliciesOfListener",
)
_MACHINES_AND_NETWORK = _of(
    "ec2",
    "AttachVolume",
    "AuthorizeSecurityGroupIngress",
    "CreateRoute",
    "CreateSecurityGroup",
    "CreateTags",
    "CreateVolume",
    "DeleteRoute",
    "DeleteSecurityGroup",
    "DeleteVolume",
    "DescribeAccountAttributes",
    "DescribeAddresses",
    "DescribeAvailabilityZones",
    "DescribeDhcpOptions",
    "DescribeInstances",
    "DescribeInstanceTopology",
    "DescribeInternetGateways",
    "DescribeNetworkInterfaces",
    "DescribeRouteTables",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVolumes",
    "DescribeVolumesModifications",
    "DescribeVpcs",
    "DetachVolume",
    "ModifyInstanceAttribute",
    "ModifyVolume",
    "RevokeSecurityGroupIngress",
)

MANAGED: Mapping[str, Mapping[str, Any]] = {
    "AmazonEKSClusterPolicy": {
        "Statement": [
            _allow(
                [
                    *_of("autoscaling", "DescribeAutoScalingGroups", "UpdateAutoScalingGroup"),
                    *_MACHINES_AND_NETWORK,
                    *_LOAD_BALANCING,
                    "kms:DescribeKey",
                ]
            ),
            _allow(
                ["iam:CreateServiceLinkedRole"],
                Condition={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
            ),
            _allow(
                ["ec2:DeleteNetworkInterface"],
                Condition={"StringEquals": {"ec2:ResourceTag/eks:eni:owner": "amazon-vpc-cni"}},
            ),
        ]
    },
    "AmazonEKSWorkerNodePolicy": {
        "Statement": [
            _allow(
                [
                    *_of(
                        "ec2",
                        "DescribeInstances",
                        "DescribeInstanceTypes",
                        "DescribeRouteTables",
                        "DescribeSecurityGroups",
                        "DescribeSubnets",
                        "DescribeVolumes",
                        "DescribeVolumesModifications",
                        "DescribeVpcs",
                    ),
                    "eks:DescribeCluster",
                    "eks-auth:AssumeRoleForPodIdentity",
                ]
            )
        ]
    },
    "AmazonEKS_CNI_Policy": {
        "Statement": [
            _allow(
                _of(
                    "ec2",
                    "AssignPrivateIpAddresses",
                    "AttachNetworkInterface",
                    "CreateNetworkInterface",
                    "DeleteNetworkInterface",
                    "DescribeInstances",
                    "DescribeInstanceTypes",
                    "DescribeNetworkInterfaces",
                    "DescribeSubnets",
                    "DescribeTags",
                    "DetachNetworkInterface",
                    "ModifyNetworkInterfaceAttribute",
                    "UnassignPrivateIpAddresses",
                )
            ),
            {
                "Effect": "Allow",
                "Action": ["ec2:CreateTags"],
                "Resource": "arn:aws:ec2:*:*:network-interface/*",
            },
        ]
    },
    "AmazonEC2ContainerRegistryPullOnly": {
        "Statement": [
            _allow(
                _of(
                    "ecr",
                    "BatchGetImage",
                    "BatchImportUpstreamImage",
                    "GetAuthorizationToken",
                    "GetDownloadUrlForLayer",
                )
            )
        ]
    },
}
