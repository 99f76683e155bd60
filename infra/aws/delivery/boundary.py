"""The permissions boundary: what any role of a stack may do at most, whatever its policies say."""

from __future__ import annotations

from infra.aws.delivery.permissions.guards import own_rights, pulumi_key, this_region
from infra.aws.delivery.permissions.scope import PULL_REQUEST_STACKS, Scope
from infra.aws.iam import Document, Statement, policy_document
from infra.settings.aws.names import role_path

WORKLOADS = (
    "autoscaling:Describe*",
    "autoscaling:SetDesiredCapacity",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    "ec2:AssignPrivateIpAddresses",
    "ec2:AttachNetworkInterface",
    "ec2:AttachVolume",
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:CreateTags",
    "ec2:CreateVolume",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteVolume",
    "ec2:Describe*",
    "ec2:DetachNetworkInterface",
    "ec2:DetachVolume",
    "ec2:GetInstanceTypesFromInstanceRequirements",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:ModifyVolume",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:BatchGetImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "eks-auth:AssumeRoleForPodIdentity",
    "eks:Describe*",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:Describe*",
    "elasticloadbalancing:RegisterTargets",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "logs:CreateLogStream",
    "logs:Describe*",
    "logs:PutLogEvents",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
)
"""Nodes, network and volumes of pods, autoscaler, load-balancer controller, flow logs, runner, secrets of apps."""

CONTROL_PLANE = (
    "autoscaling:UpdateAutoScalingGroup",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateRoute",
    "ec2:CreateSecurityGroup",
    "ec2:DeleteRoute",
    "ec2:DeleteSecurityGroup",
    "ec2:ModifyInstanceAttribute",
    "ec2:RevokeSecurityGroupIngress",
    "elasticloadbalancing:*",
)
"""What `AmazonEKSClusterPolicy` has beyond that."""

PIPELINE = (
    "acm:*",
    "autoscaling:*",
    "codebuild:*",
    "codeconnections:*",
    "ec2:*",
    "ecr:*",
    "eks:*",
    "elasticloadbalancing:*",
    "iam:*RolePermissionsBoundary",
    "iam:*RolePolicy",
    "iam:CreateRole",
    "iam:CreateServiceLinkedRole",
    "iam:DeleteRole",
    "iam:Get*",
    "iam:List*",
    "iam:PassRole",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole*",
    "kms:*",
    "logs:*",
    "route53:*",
    "s3:*",
    "wafv2:*",
)
"""The services of the rows in `permissions`, which say what of them each role may do."""


RUNNER = (
    "codeconnections:GetConnection",
    "codeconnections:GetConnectionToken",
    "codeconnections:UseConnection",
)
"""By which the runner asks GitHub for jobs; a token of the connection reaches all that the connection does."""

GUESTS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "kms:Decrypt")
"""What roles of pods of pull requests are for: to read secrets. Whoever opens a pull request makes them."""


def boundary_document(scope: Scope) -> Document:
    """Write the boundary of the roles of a stack, of those of its pull requests, and of the pipeline's.

    Only the pipeline's roles reach IAM, networks and load balancers as a whole: a role that the pipeline makes for pods
    cannot be given that, and none can be given more than the pipeline has.
    """
    account = f"arn:{scope.partition}:iam::{scope.account_id}"
    guests = f"{account}:role{role_path(scope.project, PULL_REQUEST_STACKS)}*"
    return policy_document(
        Statement(sid="Workloads", actions=WORKLOADS, resources=["*"]),
        Statement(
            sid="ControlPlane",
            actions=CONTROL_PLANE,
            resources=["*"],
            conditions={
                "ArnLike": {"aws:PrincipalArn": f"{account}:role{role_path(scope.project, scope.stack)}control-plane-*"}
            },
        ),
        Statement(
            sid="Runner",
            actions=RUNNER,
            resources=["*"],
            conditions={
                "ArnLike": {"aws:PrincipalArn": f"{account}:role{role_path(scope.project, scope.stack)}runner-*"}
            },
        ),
        Statement(
            sid="GuestsReadSecrets",
            effect="Deny",
            not_actions=GUESTS,
            resources=["*"],
            conditions={"ArnLike": {"aws:PrincipalArn": guests}},
        ),
        Statement(
            sid="GuestsDecryptSecretsOnly",
            effect="Deny",
            actions=("kms:Decrypt",),
            resources=["*"],
            conditions={
                "ArnLike": {"aws:PrincipalArn": guests},
                "StringNotEquals": {"kms:ViaService": f"secretsmanager.{scope.region}.amazonaws.com"},
            },
        ),
        Statement(
            sid="ServiceLinkedRole",
            actions=["iam:CreateServiceLinkedRole"],
            resources=["*"],
            conditions={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        Statement(
            sid="Pipeline",
            actions=PIPELINE,
            resources=["*"],
            conditions={"ArnEquals": {"aws:PrincipalArn": list(scope.pipeline_roles)}},
        ),
        *own_rights(scope),
        this_region(scope),
        pulumi_key(scope),
        Statement(
            sid="StateIsThePipelines",
            effect="Deny",
            actions=["kms:*"],
            resources=["*"],
            conditions={
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": scope.pulumi_key_alias},
                "ArnNotEquals": {"aws:PrincipalArn": list(scope.pipeline_roles)},
            },
        ),
    )
