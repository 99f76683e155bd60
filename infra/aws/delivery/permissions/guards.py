"""What is refused to the pipeline whatever another policy allows: in the documents, and again in the boundary."""

from __future__ import annotations

import re
from collections.abc import Iterable

from infra.aws.delivery.permissions.rights import TypeRights
from infra.aws.delivery.permissions.scope import Scope
from infra.aws.iam import Statement

PULL = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
)
"""Images are copied from the registry of another stack, which may be in another region."""
GLOBAL_SERVICES = ("iam:*", "route53:*", "sts:*")
"""Their requests go to one region for the whole world, or (STS) also to a global address."""
_LOOK = re.compile(r"[\w-]+:(Describe|Get|List|BatchGet)")


def own_rights(scope: Scope) -> list[Statement]:
    """Keep the pipeline's roles, their policies, the boundary and the trust in GitHub as an administrator made them."""
    iam = f"arn:{scope.partition}:iam::{scope.account_id}"
    return [
        Statement(
            sid="KeepOwnRights",
            effect="Deny",
            actions=(
                "iam:Add*",
                "iam:Attach*",
                "iam:Create*",
                "iam:Delete*",
                "iam:Detach*",
                "iam:PassRole",
                "iam:Put*",
                "iam:Remove*",
                "iam:Set*",
                "iam:Tag*",
                "iam:Untag*",
                "iam:Update*",
            ),
            resources=[f"{iam}:role/{scope.name}-*", f"{iam}:policy/*", scope.identity_provider_arn],
        ),
        Statement(
            sid="NoOtherIdentities",
            effect="Deny",
            actions=(
                "account:*",
                "iam:*AccessKey*",
                "iam:*AccountAlias*",
                "iam:*AccountPasswordPolicy",
                "iam:*Group*",
                "iam:*LoginProfile",
                "iam:*MFADevice*",
                "iam:*SAMLProvider*",
                "iam:*User*",
                "iam:CreateOpenIDConnectProvider",
                "iam:DeleteRolePermissionsBoundary",
                "organizations:*",
                "sts:AssumeRole",
                "sts:GetFederationToken",
            ),
            resources=["*"],
        ),
        Statement(
            sid="NoRoleWithoutBoundary",
            effect="Deny",
            actions=(
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ),
            resources=["*"],
            # Holds also where there is no boundary at all.
            conditions={"ArnNotEquals": {"iam:PermissionsBoundary": scope.boundary_arn}},
        ),
    ]


def this_region(scope: Scope) -> Statement:
    """Refuse every other region."""
    return Statement(
        sid="ThisRegionOnly",
        effect="Deny",
        not_actions=sorted((*GLOBAL_SERVICES, *PULL)),
        resources=["*"],
        conditions={"StringNotEquals": {"aws:RequestedRegion": scope.region}},
    )


def pulumi_key(scope: Scope) -> Statement:
    """Let the key of the state be used, but not changed."""
    return Statement(
        sid="KeepTheKeyOfTheState",
        effect="Deny",
        not_actions=("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
        resources=[f"arn:{scope.partition}:kms:{scope.region}:{scope.account_id}:key/*"],
        conditions={"ForAnyValue:StringEquals": {"kms:ResourceAliases": scope.pulumi_key_alias}},
    )


def other_stacks(scope: Scope, rows: Iterable[TypeRights]) -> Statement:
    """Refuse to change what is tagged as another stack's; what has no tag `stack` is up to the other statements."""
    actions = {action for row in rows for grant in (*row.reads, *row.writes) for action in grant.actions}
    looks = {f"{look[0]}*" for action in actions if (look := _LOOK.match(action))}
    return Statement(
        sid="OtherStacksAreNotOurs",
        effect="Deny",
        not_actions=sorted({*looks, *PULL}),
        resources=["*"],
        conditions={
            "StringNotEquals": {"aws:ResourceTag/stack": scope.stack},
            "Null": {"aws:ResourceTag/stack": "false"},
        },
    )
