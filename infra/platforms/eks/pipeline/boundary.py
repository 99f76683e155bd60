"""The permissions boundary: what any role of a stack may do at most, whatever its policies say.

Whoever deploys chooses the names, the trust and the policies of the stack's roles. So nothing here that must hold rests
on a role's name: what belongs to another stack of the account is out of reach of every role alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from infra.addons import ADDONS
from infra.addons.addon import ClusterFacts
from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.names import PULL_REQUEST_STACKS, role_path
from infra.platforms.eks.pipeline.permissions.guards import PULL, own_rights, pulumi_key, this_region
from infra.platforms.eks.pipeline.permissions.scope import Scope

WORKLOADS = (
    "autoscaling:Describe*",
    "ec2:AssignPrivateIpAddresses",
    "ec2:AttachNetworkInterface",
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:Describe*",
    "ec2:DetachNetworkInterface",
    "ec2:GetInstanceTypesFromInstanceRequirements",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:BatchGetImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "eks:Describe*",
    "elasticloadbalancing:Describe*",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "logs:Describe*",
)
"""Nodes, the network of pods, controllers and apps: what has no mark of the cluster by which it could be named."""

CONTROL_PLANE = (
    "autoscaling:UpdateAutoScalingGroup",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:DeleteSecurityGroup",
    "ec2:ModifyInstanceAttribute",
    "ec2:RevokeSecurityGroupIngress",
    "elasticloadbalancing:*",
)
"""What `AmazonEKSClusterPolicy` has beyond that, on what carries the cluster's tag. It has routes and
volumes too, for other networks and drivers than these."""

CONTROL_PLANE_MAKES = (
    "ec2:CreateSecurityGroup",
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:CreateTargetGroup",
)

PIPELINE = (
    "acm:*",
    "autoscaling:*",
    "codebuild:*",
    "ec2:*",
    "ecr:*",
    "eks:*",
    "elasticloadbalancing:*",
    "iam:*Role*",
    "iam:Get*",
    "iam:List*",
    "kms:*",
    "logs:*",
    "route53:*",
    "s3:*",
    "wafv2:*",
)
"""The services of the rows in `permissions`, which say what of them each role may do."""

CLUSTER_MARKS = ("aws:eks:cluster-name", "cluster.k8s.amazonaws.com/name")
"""Tags with a cluster's name: on the security group that EKS makes (EKS user guide, "View Amazon EKS security group
requirements"), and on the interfaces that the VPC CNI makes (amazon-vpc-cni-k8s, pkg/awsutils)."""

GUESTS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "kms:Decrypt")
"""What roles of pods of pull requests are for: to read secrets. A pull request chooses what runs there."""


def boundary_document(scope: Scope) -> Document:
    """Write the boundary of the roles that the stack makes, those for its pull requests among them.

    None of them reaches IAM, and networks and load balancers only where they carry the cluster's tag.
    """
    return policy_document(
        Statement(sid="Workloads", actions=WORKLOADS, resources=["*"]),
        *_of_this_stack(scope),
        *_of_control_plane(scope),
        *_of_guests(scope),
        Statement(
            sid="ServiceLinkedRole",
            actions=["iam:CreateServiceLinkedRole"],
            resources=["*"],
            conditions={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        # An image may be in another region, and IAM is in one for the whole world.
        this_region(scope, but=("ecr:*", "iam:*")),
        Statement(
            sid="State",
            effect="Deny",
            actions=["kms:*"],
            resources=["*"],
            conditions={"ForAnyValue:StringEquals": {"kms:ResourceAliases": scope.pulumi_key_alias}},
        ),
        *_not_of_other_stacks(scope),
    )


def pipeline_boundary_document(scope: Scope) -> Document:
    """Write the boundary of the roles that GitHub takes.

    It is another than that of the roles which they make: those reach neither IAM nor a network.
    """
    return policy_document(
        Statement(sid="Pipeline", actions=PIPELINE, resources=["*"]),
        *own_rights(scope),
        this_region(scope),
        pulumi_key(scope),
        *_not_of_other_stacks(scope, but=(*PULL, "iam:Get*", "iam:List*"), marks=(*CLUSTER_MARKS, "eks:cluster-name")),
    )


def _of_this_stack(scope: Scope) -> list[Statement]:
    """Allow what names the stack in its ARN, or carries a mark that only its own things carry."""
    here = f"{scope.region}:{scope.account_id}"
    arn = f"arn:{scope.partition}"
    return [
        Statement(
            sid="Named",
            actions=(
                "eks-auth:AssumeRoleForPodIdentity",
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
            ),
            resources=[
                f"{arn}:eks:{here}:cluster/{scope.name}",
                f"{arn}:logs:{here}:log-group:/aws/vpc/{scope.name}/*",
                *(f"{arn}:secretsmanager:{here}:secret:{beginning}*" for beginning in scope.secrets),
            ],
        ),
        *_of_addons(scope),
    ]


def _of_addons(scope: Scope) -> Iterator[Statement]:
    """Allow what the add-ons are permitted (`infra.addons`), on what is this cluster's, beyond `WORKLOADS`.

    As IAM takes no longer boundary, statements with the same conditions are one here.
    """
    cluster = ClusterFacts(name=scope.name, account_id=scope.account_id, region=scope.region, partition=scope.partition)
    permitted = [one for addon in ADDONS for part in addon.permissions(cluster).values() for one in part]
    by_conditions: dict[str, list[Statement]] = {}
    for one in permitted:
        if more := [action for action in one.actions if not any(fnmatchcase(action, known) for known in WORKLOADS)]:
            by_conditions.setdefault(json.dumps(one.conditions), []).append(replace(one, actions=more))
    for number, group in enumerate(by_conditions.values(), start=1):
        yield replace(
            group[0],
            sid=f"Addons{number}",
            actions=sorted({action for one in group for action in one.actions}),
            resources=sorted({str(resource) for one in group for resource in one.resources}),
        )


def _of_control_plane(scope: Scope) -> list[Statement]:
    account = f"arn:{scope.partition}:iam::{scope.account_id}"
    control_plane = {
        "ArnLike": {"aws:PrincipalArn": f"{account}:role{role_path(scope.project, scope.stack)}control-plane-*"}
    }
    return [
        Statement(
            sid="ControlPlane",
            actions=CONTROL_PLANE,
            resources=["*"],
            conditions={
                **control_plane,
                "StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{scope.name}": "owned"},
            },
        ),
        Statement(sid="Makes", actions=CONTROL_PLANE_MAKES, resources=["*"], conditions=control_plane),
        Statement(
            sid="Tags",
            actions=("elasticloadbalancing:AddTags",),
            resources=["*"],
            conditions={**control_plane, "Null": {"elasticloadbalancing:CreateAction": "false"}},
        ),
    ]


def _of_guests(scope: Scope) -> list[Statement]:
    guests = scope.guest_roles
    return [
        Statement(
            sid="Guests",
            effect="Deny",
            not_actions=GUESTS,
            resources=["*"],
            conditions={"ArnLike": {"aws:PrincipalArn": guests}},
        ),
        Statement(
            sid="GuestsDecrypt",
            effect="Deny",
            actions=("kms:Decrypt",),
            resources=["*"],
            conditions={
                "ArnLike": {"aws:PrincipalArn": guests},
                "StringNotEquals": {"kms:ViaService": f"secretsmanager.{scope.region}.amazonaws.com"},
            },
        ),
    ]


def _not_of_other_stacks(
    scope: Scope, *, but: Sequence[str] = (), marks: Sequence[str] = CLUSTER_MARKS
) -> list[Statement]:
    """Refuse what another stack's tag marks, and what EKS and the VPC CNI mark as another cluster's.

    `but` is what is not refused: the next stack copies images, and the account has roles that its stacks share.
    """
    own = [scope.stack, *([PULL_REQUEST_STACKS] if scope.guests else [])]
    return [
        Statement(
            sid="OtherStacks",
            effect="Deny",
            actions=() if but else ("*",),
            not_actions=but,
            resources=["*"],
            conditions={"StringNotLike": {"aws:ResourceTag/stack": own}, "Null": {"aws:ResourceTag/stack": "false"}},
        ),
        *(
            Statement(
                sid=f"OtherClusters{number}",
                effect="Deny",
                actions=("ec2:*",),
                resources=["*"],
                conditions={
                    "StringNotEquals": {f"aws:ResourceTag/{mark}": scope.name},
                    "Null": {f"aws:ResourceTag/{mark}": "false"},
                },
            )
            for number, mark in enumerate(marks, start=1)
        ),
    ]
