"""What is refused to the pipeline whatever another policy allows: in the documents, and again in the boundary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from infra.iam import Statement, deny, deny_all_but
from infra.platforms.eks.pipeline.permissions.grants import Grant

LOGIN = "ecr:GetAuthorizationToken"
"""Takes no resource; it gives a password, not a permission."""
PULL = "ecr:BatchCheckLayerAvailability BatchGetImage DescribeImages GetDownloadUrlForLayer"
"""Images are copied from the registry of another stack, which may be in another region."""
GLOBAL_SERVICES = "iam:* route53:* sts:*"
"""Their requests go to one region for the whole world, or (STS) also to a global address."""
TAGGED_KINDS = (
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

OWN_RIGHTS = (
    deny(
        "KeepOwnRights",
        "iam:Add* Attach* Create* Delete* Detach* Put* Remove* Set* Tag* Untag* Update*",
        "{pipeline}",
        "{iam}:policy/*",
        "{identity_provider}",
    ),
    deny(
        "KeepOwnRoles",
        "iam:PassRole",
        "{pipeline}",
        # The one service that a role of the pipeline trusts, and for one project of it (`pipeline_trust`).
        when={"StringNotEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}},
    ),
    deny(
        "NoOtherIdentities",
        "account:* organizations:* sts:AssumeRole GetFederationToken "
        "iam:*AccessKey* *AccountAlias* *AccountPasswordPolicy *Group* *LoginProfile *MFADevice* *SAMLProvider* *User* "
        "CreateOpenIDConnectProvider DeleteRolePermissionsBoundary",
    ),
    deny(
        "NoRoleWithoutBoundary",
        "iam:AttachRolePolicy CreateRole PutRolePermissionsBoundary PutRolePolicy",
        # Holds also where there is no boundary at all.
        when={"ArnNotEquals": {"iam:PermissionsBoundary": "{boundary}"}},
    ),
)
"""The pipeline's roles, their policies, the boundary and the trust in GitHub stay as an administrator made them."""

PULUMI_KEY = deny_all_but(
    "KeepTheKeyOfTheState",
    "kms:Decrypt DescribeKey Encrypt GenerateDataKey",
    "arn:aws:kms:{here}:key/*",
    when={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "{pulumi_key_alias}"}},
)
"""The key of the state is used, but not changed."""

_OURS = {"aws:ResourceTag/stack": "{stack}", "aws:ResourceTag/kubernetes.io/cluster/{name}": "owned"}
_EC2 = "arn:aws:ec2:{here}"
_TAGGED = (
    *(f"{_EC2}:{kind}/*" for kind in TAGGED_KINDS),
    "arn:aws:acm:{here}:certificate/*",
    "arn:aws:elasticloadbalancing:{here}:*/*",
)
ONLY_OURS = (
    deny(
        "OnlyWhatIsOurs",
        # Not those of other services on these, such as AWS WAF's on a load balancer: they bring no tags of it.
        "acm:* ec2:* elasticloadbalancing:*",
        *_TAGGED,
        when={"StringNotEquals": {**_OURS, "aws:RequestTag/stack": "{stack}"}},
    ),
    deny(
        "OnlyInOurs",
        "ec2:CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpcEndpoint",
        f"{_EC2}:vpc/*",
        when={"StringNotEquals": _OURS},
    ),
    deny(
        "OnlyOursIsOpened",
        # What changes a thing that is there by making another: a rule, an endpoint or a gateway, which brings a tag.
        "ec2:AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateNatGateway CreateVpcEndpoint",
        *(f"{_EC2}:{kind}/*" for kind in ("route-table", "security-group", "subnet")),
        when={"StringNotEquals": _OURS},
    ),
    deny(
        "OnlyOursIsTagged",
        "acm:AddTagsToCertificate ec2:CreateTags elasticloadbalancing:AddTags",
        *_TAGGED,
        when={
            "StringNotEquals": _OURS,
            "Null": {"ec2:CreateAction": "true", "elasticloadbalancing:CreateAction": "true"},
        },
    ),
)
"""Refuse to change what carries neither the stack's tag nor its cluster's, where names do not tell whose it is.

A tag makes a thing one's own, so it goes on what is being made, or on what is one's own already: whoever may tag
anything owns everything that has no tag. What is being made comes with the tag in the request; where it is made, and
what is opened by it, has to have the tag itself.
"""

_LOOK = re.compile(r"[\w-]+:(Describe|Get|List|BatchGet)")


def this_region(but: str = f"{GLOBAL_SERVICES} {LOGIN} {PULL}") -> Statement:
    """Refuse every other region, except for the actions `but`."""
    return deny_all_but("ThisRegionOnly", but, when={"StringNotEquals": {"aws:RequestedRegion": "{region}"}})


def other_stacks(rows: Iterable[Sequence[Grant]]) -> Statement:
    """Refuse to change what is tagged as another stack's; what has no tag `stack` is up to the other statements."""
    actions = {action for row in rows for grant in row for action in grant.actions}
    looks = {f"{look[0]}*" for action in actions if (look := _LOOK.match(action))}
    return deny_all_but(
        "OtherStacksAreNotOurs",
        " ".join([*sorted(looks), LOGIN, PULL]),
        when={"StringNotEquals": {"aws:ResourceTag/stack": "{stack}"}, "Null": {"aws:ResourceTag/stack": "false"}},
    )
