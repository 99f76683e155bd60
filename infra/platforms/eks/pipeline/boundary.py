"""The permissions boundary: what any role of a stack may do at most, whatever its policies say.

Whoever deploys chooses the names, the trust and the policies of the stack's roles. So nothing here that must hold rests
on a role's name: what belongs to another stack of the account is out of reach of every role alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from infra.addons import ADDONS
from infra.addons.addon import ClusterFacts
from infra.iam import Conditions, Document, Statement, allow, deny, deny_all_but, policy_document
from infra.platforms.eks.names import PULL_REQUEST_STACKS
from infra.platforms.eks.pipeline.permissions.grants import filled
from infra.platforms.eks.pipeline.permissions.guards import LOGIN, OWN_RIGHTS, PULL, PULUMI_KEY, this_region
from infra.platforms.eks.pipeline.permissions.scope import Scope

WORKLOADS = allow(
    "Workloads",
    "autoscaling:Describe* eks:Describe* elasticloadbalancing:Describe* logs:Describe* "
    "ec2:Describe* GetInstanceTypesFromInstanceRequirements AssignPrivateIpAddresses UnassignPrivateIpAddresses "
    "CreateNetworkInterface CreateNetworkInterfacePermission AttachNetworkInterface DetachNetworkInterface "
    "ModifyNetworkInterfaceAttribute DeleteNetworkInterface "
    "ecr:BatchGetImage BatchImportUpstreamImage GetAuthorizationToken GetDownloadUrlForLayer "
    "kms:CreateGrant Decrypt DescribeKey GenerateDataKeyWithoutPlaintext",
)
"""Nodes, the network of pods, controllers and apps: what has no mark of the cluster by which it could be named."""

_BY_CONTROL_PLANE: Conditions = {"ArnLike": {"aws:PrincipalArn": "{control_plane_roles}"}}
_OF_CLUSTER: Conditions = {"StringEquals": {"aws:ResourceTag/kubernetes.io/cluster/{name}": "owned"}}
CONTROL_PLANE = (
    allow(
        "ControlPlane",
        "autoscaling:UpdateAutoScalingGroup elasticloadbalancing:* "
        "ec2:AuthorizeSecurityGroupIngress DeleteSecurityGroup ModifyInstanceAttribute RevokeSecurityGroupIngress",
        when={**_BY_CONTROL_PLANE, **_OF_CLUSTER},
    ),
    allow(
        "Makes",
        "ec2:CreateSecurityGroup elasticloadbalancing:CreateLoadBalancer CreateTargetGroup",
        when=_BY_CONTROL_PLANE,
    ),
    allow(
        "Tags",
        "elasticloadbalancing:AddTags",
        when={**_BY_CONTROL_PLANE, "Null": {"elasticloadbalancing:CreateAction": "false"}},
    ),
)
"""What `AmazonEKSClusterPolicy` has beyond that, on what carries the cluster's tag. It has routes and
volumes too, for other networks and drivers than these."""

PIPELINE = allow(
    "Pipeline",
    "acm:* autoscaling:* codebuild:* ec2:* ecr:* eks:* elasticloadbalancing:* iam:*Role* Get* List* "
    "kms:* logs:* route53:* s3:* wafv2:*",
)
"""The services of the rows in `permissions`, which say what of them each role may do."""

FILE_SYSTEMS = allow("FileSystems", "elasticfilesystem:*")
"""The same, where apps share volumes."""

_BY_GUEST: Conditions = {"ArnLike": {"aws:PrincipalArn": "{guest_roles}"}}
GUESTS = (
    deny_all_but("Guests", "secretsmanager:DescribeSecret GetSecretValue kms:Decrypt", when=_BY_GUEST),
    deny(
        "GuestsDecrypt",
        "kms:Decrypt",
        when={**_BY_GUEST, "StringNotEquals": {"kms:ViaService": "secretsmanager.{region}.amazonaws.com"}},
    ),
)
"""What roles of pods of pull requests are for: to read secrets. A pull request chooses what runs there."""

SERVICE_LINKED_ROLE = allow(
    "ServiceLinkedRole",
    "iam:CreateServiceLinkedRole",
    when={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
)
STATE_KEY = deny("State", "kms:*", when={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "{pulumi_key_alias}"}})

CLUSTER_MARKS = ("aws:eks:cluster-name", "cluster.k8s.amazonaws.com/name")
"""Tags with a cluster's name: on the security group that EKS makes (EKS user guide, "View Amazon EKS security group
requirements"), and on the interfaces that the VPC CNI makes (amazon-vpc-cni-k8s, pkg/awsutils)."""


def boundary_document(scope: Scope) -> Document:
    """Write the boundary of the roles that the stack makes, those for its pull requests among them.

    None of them reaches IAM, and networks and load balancers only where they carry the cluster's tag.
    """
    return _document(
        scope,
        [
            WORKLOADS,
            _named(scope),
            *_of_addons(scope),
            *CONTROL_PLANE,
            *GUESTS,
            SERVICE_LINKED_ROLE,
            # An image may be in another region, and IAM is in one for the whole world.
            this_region(but="ecr:* iam:*"),
            STATE_KEY,
            *_not_of_other_stacks(scope),
        ],
    )


def app_boundary_document(scope: Scope, permitted: Iterable[Statement]) -> Document:
    """Write the boundary of the roles of pods with `permissions`: what the stack file permits them, and their secrets.

    So no role that the pipeline makes may do on AWS what an administrator has not deployed once.
    """
    own = [
        allow("Secrets", "secretsmanager:DescribeSecret GetSecretValue", *_secrets(scope)),
        allow(
            "Decrypt", "kms:Decrypt", when={"StringEquals": {"kms:ViaService": "secretsmanager.{region}.amazonaws.com"}}
        ),
        STATE_KEY,
        *_not_of_other_stacks(scope),
    ]
    # What a stack file says may have braces of its own: IAM fills in policy variables.
    return policy_document(*(filled(statement, scope) for statement in own), *_together(permitted))


def pipeline_boundary_document(scope: Scope) -> Document:
    """Write the boundary of the roles that GitHub takes.

    It is another than that of the roles which they make: those reach neither IAM nor a network.
    """
    # The next stack copies images, and the account has roles that its stacks share.
    shared = f"{LOGIN} {PULL} iam:Get* List*"
    others = _not_of_other_stacks(scope, but=shared, marks=(*CLUSTER_MARKS, "eks:cluster-name"))
    files = [FILE_SYSTEMS] if scope.file_systems else []
    return _document(scope, [PIPELINE, *files, *scope.own_code, *OWN_RIGHTS, this_region(), PULUMI_KEY, *others])


def _document(scope: Scope, statements: Iterable[Statement]) -> Document:
    return policy_document(*(filled(statement, scope) for statement in statements))


def _named(scope: Scope) -> Statement:
    """Allow what names the stack in its ARN."""
    return allow(
        "Named",
        "eks-auth:AssumeRoleForPodIdentity logs:CreateLogStream PutLogEvents "
        "secretsmanager:DescribeSecret GetSecretValue",
        "arn:aws:eks:{here}:cluster/{name}",
        "arn:aws:logs:{here}:log-group:/aws/vpc/{name}/*",
        *_secrets(scope),
    )


def _secrets(scope: Scope) -> list[str]:
    return [f"arn:aws:secretsmanager:{{here}}:secret:{beginning}*" for beginning in scope.secrets]


def _together(permitted: Iterable[Statement]) -> Iterator[Statement]:
    """Put the resources of the same actions under the same conditions into one statement."""
    alike: dict[str, list[Statement]] = {}
    for one in permitted:
        alike.setdefault(json.dumps([sorted(one.actions), one.conditions], default=id), []).append(one)
    for number, group in enumerate(alike.values(), start=1):
        resources = dict.fromkeys(resource for one in group for resource in one.resources)
        yield replace(group[0], sid=f"Pods{number}", resources=list(resources))


def _of_addons(scope: Scope) -> Iterator[Statement]:
    """Allow what the add-ons of the stack are permitted (`infra.addons`), on what is its cluster's, beyond `WORKLOADS`.

    As IAM takes no longer boundary, statements with the same conditions are one here.
    """
    cluster = ClusterFacts(name=scope.name, account_id=scope.account_id, region=scope.region)
    made = [addon for addon in ADDONS if scope.file_systems or addon.needed_by != "shared volumes"]
    permitted = [one for addon in made for part in addon.permissions(cluster).values() for one in part]
    by_conditions: dict[str, list[Statement]] = {}
    for one in permitted:
        if more := [
            action for action in one.actions if not any(fnmatchcase(action, known) for known in WORKLOADS.actions)
        ]:
            by_conditions.setdefault(json.dumps(one.conditions), []).append(replace(one, actions=more))
    for number, group in enumerate(by_conditions.values(), start=1):
        yield replace(
            group[0],
            sid=f"Addons{number}",
            actions=sorted({action for one in group for action in one.actions}),
            resources=sorted({str(resource) for one in group for resource in one.resources}),
        )


def _not_of_other_stacks(scope: Scope, *, but: str = "", marks: Sequence[str] = CLUSTER_MARKS) -> list[Statement]:
    """Refuse what another stack's tag marks, and what EKS and the VPC CNI mark as another cluster's.

    `but` are actions that are not refused.
    """
    own = [scope.stack, *([PULL_REQUEST_STACKS] if scope.guests else [])]
    others: Conditions = {"StringNotLike": {"aws:ResourceTag/stack": own}, "Null": {"aws:ResourceTag/stack": "false"}}
    return [
        deny_all_but("OtherStacks", but, when=others) if but else deny("OtherStacks", "*", when=others),
        *(
            deny(
                f"OtherClusters{number}",
                "ec2:*",
                when={
                    "StringNotEquals": {f"aws:ResourceTag/{mark}": "{name}"},
                    "Null": {f"aws:ResourceTag/{mark}": "false"},
                },
            )
            for number, mark in enumerate(marks, start=1)
        ),
    ]
