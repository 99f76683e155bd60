"""Rows of IAM: the stack's roles.

All of them lie below the stack's path and carry the permissions boundary. Policies of their own are the pipeline's, and
those an administrator makes.
"""

from __future__ import annotations

from infra.platforms.eks.cluster.key_policies import auto_scaling_role_arn
from infra.platforms.eks.pipeline.permissions.grants import Table, read, service_linked_role, write

MANAGED_POLICIES = (
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKSClusterPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
)
"""AWS's own policies that the program attaches; no other can be."""
SERVICE_ROLE = auto_scaling_role_arn("{account}")
"""The role of EC2 Auto Scaling, which the first stack of an account makes."""

_SEEN_ROLES = ("{roles}", "{pipeline}")
"""The pipeline reads its own roles too, as they are in the state."""
_BOUNDED = {"iam:PermissionsBoundary": "{boundary}"}
_ATTACHABLE = {"iam:PolicyARN": [f"arn:aws:iam::aws:policy/{policy}" for policy in MANAGED_POLICIES]}

IAM: Table = {
    "aws:iam/role:Role": (
        read("iam:GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole", *_SEEN_ROLES),
        read("iam:ListRolePolicies", *_SEEN_ROLES),
        write("iam:CreateRole PutRolePermissionsBoundary", "{roles}", when={"ArnEquals": _BOUNDED}),
        write("iam:UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription", "{roles}"),
        write("iam:DeleteRole TagRole UntagRole", "{roles}"),
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        read("iam:GetRolePolicy", *_SEEN_ROLES),
        write("iam:PutRolePolicy DeleteRolePolicy", "{roles}", when={"ArnEquals": _BOUNDED}),
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        read("iam:ListAttachedRolePolicies", *_SEEN_ROLES),
        write("iam:AttachRolePolicy DetachRolePolicy", "{roles}", when={"ArnEquals": {**_BOUNDED, **_ATTACHABLE}}),
    ),
    "aws:iam/policy:Policy": (
        # The only policies of a stack are those of the pipeline, and the boundary: read, never written.
        read("iam:GetPolicy GetPolicyVersion ListPolicyVersions", "arn:aws:iam::{account}:policy/{name}-*"),
    ),
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": (
        read("iam:GetRole", SERVICE_ROLE),
        # Never deleted: other groups of the account run on it.
        write("iam:UpdateRole TagRole UntagRole", SERVICE_ROLE),
        service_linked_role("autoscaling.amazonaws.com"),
    ),
}
