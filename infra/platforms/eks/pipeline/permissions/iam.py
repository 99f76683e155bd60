"""Rows of IAM: the stack's roles.

All of them lie below the stack's path and carry the permissions boundary. Policies of their own are the pipeline's, and
those an administrator makes.
"""

from __future__ import annotations

from infra.platforms.eks.cluster.key_policies import auto_scaling_role_arn
from infra.platforms.eks.pipeline.permissions.rights import Conditions, Grant, Table, TypeRights, service_linked_role

MANAGED_POLICIES = (
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKSClusterPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
)
"""AWS's own policies that the program attaches; no other can be."""

_ROLES = ("{roles}",)
_SEEN_ROLES = ("{roles}", "{pipeline}")
"""The pipeline reads its own roles too, as they are in the state."""
_BOUNDED: Conditions = {"ArnEquals": {"iam:PermissionsBoundary": ("{boundary}",)}}
SERVICE_ROLE = (auto_scaling_role_arn("{partition}", "{account}"),)
"""The role of EC2 Auto Scaling, which the first stack of an account makes."""

IAM: Table = {
    "aws:iam/role:Role": TypeRights(
        read=(
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListRolePolicies",
        ),
        create=("iam:TagRole",),
        update=("iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"),
        delete=("iam:DeleteRole",),
        on=_ROLES,
        read_on=_SEEN_ROLES,
        also_write=(
            Grant(actions=("iam:CreateRole", "iam:PutRolePermissionsBoundary"), resources=_ROLES, conditions=_BOUNDED),
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": TypeRights(
        read=("iam:GetRolePolicy",),
        create=("iam:PutRolePolicy",),
        delete=("iam:DeleteRolePolicy",),
        on=_ROLES,
        read_on=_SEEN_ROLES,
        when=_BOUNDED,
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": TypeRights(
        read=("iam:ListAttachedRolePolicies",),
        create=("iam:AttachRolePolicy",),
        delete=("iam:DetachRolePolicy",),
        on=_ROLES,
        read_on=_SEEN_ROLES,
        when={
            "ArnEquals": {
                "iam:PermissionsBoundary": ("{boundary}",),
                "iam:PolicyARN": tuple(f"arn:{{partition}}:iam::aws:policy/{policy}" for policy in MANAGED_POLICIES),
            }
        },
    ),
    "aws:iam/policy:Policy": TypeRights(
        # The only policies of a stack are those of the pipeline, and the boundary: read, never written.
        read=("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"),
        read_on=("arn:{partition}:iam::{account}:policy/{name}-*",),
    ),
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": TypeRights(
        # Never deleted: other groups of the account run on it.
        read=("iam:GetRole",),
        create=("iam:TagRole",),
        update=("iam:UntagRole", "iam:UpdateRole"),
        on=SERVICE_ROLE,
        read_on=SERVICE_ROLE,
        also_write=(service_linked_role("autoscaling.amazonaws.com"),),
    ),
}
