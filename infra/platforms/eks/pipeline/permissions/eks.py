"""Rows of Amazon EKS, and of the tags on the Auto Scaling groups that it makes.

Everything of EKS has the cluster's name in its ARN, so nothing here reaches another cluster.
"""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.grants import (
    Table,
    look_and_change,
    pass_role,
    read,
    service_linked_role,
    write,
)

_EKS = "arn:aws:eks:{here}"
# EKS checks the update of a version on `cluster/NAME/update`.
_CLUSTER = (f"{_EKS}:cluster/{{name}}", f"{_EKS}:cluster/{{name}}/*")
_NODE_GROUP = f"{_EKS}:nodegroup/{{name}}/*"
_ADDON = f"{_EKS}:addon/{{name}}/*"
_ENTRY = f"{_EKS}:access-entry/{{name}}/*"
_ASSOCIATION = f"{_EKS}:podidentityassociation/{{name}}/*"
_AUTO_SCALING_GROUP = "arn:aws:autoscaling:{here}:autoScalingGroup:*:autoScalingGroupName/eks-*"
_MACHINES = "arn:aws:ec2:{here}:*"

_LOOK_AT_ROLES = read("iam:GetRole ListAttachedRolePolicies", "{roles}")
# EKS looks whether the role is there, with the caller's rights.
_LOOK_AT_SERVICE_ROLES = write("iam:GetRole", "arn:aws:iam::{account}:role/aws-service-role/*")

EKS: Table = {
    "aws:eks/cluster:Cluster": (
        read("eks:DescribeCluster DescribeUpdate ListTagsForResource", *_CLUSTER),
        # Which version runs is looked up before a step to another; the list takes no resource.
        read("ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs eks:ListClusters"),
        _LOOK_AT_ROLES,
        write("eks:CreateCluster DeleteCluster TagResource UntagResource", *_CLUSTER),
        write("eks:AssociateEncryptionConfig UpdateClusterConfig UpdateClusterVersion", *_CLUSTER),
        pass_role("eks.amazonaws.com"),
        service_linked_role("eks.amazonaws.com"),
        _LOOK_AT_SERVICE_ROLES,
        # EKS gives itself the key for Kubernetes Secrets in the caller's name. It takes no condition on grants for AWS
        # resources (EKS user guide, "Encrypt Kubernetes secrets with KMS on existing clusters").
        write(
            "kms:CreateGrant DescribeKey",
            "arn:aws:kms:{here}:key/*",
            when={"StringEquals": {"aws:ResourceTag/stack": "{stack}"}},
        ),
    ),
    "aws:eks/nodeGroup:NodeGroup": (
        read("eks:DescribeNodegroup DescribeUpdate ListNodegroups", *_CLUSTER, _NODE_GROUP),
        read("ec2:DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeSubnets"),
        _LOOK_AT_ROLES,
        write("eks:CreateNodegroup DeleteNodegroup TagResource UntagResource", *_CLUSTER, _NODE_GROUP),
        write("eks:UpdateNodegroupConfig UpdateNodegroupVersion", *_CLUSTER, _NODE_GROUP),
        pass_role("ec2.amazonaws.com", "eks.amazonaws.com"),
        service_linked_role("eks-nodegroup.amazonaws.com"),
        _LOOK_AT_SERVICE_ROLES,
        # EKS tries in the caller's name whether the launch template starts a machine, tags included.
        write(
            "ec2:RunInstances",
            _MACHINES,
            "arn:aws:ec2:{region}::image/*",
            when={"ArnLike": {"ec2:LaunchTemplate": "arn:aws:ec2:{here}:launch-template/*"}},
        ),
        write("ec2:CreateTags", _MACHINES, when={"StringEquals": {"ec2:CreateAction": "RunInstances"}}),
    ),
    "aws:eks/addon:Addon": (
        read("eks:DescribeAddon DescribeUpdate", *_CLUSTER, _ADDON),
        # The version that a settings file leaves open is looked up; this takes no resource.
        read("eks:DescribeAddonVersions"),
        write("eks:CreateAddon UpdateAddon DeleteAddon TagResource UntagResource", *_CLUSTER, _ADDON),
    ),
    "aws:eks/accessEntry:AccessEntry": (
        read("eks:DescribeAccessEntry", _ENTRY),
        write("eks:CreateAccessEntry UpdateAccessEntry DeleteAccessEntry TagResource UntagResource", *_CLUSTER, _ENTRY),
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": look_and_change(
        "eks:ListAssociatedAccessPolicies", "eks:AssociateAccessPolicy DisassociateAccessPolicy", _ENTRY
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": (
        read("eks:DescribePodIdentityAssociation ListPodIdentityAssociations", *_CLUSTER, _ASSOCIATION),
        _LOOK_AT_ROLES,
        write("eks:CreatePodIdentityAssociation UpdatePodIdentityAssociation", *_CLUSTER, _ASSOCIATION),
        write("eks:DeletePodIdentityAssociation TagResource UntagResource", *_CLUSTER, _ASSOCIATION),
        pass_role("pods.eks.amazonaws.com"),
    ),
    "aws:autoscaling/tag:Tag": (
        # Takes no resource.
        read("autoscaling:DescribeTags"),
        write(
            "autoscaling:CreateOrUpdateTags DeleteTags",
            _AUTO_SCALING_GROUP,
            when={"StringEquals": {"aws:ResourceTag/eks:cluster-name": "{name}"}},
        ),
    ),
}
