"""What is refused to the pipeline whatever another policy allows: in the documents, and again in the boundary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from infra.iam import Statement
from infra.platforms.eks.pipeline.permissions.rights import TypeRights
from infra.platforms.eks.pipeline.permissions.scope import Scope

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
TOLD_BY_TAG = (
    "elastic-ip",
    "internet-gateway",
    "launch-template",
    "natgateway",
    "route-table",
    "security-group",
    "subnet",
    "vpc",
    "vpc-endpoint",
    "vpc-flow-log",
)
"""Kinds of EC2 that the stack makes with its tag. Rules of a group go with the group, interfaces with their subnet."""
TAGGING = ("acm:AddTagsToCertificate", "ec2:CreateTags", "elasticloadbalancing:AddTags")
IN_A_VPC = ("ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateVpcEndpoint")
OPENING = (
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateNatGateway",
    "ec2:CreateVpcEndpoint",
)
"""What changes a thing that is there by making another: a rule, an endpoint or a gateway, which brings a tag."""
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
            sid="KeepOwnRoles",
            effect="Deny",
            actions=("iam:PassRole",),
            resources=[f"{iam}:role/{scope.name}-*"],
            # The one service that a role of the pipeline trusts, and for one project of it (`pipeline_trust`).
            conditions={"StringNotEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}},
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


def this_region(scope: Scope, *, but: Sequence[str] = (*GLOBAL_SERVICES, *PULL)) -> Statement:
    """Refuse every other region, except for the actions `but`."""
    return Statement(
        sid="ThisRegionOnly",
        effect="Deny",
        not_actions=sorted(but),
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


def only_what_is_ours(scope: Scope) -> list[Statement]:
    """Refuse to change what carries neither the stack's tag nor its cluster's, where names do not tell whose it is.

    A tag makes a thing one's own, so it goes on what is being made, or on what is one's own already: whoever may tag
    anything owns everything that has no tag. What is being made comes with the tag in the request; where it is made,
    and what is opened by it, has to have the tag itself.
    """
    here = f"{scope.region}:{scope.account_id}"
    ours = {
        "aws:ResourceTag/stack": scope.stack,
        f"aws:ResourceTag/kubernetes.io/cluster/{scope.name}": "owned",
    }
    of_ec2 = [f"arn:{scope.partition}:ec2:{here}:{kind}/*" for kind in TOLD_BY_TAG]
    of_others = [
        f"arn:{scope.partition}:{service}:{here}:{kind}/*"
        for service, kind in (("acm", "certificate"), ("elasticloadbalancing", "*"))
    ]
    return [
        Statement(
            sid="OnlyWhatIsOurs",
            effect="Deny",
            # Not those of other services on these, such as AWS WAF's on a load balancer: they bring no tags of it.
            actions=("acm:*", "ec2:*", "elasticloadbalancing:*"),
            resources=[*of_ec2, *of_others],
            conditions={"StringNotEquals": {**ours, "aws:RequestTag/stack": scope.stack}},
        ),
        Statement(
            sid="OnlyInOurs",
            effect="Deny",
            actions=IN_A_VPC,
            resources=[f"arn:{scope.partition}:ec2:{here}:vpc/*"],
            conditions={"StringNotEquals": ours},
        ),
        Statement(
            sid="OnlyOursIsOpened",
            effect="Deny",
            actions=OPENING,
            resources=[
                f"arn:{scope.partition}:ec2:{here}:{kind}/*" for kind in ("route-table", "security-group", "subnet")
            ],
            conditions={"StringNotEquals": ours},
        ),
        Statement(
            sid="OnlyOursIsTagged",
            effect="Deny",
            actions=TAGGING,
            resources=[*of_ec2, *of_others],
            conditions={
                "StringNotEquals": ours,
                "Null": {"ec2:CreateAction": "true", "elasticloadbalancing:CreateAction": "true"},
            },
        ),
    ]


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
