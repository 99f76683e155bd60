"""What the role of labelled pull requests may do: make and unmake stacks `pr-<number>` on this stack's cluster.

Such a stack has target groups, rules on this stack's listener and records below its domain. They are told from this
stack's by their names, or by the tag `stack` of their own stack. It makes no roles: IAM has no condition on what a
trust says, so whoever makes a role could let in anybody. Its pods get those that this stack makes for them
(`infra.platforms.eks.pipeline.guest_roles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from infra.iam import Conditions, Document
from infra.platforms.eks.names import PULL_REQUEST_STACKS
from infra.platforms.eks.pipeline.permissions.deploy import PUSH
from infra.platforms.eks.pipeline.permissions.documents import documents
from infra.platforms.eks.pipeline.permissions.grants import Grant, read, statements, write
from infra.platforms.eks.pipeline.permissions.guards import LOGIN, OWN_RIGHTS, PULL, PULUMI_KEY, this_region
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.permissions.state import state_read, state_write
from infra.platforms.eks.pipeline.permissions.table import rows

GUEST_TYPES = (
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws:lb/listenerRule:ListenerRule",
    "aws:lb/targetGroup:TargetGroup",
    "aws:route53/record:Record",
)
"""What a stack of a pull request is made of."""

_ELB = "arn:aws:elasticloadbalancing:{here}"
_TARGETS = f"{_ELB}:targetgroup/pr-*"
_RULES = f"{_ELB}:listener-rule/app/alb-*"
_CLUSTER = "arn:aws:eks:{here}:cluster/{name}"
_ASSOCIATIONS = "arn:aws:eks:{here}:podidentityassociation/{name}/*"
_REPOSITORIES = "arn:aws:ecr:{here}:repository/{name}"
_NEW: Conditions = {"StringLike": {"aws:RequestTag/stack": PULL_REQUEST_STACKS}}
_OWN: Conditions = {"StringLike": {"aws:ResourceTag/stack": PULL_REQUEST_STACKS}}

LOAD_BALANCING = (
    write("elasticloadbalancing:CreateTargetGroup", _TARGETS, when=_NEW),
    # The listener is this stack's; the rule has its own tags.
    write("elasticloadbalancing:CreateRule", f"{_ELB}:listener/app/alb-*", _RULES, when=_NEW),
    write(
        "elasticloadbalancing:AddTags",
        _TARGETS,
        _RULES,
        when={**_NEW, "StringEquals": {"elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateRule"]}},
    ),
    write("elasticloadbalancing:DeleteRule ModifyRule SetRulePriorities", _TARGETS, _RULES, when=_OWN),
    write("elasticloadbalancing:DeleteTargetGroup ModifyTargetGroup", _TARGETS, _RULES, when=_OWN),
    write("elasticloadbalancing:ModifyTargetGroupAttributes AddTags RemoveTags", _TARGETS, _RULES, when=_OWN),
)
RECORDS = write(
    "route53:ChangeResourceRecordSets",
    "arn:aws:route53:::hostedzone/*",
    when={
        "ForAllValues:StringLike": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": f"{PULL_REQUEST_STACKS}.{{domain}}"
        }
    },
)
"""Names one label below the domain that begin with the stack's; the domain's own records stay out of reach."""
POD_IDENTITY = (
    write("eks:CreatePodIdentityAssociation", _CLUSTER, when=_NEW),
    # A tag makes an association one's own, so it goes on new ones and own ones only.
    write(
        "eks:TagResource",
        _ASSOCIATIONS,
        when={**_NEW, "StringLikeIfExists": {"aws:ResourceTag/stack": PULL_REQUEST_STACKS}},
    ),
    write("eks:UpdatePodIdentityAssociation DeletePodIdentityAssociation UntagResource", _ASSOCIATIONS, when=_OWN),
    write("iam:PassRole", "{guest_roles}", when={"StringEquals": {"iam:PassedToService": "pods.eks.amazonaws.com"}}),
)
"""The roles of guests are given to service accounts.

EKS knows no condition on the namespace or the service account of an association (Service Authorization Reference, read
2026-11-26). The trust of the roles has the one on the namespace.
"""
IMAGES = (read(LOGIN), write(PUSH, f"{_REPOSITORIES}/pr/*"), read(PULL, f"{_REPOSITORIES}/*"))
"""Push beside the stack's own images, never among them; pull both."""


def ephemeral_documents(scope: Scope) -> Mapping[str, Document]:
    """Write the policies of the role that deploys pull requests onto the stack of `scope`."""
    records = [] if scope.domain is None else [RECORDS]
    return documents(
        {
            "traffic": statements([*LOAD_BALANCING, *records], sid="Traffic"),
            "identity": statements(POD_IDENTITY, sid="Identity"),
            "images": statements(IMAGES, sid="Images"),
            "look": statements([read("eks:DescribeCluster", _CLUSTER), *_reads()], sid="Look"),
            "state": [
                *state_write(scope, PULL_REQUEST_STACKS, sid="OwnState", guests=True),
                # The stack tells its guests where its cluster and listener are.
                *state_read(scope, scope.stack, sid="BaseState"),
            ],
            "guards": [*OWN_RIGHTS, this_region(), PULUMI_KEY],
        },
        scope,
    )


def _reads() -> list[Grant]:
    """Return what the rows of a guest's types read, with the roles of guests for those of the stack."""
    reads = [grant for section in rows(GUEST_TYPES).values() for row in section for grant in row if not grant.writes]
    return [
        replace(grant, resources=("{guest_roles}",)) if set(grant.resources) & {"{roles}", "{pipeline}"} else grant
        for grant in reads
    ]
