"""What the role of labelled pull requests may do: make and unmake stacks `pr-<number>` on this stack's cluster.

Such a stack has target groups, rules on this stack's listener and records below its domain. They are told from this
stack's by their names, or by the tag `stack` of their own stack. It makes no roles: IAM has no condition on what a
trust says, so whoever makes a role could let in anybody. Its pods get those that this stack makes for them
(`infra.platforms.eks.pipeline.guest_roles`).
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.iam import Document
from infra.platforms.eks.names import PULL_REQUEST_STACKS
from infra.platforms.eks.pipeline.permissions.deploy import PUSH, REGISTRY_LOGIN
from infra.platforms.eks.pipeline.permissions.documents import documents
from infra.platforms.eks.pipeline.permissions.guards import PULL, own_rights, pulumi_key, this_region
from infra.platforms.eks.pipeline.permissions.rights import Conditions, Grant, statements
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.permissions.state import state_read, state_write
from infra.platforms.eks.pipeline.permissions.table import SECTIONS

GUEST_TYPES = (
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws:lb/listenerRule:ListenerRule",
    "aws:lb/targetGroup:TargetGroup",
    "aws:route53/record:Record",
)
"""What a stack of a pull request is made of."""

_ELB = "arn:{partition}:elasticloadbalancing:{here}"
_TARGETS = f"{_ELB}:targetgroup/pr-*"
_LISTENERS = f"{_ELB}:listener/app/alb-*"
_RULES = f"{_ELB}:listener-rule/app/alb-*"
_CLUSTER = "arn:{partition}:eks:{here}:cluster/{name}"
_ASSOCIATIONS = "arn:{partition}:eks:{here}:podidentityassociation/{name}/*"
_ZONES = "arn:{partition}:route53:::hostedzone/*"
_NEW: Conditions = {"StringLike": {"aws:RequestTag/stack": (PULL_REQUEST_STACKS,)}}
_OWN: Conditions = {"StringLike": {"aws:ResourceTag/stack": (PULL_REQUEST_STACKS,)}}
_ROLES = ("{guest_roles}",)


def ephemeral_documents(scope: Scope) -> Mapping[str, Document]:
    """Write the policies of the role that deploys pull requests onto the stack of `scope`."""
    return documents(
        {
            "traffic": statements([*_load_balancing(), *_records(scope)], scope, sid="Traffic"),
            "identity": statements(_pod_identity(), scope, sid="Identity"),
            "images": statements(_images(), scope, sid="Images"),
            "look": statements(_reads(), scope, sid="Look"),
            "state": [
                *state_write(scope, (PULL_REQUEST_STACKS,), sid="OwnState", guests=True),
                # The stack tells its guests where its cluster and listener are.
                *state_read(scope, (scope.stack,), sid="BaseState"),
            ],
            "guards": [*own_rights(scope), this_region(scope), pulumi_key(scope)],
        }
    )


def _load_balancing() -> list[Grant]:
    tag, make = "elasticloadbalancing:AddTags", ("CreateTargetGroup", "CreateRule")
    return [
        Grant(actions=("elasticloadbalancing:CreateTargetGroup",), resources=(_TARGETS,), conditions=_NEW),
        # The listener is this stack's; the rule has its own tags.
        Grant(actions=("elasticloadbalancing:CreateRule",), resources=(_LISTENERS, _RULES), conditions=_NEW),
        Grant(
            actions=(tag,),
            resources=(_TARGETS, _RULES),
            conditions={**_NEW, "StringEquals": {"elasticloadbalancing:CreateAction": make}},
        ),
        Grant(
            actions=(
                tag,
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RemoveTags",
                "elasticloadbalancing:SetRulePriorities",
            ),
            resources=(_TARGETS, _RULES),
            conditions=_OWN,
        ),
    ]


def _records(scope: Scope) -> list[Grant]:
    """Names one label below the domain that begin with the stack's; the domain's own records stay out of reach."""
    if scope.domain is None:
        return []
    return [
        Grant(
            actions=("route53:ChangeResourceRecordSets",),
            resources=(_ZONES,),
            conditions={
                "ForAllValues:StringLike": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": (f"{PULL_REQUEST_STACKS}.{{domain}}",)
                }
            },
        )
    ]


def _pod_identity() -> list[Grant]:
    """Return the rights to give the roles of guests to service accounts.

    EKS knows no condition on the namespace or the service account of an association (Service Authorization Reference,
    read 2026-11-26). The trust of the roles has the one on the namespace.
    """
    return [
        Grant(actions=("eks:CreatePodIdentityAssociation",), resources=(_CLUSTER,), conditions=_NEW),
        # A tag makes an association one's own, so it goes on new ones and own ones only.
        Grant(
            actions=("eks:TagResource",),
            resources=(_ASSOCIATIONS,),
            conditions={**_NEW, "StringLikeIfExists": {"aws:ResourceTag/stack": (PULL_REQUEST_STACKS,)}},
        ),
        Grant(
            actions=(
                "eks:DeletePodIdentityAssociation",
                "eks:UntagResource",
                "eks:UpdatePodIdentityAssociation",
            ),
            resources=(_ASSOCIATIONS,),
            conditions=_OWN,
        ),
        Grant(
            actions=("iam:PassRole",),
            resources=_ROLES,
            conditions={"StringEquals": {"iam:PassedToService": ("pods.eks.amazonaws.com",)}},
        ),
    ]


def _images() -> list[Grant]:
    """Push beside the stack's own images, never among them; pull both."""
    repositories = "arn:{partition}:ecr:{here}:repository/{name}"
    pull = [action for action in PULL if action not in REGISTRY_LOGIN.actions]
    return [
        REGISTRY_LOGIN,
        Grant(actions=PUSH, resources=(f"{repositories}/pr/*",)),
        Grant(actions=pull, resources=(f"{repositories}/*",)),
    ]


def _reads() -> list[Grant]:
    """What the rows of a guest's types read, with the roles of guests for those of the stack."""
    table = {kind: row for rows in SECTIONS.values() for kind, row in rows.items()}
    reads = [grant for kind in GUEST_TYPES for grant in table[kind].reads]
    return [
        Grant(actions=("eks:DescribeCluster",), resources=(_CLUSTER,)),
        *(
            Grant(
                actions=grant.actions,
                resources=_ROLES if set(grant.resources) & {"{roles}", "{pipeline}"} else grant.resources,
                conditions=grant.conditions,
            )
            for grant in reads
        ),
    ]
