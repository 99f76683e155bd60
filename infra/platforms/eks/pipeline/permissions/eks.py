"""Rows of Amazon EKS, and of the tags on the Auto Scaling groups that it makes.

Everything of EKS has the cluster's name in its ARN, so nothing here reaches another cluster.
"""

from __future__ import annotations

from infra.platforms.eks.pipeline.permissions.rights import Grant, Table, TypeRights, pass_role, service_linked_role

_EKS = "arn:{partition}:eks:{here}"
# EKS checks the update of a version on `cluster/NAME/update`.
_CLUSTER = (f"{_EKS}:cluster/{{name}}", f"{_EKS}:cluster/{{name}}/*")
_NODE_GROUP = f"{_EKS}:nodegroup/{{name}}/*"
_ADDON = f"{_EKS}:addon/{{name}}/*"
_ENTRY = f"{_EKS}:access-entry/{{name}}/*"
_ASSOCIATION = f"{_EKS}:podidentityassociation/{{name}}/*"
_AUTO_SCALING_GROUP = "arn:{partition}:autoscaling:{here}:autoScalingGroup:*:autoScalingGroupName/eks-*"
_MACHINES = ("arn:{partition}:ec2:{here}:*", "arn:{partition}:ec2:{region}::image/*")

_TAG = ("eks:TagResource",)
_UNTAG = ("eks:UntagResource",)
_LOOK_AT_ROLES = Grant(actions=("iam:GetRole", "iam:ListAttachedRolePolicies"), resources=("{roles}",))
_LOOK_AT_SERVICE_ROLES = Grant(
    # EKS looks whether the role is there, with the caller's rights.
    actions=("iam:GetRole",),
    resources=("arn:{partition}:iam::{account}:role/aws-service-role/*",),
)

EKS: Table = {
    "aws:eks/cluster:Cluster": TypeRights(
        read=("eks:DescribeCluster", "eks:DescribeUpdate", "eks:ListTagsForResource"),
        create=("eks:CreateCluster", *_TAG),
        update=("eks:AssociateEncryptionConfig", "eks:UpdateClusterConfig", "eks:UpdateClusterVersion", *_UNTAG),
        delete=("eks:DeleteCluster",),
        on=_CLUSTER,
        read_on=_CLUSTER,
        also_read=(
            # Which version runs is looked up before a step to another; the list takes no resource.
            Grant(
                actions=("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "eks:ListClusters")
            ),
            _LOOK_AT_ROLES,
        ),
        also_write=(
            pass_role("eks.amazonaws.com"),
            service_linked_role("eks.amazonaws.com"),
            _LOOK_AT_SERVICE_ROLES,
            Grant(
                # EKS gives itself the key for Kubernetes Secrets in the caller's name. It takes no condition on grants
                # for AWS resources (EKS user guide, "Encrypt Kubernetes secrets with KMS on existing clusters").
                actions=("kms:CreateGrant", "kms:DescribeKey"),
                resources=("arn:{partition}:kms:{here}:key/*",),
                conditions={"StringEquals": {"aws:ResourceTag/stack": ("{stack}",)}},
            ),
        ),
    ),
    "aws:eks/nodeGroup:NodeGroup": TypeRights(
        read=("eks:DescribeNodegroup", "eks:DescribeUpdate", "eks:ListNodegroups"),
        create=("eks:CreateNodegroup", *_TAG),
        update=("eks:UpdateNodegroupConfig", "eks:UpdateNodegroupVersion", *_UNTAG),
        delete=("eks:DeleteNodegroup",),
        on=(*_CLUSTER, _NODE_GROUP),
        read_on=(*_CLUSTER, _NODE_GROUP),
        also_read=(
            Grant(actions=("ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates", "ec2:DescribeSubnets")),
            _LOOK_AT_ROLES,
        ),
        also_write=(
            pass_role("ec2.amazonaws.com", "eks.amazonaws.com"),
            service_linked_role("eks-nodegroup.amazonaws.com"),
            _LOOK_AT_SERVICE_ROLES,
            # EKS tries in the caller's name whether the launch template starts a machine, tags included.
            Grant(
                actions=("ec2:RunInstances",),
                resources=_MACHINES,
                conditions={"ArnLike": {"ec2:LaunchTemplate": ("arn:{partition}:ec2:{here}:launch-template/*",)}},
            ),
            Grant(
                actions=("ec2:CreateTags",),
                resources=_MACHINES[:1],
                conditions={"StringEquals": {"ec2:CreateAction": ("RunInstances",)}},
            ),
        ),
    ),
    "aws:eks/addon:Addon": TypeRights(
        read=("eks:DescribeAddon", "eks:DescribeUpdate"),
        create=("eks:CreateAddon", *_TAG),
        update=("eks:UpdateAddon", *_UNTAG),
        delete=("eks:DeleteAddon",),
        on=(*_CLUSTER, _ADDON),
        read_on=(*_CLUSTER, _ADDON),
        # The version that a settings file leaves open is looked up; this takes no resource.
        also_read=(Grant(actions=("eks:DescribeAddonVersions",)),),
    ),
    "aws:eks/accessEntry:AccessEntry": TypeRights(
        read=("eks:DescribeAccessEntry",),
        create=("eks:CreateAccessEntry", *_TAG),
        update=("eks:UpdateAccessEntry", *_UNTAG),
        delete=("eks:DeleteAccessEntry",),
        on=(*_CLUSTER, _ENTRY),
        read_on=(_ENTRY,),
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": TypeRights(
        read=("eks:ListAssociatedAccessPolicies",),
        create=("eks:AssociateAccessPolicy",),
        delete=("eks:DisassociateAccessPolicy",),
        on=(_ENTRY,),
        read_on=(_ENTRY,),
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": TypeRights(
        read=("eks:DescribePodIdentityAssociation", "eks:ListPodIdentityAssociations"),
        create=("eks:CreatePodIdentityAssociation", *_TAG),
        update=("eks:UpdatePodIdentityAssociation", *_UNTAG),
        delete=("eks:DeletePodIdentityAssociation",),
        on=(*_CLUSTER, _ASSOCIATION),
        read_on=(*_CLUSTER, _ASSOCIATION),
        also_read=(_LOOK_AT_ROLES,),
        also_write=(pass_role("pods.eks.amazonaws.com"),),
    ),
    "aws:autoscaling/tag:Tag": TypeRights(
        # Takes no resource.
        read=("autoscaling:DescribeTags",),
        create=("autoscaling:CreateOrUpdateTags",),
        delete=("autoscaling:DeleteTags",),
        on=(_AUTO_SCALING_GROUP,),
        when={"StringEquals": {"aws:ResourceTag/eks:cluster-name": ("{name}",)}},
    ),
}
