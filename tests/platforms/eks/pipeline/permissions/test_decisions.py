"""What each role of the pipeline may and may not do, as a table: its documents and its boundary, evaluated together."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import pytest

from infra.platforms.eks.pipeline.boundary import pipeline_boundary_document
from infra.platforms.eks.pipeline.permissions.deploy import deploy_documents
from infra.platforms.eks.pipeline.permissions.ephemeral import ephemeral_documents
from infra.platforms.eks.pipeline.permissions.preview import preview_documents
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.iam_evaluator import Call, Value, all_allow
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import BUCKET, scope, types_of_everything

IAM = f"arn:aws:iam::{ACCOUNT}"
ROLE = f"{IAM}:role/nightowl/dev/app-web-1a2b3c4"
GUEST_ROLE = f"{IAM}:role/nightowl/dev/guest-web-1a2b3c4"
DEPLOY = f"{IAM}:role/nightowl-dev-deploy"
BOUNDARY = f"{IAM}:policy/nightowl-dev-boundary"
HERE = f"{REGION}:{ACCOUNT}"
PROJECT = f"arn:aws:codebuild:{HERE}:project/nightowl-dev-runner"
EC2 = f"arn:aws:ec2:{HERE}"
EKS = f"arn:aws:eks:{HERE}"
ELB = f"arn:aws:elasticloadbalancing:{HERE}"
KEY = f"arn:aws:kms:{HERE}:key/1234"
ALIAS = f"arn:aws:kms:{HERE}:alias"
LOGS = f"arn:aws:logs:{HERE}:log-group"
ECR = f"arn:aws:ecr:{HERE}:repository"
STATE = f"arn:aws:s3:::{BUCKET}/.pulumi"
ZONE = "arn:aws:route53:::hostedzone/Z0123456789"
LISTENER = f"{ELB}:listener/app/alb-1a2b3c4/0123/4567"
RULE = f"{ELB}:listener-rule/app/alb-1a2b3c4/0123/4567/89ab"
TARGETS = f"{ELB}:targetgroup"
PULUMI = {"kms:ResourceAliases": ["alias/nightowl-pulumi"]}
NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
BOUNDED = {"iam:PermissionsBoundary": BOUNDARY}
MANAGED = "arn:aws:iam::aws:policy"
OF_DEV = {"aws:ResourceTag/stack": "dev"}
OF_PR = {"aws:ResourceTag/stack": "pr-7"}
FOR_DEV = {"aws:RequestTag/stack": "dev"}
FOR_PR = {"aws:RequestTag/stack": "pr-7"}

Row = tuple[str, str, Mapping[str, Value]]

DEPLOY_MAY: tuple[Row, ...] = (
    ("eks:CreateCluster", f"{EKS}:cluster/nightowl-dev", {}),
    ("eks:UpdateClusterVersion", f"{EKS}:cluster/nightowl-dev/update", {}),
    ("eks:DeleteCluster", f"{EKS}:cluster/nightowl-dev", OF_DEV),
    ("eks:CreateNodegroup", f"{EKS}:cluster/nightowl-dev", {}),
    ("eks:DeleteNodegroup", f"{EKS}:nodegroup/nightowl-dev/apps-a-1/22", {}),
    ("eks:CreateAddon", f"{EKS}:cluster/nightowl-dev", {}),
    ("eks:DescribeAddonVersions", "*", {}),
    ("eks:AssociateAccessPolicy", f"{EKS}:access-entry/nightowl-dev/role/{ACCOUNT}/admin/44", {}),
    ("eks:CreatePodIdentityAssociation", f"{EKS}:cluster/nightowl-dev", {}),
    ("iam:CreateRole", ROLE, BOUNDED),
    ("iam:TagRole", ROLE, {}),
    ("iam:UpdateAssumeRolePolicy", ROLE, {}),
    ("iam:PutRolePolicy", ROLE, BOUNDED),
    ("iam:DeleteRole", ROLE, {}),
    ("iam:AttachRolePolicy", ROLE, {**BOUNDED, "iam:PolicyARN": f"{MANAGED}/AmazonEKSClusterPolicy"}),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "pods.eks.amazonaws.com"}),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "eks.amazonaws.com"}),
    ("iam:PassRole", DEPLOY, {"iam:PassedToService": "codebuild.amazonaws.com"}),
    ("iam:GetRole", DEPLOY, {}),
    ("iam:ListAttachedRolePolicies", DEPLOY, {}),
    ("iam:GetPolicyVersion", BOUNDARY, {}),
    ("iam:ListRoles", "*", {}),
    (
        "iam:CreateServiceLinkedRole",
        f"{IAM}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        {"iam:AWSServiceName": "autoscaling.amazonaws.com"},
    ),
    ("ec2:CreateVpc", f"{EC2}:vpc/*", FOR_DEV),
    ("ec2:CreateTags", f"{EC2}:vpc/vpc-1", {**FOR_DEV, "ec2:CreateAction": "CreateVpc"}),
    ("ec2:CreateTags", f"{EC2}:vpc/vpc-1", OF_DEV),
    ("ec2:ModifyVpcAttribute", f"{EC2}:vpc/vpc-1", OF_DEV),
    ("ec2:DeleteSubnet", f"{EC2}:subnet/subnet-1", OF_DEV),
    ("ec2:RevokeSecurityGroupEgress", f"{EC2}:security-group/sg-1", OF_DEV),
    (
        "ec2:AuthorizeSecurityGroupIngress",
        f"{EC2}:security-group/sg-eks",
        {"aws:ResourceTag/kubernetes.io/cluster/nightowl-dev": "owned"},
    ),
    ("ec2:DescribeVpcs", "*", {}),
    ("ec2:RunInstances", f"{EC2}:instance/*", {"ec2:LaunchTemplate": f"{EC2}:launch-template/lt-1"}),
    ("ec2:CreateTags", f"{EC2}:instance/*", {"ec2:CreateAction": "RunInstances"}),
    ("elasticloadbalancing:CreateLoadBalancer", f"{ELB}:loadbalancer/app/alb-1a2b3c4/0123", FOR_DEV),
    ("elasticloadbalancing:CreateListener", f"{ELB}:loadbalancer/net/nlb-1a2b3c4/0123", {**FOR_DEV, **OF_DEV}),
    ("elasticloadbalancing:DeleteTargetGroup", f"{TARGETS}/web-1a2b3c4/0123", OF_DEV),
    (
        "acm:RequestCertificate",
        "*",
        {"acm:DomainNames": ["dev.example.com", "*.dev.example.com"], "acm:ValidationMethod": "DNS"},
    ),
    ("route53:ChangeResourceRecordSets", ZONE, {NAMES: "app.dev.example.com"}),
    ("wafv2:UpdateWebACL", f"arn:aws:wafv2:{HERE}:regional/webacl/firewall-1a2b3c4/0123", {}),
    ("logs:CreateLogGroup", f"{LOGS}:/aws/eks/nightowl-dev/cluster", {}),
    ("logs:DeleteLogGroup", f"{LOGS}:aws-waf-logs-nightowl-dev", {}),
    ("kms:TagResource", KEY, OF_DEV),
    ("kms:ScheduleKeyDeletion", KEY, OF_DEV),
    ("kms:CreateGrant", KEY, OF_DEV),
    ("kms:CreateAlias", f"{ALIAS}/nightowl-dev-logs", {}),
    ("kms:CreateAlias", KEY, OF_DEV),
    ("s3:CreateBucket", "arn:aws:s3:::alb-log-1a2b3c4", {}),
    ("s3:PutObject", f"{STATE}/stacks/nightowl/dev.json", {}),
    ("s3:GetObject", f"{STATE}/stacks/nightowl/dev.pulumi-tags", {}),
    ("s3:PutObject", f"{STATE}/backups/nightowl/dev/dev.1.json", {}),
    ("s3:DeleteObject", f"{STATE}/locks/organization/nightowl/dev/0123.json", {}),
    ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}", {"s3:prefix": ".pulumi/locks/organization/nightowl/dev/"}),
    # How S3 asks before it says that a file is not there.
    ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}", {}),
    ("kms:Decrypt", KEY, PULUMI),
    ("kms:GenerateDataKey", KEY, PULUMI),
    ("ecr:PutImage", f"{ECR}/nightowl-dev/web", {}),
    (
        "ecr:BatchGetImage",
        "arn:aws:ecr:us-east-1:999999999999:repository/nightowl-base/web",
        {"aws:RequestedRegion": "us-east-1"},
    ),
    ("ecr:BatchGetImage", f"{ECR}/nightowl-base/web", {"aws:ResourceTag/stack": "base"}),
    ("ecr:CreateRepository", f"{ECR}/nightowl-dev/web", {}),
    ("kms:CreateGrant", KEY, {"kms:ViaService": f"ecr.{REGION}.amazonaws.com"}),
    ("codebuild:CreateProject", PROJECT, {}),
    ("codebuild:StartBuild", PROJECT, {}),
    ("codebuild:StopBuild", PROJECT, {}),
    ("logs:GetLogEvents", f"{LOGS}:/aws/codebuild/nightowl-dev-runner:log-stream:1", {}),
    ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/runner/nightowl-dev/source.tar", {}),
    ("s3:GetObjectVersion", f"arn:aws:s3:::{BUCKET}/runner/nightowl-dev/source.tar", {}),
)

DEPLOY_MAY_NOT: tuple[Row, ...] = (
    ("eks:DeleteCluster", f"{EKS}:cluster/nightowl-prod", {}),
    ("eks:CreateCluster", f"{EKS}:cluster/other", {}),
    (
        "eks:CreateCluster",
        f"arn:aws:eks:us-east-1:{ACCOUNT}:cluster/nightowl-dev",
        {"aws:RequestedRegion": "us-east-1"},
    ),
    ("ec2:CreateVpc", f"{EC2}:vpc/*", {"aws:RequestedRegion": "us-east-1"}),
    ("ec2:DescribeVpcs", "*", {"aws:RequestedRegion": "us-east-1"}),
    ("ec2:DeleteVpc", f"{EC2}:vpc/vpc-1", {"aws:ResourceTag/stack": "prod"}),
    ("ec2:CreateTags", f"{EC2}:vpc/vpc-1", {"aws:ResourceTag/stack": "prod"}),
    *(
        (action, f"{EC2}:{thing}", FOR_DEV)
        for action, thing in (
            ("ec2:AuthorizeSecurityGroupIngress", "security-group/sg-1"),
            ("ec2:AuthorizeSecurityGroupEgress", "security-group/sg-1"),
            ("ec2:CreateSecurityGroup", "vpc/vpc-1"),
            ("ec2:CreateSubnet", "vpc/vpc-1"),
            ("ec2:CreateVpcEndpoint", "route-table/rtb-1"),
            ("ec2:CreateNatGateway", "subnet/subnet-1"),
        )
    ),
    ("ec2:RunInstances", f"{EC2}:instance/*", {}),
    ("ec2:CreateTags", f"{EC2}:instance/i-1", {}),
    ("ec2:TerminateInstances", f"{EC2}:instance/i-1", OF_DEV),
    ("iam:CreateRole", ROLE, {}),
    ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": f"{MANAGED}/AdministratorAccess"}),
    ("iam:CreateRole", f"{IAM}:role/elsewhere", BOUNDED),
    ("iam:CreateRole", f"{IAM}:role/nightowl/prod/app", BOUNDED),
    ("iam:PutRolePolicy", ROLE, {}),
    ("iam:PutRolePermissionsBoundary", ROLE, {"iam:PermissionsBoundary": f"{MANAGED}/AdministratorAccess"}),
    ("iam:DeleteRolePermissionsBoundary", ROLE, BOUNDED),
    ("iam:AttachRolePolicy", ROLE, {**BOUNDED, "iam:PolicyARN": f"{MANAGED}/AdministratorAccess"}),
    ("iam:AttachRolePolicy", DEPLOY, {**BOUNDED, "iam:PolicyARN": f"{MANAGED}/AdministratorAccess"}),
    ("iam:AttachRolePolicy", DEPLOY, {**BOUNDED, "iam:PolicyARN": f"{MANAGED}/AmazonEKSClusterPolicy"}),
    ("iam:UpdateAssumeRolePolicy", DEPLOY, {}),
    ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/admin", {}),
    ("iam:PutRolePolicy", f"{IAM}:role/nightowl-dev-preview", BOUNDED),
    ("iam:DetachRolePolicy", f"{IAM}:role/nightowl-dev-ephemeral", BOUNDED),
    ("iam:DeleteRole", DEPLOY, {}),
    ("iam:TagRole", f"{IAM}:role/admin", {}),
    ("iam:PassRole", DEPLOY, {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "codebuild.amazonaws.com"}),
    ("iam:PassRole", f"{IAM}:role/nightowl-dev-preview", {"iam:PassedToService": "codebuild.amazonaws.com"}),
    ("codebuild:StartBuild", f"arn:aws:codebuild:{HERE}:project/nightowl-prod-runner", {}),
    ("codebuild:StartBuild", PROJECT, {"codebuild:source.buildspec": "version: 0.2"}),
    ("codebuild:CreateProject", f"arn:aws:codebuild:{HERE}:project/nightowl-dev-other", {}),
    ("codebuild:CreateWebhook", PROJECT, {}),
    ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/runner/nightowl-prod/source.tar", {}),
    ("iam:PassRole", f"{IAM}:role/admin", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam:DeletePolicy", BOUNDARY, {}),
    ("iam:CreatePolicyVersion", BOUNDARY, {}),
    ("iam:SetDefaultPolicyVersion", BOUNDARY, {}),
    ("iam:CreatePolicy", f"{IAM}:policy/nightowl-dev-more", {}),
    ("iam:CreateUser", f"{IAM}:user/eve", {}),
    ("iam:CreateAccessKey", f"{IAM}:user/eve", {}),
    ("iam:AddUserToGroup", f"{IAM}:group/admins", {}),
    ("iam:UpdateOpenIDConnectProviderThumbprint", f"{IAM}:oidc-provider/token.actions.githubusercontent.com", {}),
    ("iam:DeleteOpenIDConnectProvider", f"{IAM}:oidc-provider/token.actions.githubusercontent.com", {}),
    ("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/evil.example.com", {}),
    (
        "iam:DeleteServiceLinkedRole",
        f"{IAM}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        {},
    ),
    ("sts:AssumeRole", f"{IAM}:role/admin", {}),
    ("organizations:LeaveOrganization", "*", {}),
    ("elasticloadbalancing:DeleteLoadBalancer", f"{ELB}:loadbalancer/app/k8s-other/0123", {}),
    (
        "elasticloadbalancing:DeleteLoadBalancer",
        f"{ELB}:loadbalancer/app/alb-1/0123",
        {"aws:ResourceTag/stack": "prod"},
    ),
    ("acm:RequestCertificate", "*", {"acm:DomainNames": ["example.org"], "acm:ValidationMethod": "DNS"}),
    ("route53:ChangeResourceRecordSets", ZONE, {NAMES: "example.com"}),
    ("route53:ChangeResourceRecordSets", ZONE, {NAMES: ["app.dev.example.com", "app.prod.example.com"]}),
    ("route53:DeleteHostedZone", ZONE, {}),
    ("logs:DeleteLogGroup", f"{LOGS}:/aws/eks/nightowl-prod/cluster", {}),
    ("logs:DeleteLogGroup", f"{LOGS}:aws-waf-logs-nightowl-dev-other", {}),
    ("kms:CreateKey", "*", FOR_DEV),
    # Nobody's: with a tag it would be the stack's own.
    ("kms:TagResource", KEY, FOR_DEV),
    ("ec2:CreateTags", f"{EC2}:vpc/vpc-1", FOR_DEV),
    ("elasticloadbalancing:AddTags", f"{TARGETS}/web-1a2b3c4/0123", FOR_DEV),
    ("acm:AddTagsToCertificate", f"arn:aws:acm:{HERE}:certificate/1", FOR_DEV),
    ("ec2:DeleteVpc", f"{EC2}:vpc/vpc-1", {}),
    ("elasticloadbalancing:DeleteTargetGroup", f"{TARGETS}/web-1a2b3c4/0123", {}),
    ("acm:DeleteCertificate", f"arn:aws:acm:{HERE}:certificate/1", {}),
    # What EKS made for another cluster carries no tag of a stack.
    (
        "ec2:AuthorizeSecurityGroupIngress",
        f"{EC2}:security-group/sg-eks",
        {"aws:ResourceTag/kubernetes.io/cluster/nightowl-prod": "owned"},
    ),
    ("kms:PutKeyPolicy", KEY, {}),
    ("kms:ScheduleKeyDeletion", KEY, {**OF_DEV, **PULUMI}),
    ("kms:PutKeyPolicy", KEY, {**OF_DEV, **PULUMI}),
    ("kms:Decrypt", KEY, OF_DEV),
    ("kms:DeleteAlias", f"{ALIAS}/nightowl-pulumi", {}),
    ("s3:DeleteBucket", f"arn:aws:s3:::{BUCKET}", {}),
    ("s3:PutBucketPolicy", f"arn:aws:s3:::{BUCKET}", {}),
    ("s3:PutObject", f"{STATE}/stacks/nightowl/prod.json", {}),
    ("s3:GetObject", f"{STATE}/stacks/nightowl/prod.json", {}),
    ("s3:GetObject", "arn:aws:s3:::alb-log-1a2b3c4/AWSLogs/1", {}),
    ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}", {"s3:prefix": "elsewhere/"}),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:prod/web-AbCdEf", {}),
    ("ecr:PutImage", f"{ECR}/nightowl-prod/web", {}),
    ("ecr:PutImage", f"{ECR}/nightowl-base/web", {}),
    ("autoscaling:CreateOrUpdateTags", f"arn:aws:autoscaling:{HERE}:autoScalingGroup:1:autoScalingGroupName/eks-x", {}),
)

PREVIEW_MAY: tuple[Row, ...] = (
    ("ec2:DescribeVpcs", "*", {}),
    ("eks:DescribeCluster", f"{EKS}:cluster/nightowl-dev", OF_DEV),
    ("iam:GetRole", ROLE, {}),
    ("iam:GetRole", DEPLOY, {}),
    ("s3:GetObject", f"{STATE}/stacks/nightowl/dev.json", {}),
    ("s3:GetObject", f"{STATE}/meta.yaml", {}),
    ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}", {"s3:prefix": ".pulumi/stacks/nightowl/dev.json"}),
    ("kms:Decrypt", KEY, PULUMI),
    ("kms:DescribeKey", KEY, OF_DEV),
    ("wafv2:GetWebACL", f"arn:aws:wafv2:{HERE}:regional/webacl/firewall-1a2b3c4/0123", {}),
)

PREVIEW_MAY_NOT: tuple[Row, ...] = (
    ("s3:PutObject", f"{STATE}/stacks/nightowl/dev.json", {}),
    # The engine takes no lock for a preview, so nobody can hold up deployments with this role.
    ("s3:PutObject", f"{STATE}/locks/organization/nightowl/dev/0123.json", {}),
    ("s3:GetObject", f"{STATE}/stacks/nightowl/prod.json", {}),
    ("s3:GetObject", "arn:aws:s3:::alb-log-1a2b3c4/AWSLogs/1", {}),
    ("kms:Encrypt", KEY, PULUMI),
    ("kms:Decrypt", KEY, {}),
    ("kms:Decrypt", KEY, {"kms:ResourceAliases": ["alias/nightowl-dev-secrets"]}),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:dev/web-AbCdEf", {}),
    ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/x", {}),
    ("ec2:CreateVpc", f"{EC2}:vpc/*", {}),
    ("ec2:DescribeVpcs", "*", {"aws:RequestedRegion": "us-east-1"}),
    ("eks:UpdateClusterConfig", f"{EKS}:cluster/nightowl-dev", {}),
    ("eks:DescribeCluster", f"{EKS}:cluster/nightowl-prod", {}),
    ("iam:CreateRole", ROLE, BOUNDED),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "eks.amazonaws.com"}),
    ("ecr:PutImage", f"{ECR}/nightowl-dev/web", {}),
    ("ecr:GetDownloadUrlForLayer", f"{ECR}/nightowl-dev/web", {}),
    ("sts:AssumeRole", DEPLOY, {}),
)

EPHEMERAL_MAY: tuple[Row, ...] = (
    ("elasticloadbalancing:CreateTargetGroup", f"{TARGETS}/pr-7-web-1a2b3c4/0123", FOR_PR),
    (
        "elasticloadbalancing:AddTags",
        f"{TARGETS}/pr-7-web-1a2b3c4/0123",
        {**FOR_PR, "elasticloadbalancing:CreateAction": "CreateTargetGroup"},
    ),
    ("elasticloadbalancing:DeleteTargetGroup", f"{TARGETS}/pr-7-web-1a2b3c4/0123", OF_PR),
    ("elasticloadbalancing:CreateRule", LISTENER, {**FOR_PR, **OF_DEV}),
    ("elasticloadbalancing:DeleteRule", RULE, OF_PR),
    ("elasticloadbalancing:DescribeTargetGroups", "*", {}),
    ("route53:ChangeResourceRecordSets", ZONE, {NAMES: "pr-7-app.dev.example.com"}),
    ("route53:GetChange", "arn:aws:route53:::change/C1", {}),
    ("eks:DescribeCluster", f"{EKS}:cluster/nightowl-dev", OF_DEV),
    ("eks:CreatePodIdentityAssociation", f"{EKS}:cluster/nightowl-dev", {**FOR_PR, **OF_DEV}),
    ("eks:DeletePodIdentityAssociation", f"{EKS}:podidentityassociation/nightowl-dev/a-1", OF_PR),
    ("iam:GetRole", GUEST_ROLE, {}),
    ("iam:PassRole", GUEST_ROLE, {"iam:PassedToService": "pods.eks.amazonaws.com"}),
    ("ecr:PutImage", f"{ECR}/nightowl-dev/pr/web", {}),
    ("ecr:BatchGetImage", f"{ECR}/nightowl-dev/web", {}),
    ("s3:PutObject", f"{STATE}/stacks/nightowl/pr-7.json", {}),
    ("s3:DeleteObject", f"{STATE}/locks/organization/nightowl/pr-7/0123.json", {}),
    ("s3:GetObject", f"{STATE}/stacks/nightowl/dev.json", {}),
    ("kms:Encrypt", KEY, PULUMI),
)

EPHEMERAL_MAY_NOT: tuple[Row, ...] = (
    # A tag would make the association of another's controller its own.
    (
        "eks:TagResource",
        f"arn:aws:eks:{REGION}:{ACCOUNT}:podidentityassociation/nightowl-dev/a-1",
        {**FOR_PR, **OF_DEV},
    ),
    ("s3:PutObject", f"{STATE}/meta.yaml", {}),
    ("elasticloadbalancing:DeleteTargetGroup", f"{TARGETS}/web-1a2b3c4/0123", OF_DEV),
    ("elasticloadbalancing:ModifyTargetGroup", f"{TARGETS}/pr-7-web-1a2b3c4/0123", OF_DEV),
    ("elasticloadbalancing:DeleteRule", RULE, OF_DEV),
    ("elasticloadbalancing:ModifyRule", RULE, {}),
    ("elasticloadbalancing:CreateRule", LISTENER, {"aws:RequestTag/stack": "dev"}),
    ("elasticloadbalancing:ModifyListener", LISTENER, OF_DEV),
    ("elasticloadbalancing:AddTags", RULE, {**FOR_PR, **OF_DEV}),
    ("elasticloadbalancing:DeleteLoadBalancer", f"{ELB}:loadbalancer/app/alb-1a2b3c4/0123", OF_DEV),
    ("route53:ChangeResourceRecordSets", ZONE, {NAMES: "app.dev.example.com"}),
    ("route53:ChangeResourceRecordSets", ZONE, {NAMES: ["pr-7-app.dev.example.com", "app.dev.example.com"]}),
    ("eks:UpdateClusterConfig", f"{EKS}:cluster/nightowl-dev", OF_DEV),
    ("eks:CreateAccessEntry", f"{EKS}:cluster/nightowl-dev", FOR_PR),
    ("eks:DeletePodIdentityAssociation", f"{EKS}:podidentityassociation/nightowl-dev/a-1", OF_DEV),
    # That it writes no role at all is in `tests.platforms.eks.pipeline.test_guest_roles`.
    ("iam:PassRole", GUEST_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", f"{IAM}:role/nightowl/pr-7/app-web-1a2b3c4", {"iam:PassedToService": "pods.eks.amazonaws.com"}),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "pods.eks.amazonaws.com"}),
    ("ec2:CreateVpc", f"{EC2}:vpc/*", {}),
    ("ecr:PutImage", f"{ECR}/nightowl-dev/web", {}),
    ("ecr:BatchDeleteImage", f"{ECR}/nightowl-dev/pr/web", {}),
    ("s3:PutObject", f"{STATE}/stacks/nightowl/dev.json", {}),
    ("s3:GetObject", f"{STATE}/stacks/nightowl/prod.json", {}),
    ("s3:DeleteObject", f"{STATE}/locks/organization/nightowl/dev/0123.json", {}),
    ("kms:ScheduleKeyDeletion", KEY, PULUMI),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:dev/web-AbCdEf", {}),
    ("sts:AssumeRole", DEPLOY, {}),
)


@functools.cache
def documents_of(kind: str) -> tuple[Mapping[str, Any], ...]:
    of_dev = scope("dev", promotes_from="base")
    made = {
        "deploy": lambda: deploy_documents(types_of_everything(), of_dev),
        "preview": lambda: preview_documents(types_of_everything(), of_dev),
        "ephemeral": lambda: ephemeral_documents(of_dev),
    }
    return tuple(made[kind]().values())


def is_allowed(kind: str, row: Row, *, bounded: bool = True) -> bool:
    action, resource, context = row
    is_global = action.partition(":")[0] in {"iam", "route53", "organizations"}
    sent: dict[str, Value] = {
        "aws:RequestedRegion": "us-east-1" if is_global else REGION,
        "aws:PrincipalArn": f"{IAM}:role/nightowl-dev-{kind}",
        **context,
    }
    call = Call(action=action, resource=resource, context=sent)
    return all_allow(
        documents_of(kind), call, boundary=pipeline_boundary_document(scope("dev", guests=True)) if bounded else None
    )


def named(row: Row) -> str:
    action, resource, context = row
    return " ".join([action, resource.rpartition(":")[2], *(f"{key}={value}" for key, value in context.items())])


@pytest.mark.parametrize("row", DEPLOY_MAY, ids=named)
def test_the_role_that_deploys_may(row: Row) -> None:
    assert is_allowed("deploy", row)


@pytest.mark.parametrize("row", DEPLOY_MAY_NOT, ids=named)
def test_the_role_that_deploys_may_not(row: Row) -> None:
    assert not is_allowed("deploy", row, bounded=False)


@pytest.mark.parametrize("row", PREVIEW_MAY, ids=named)
def test_the_role_that_previews_may(row: Row) -> None:
    assert is_allowed("preview", row)


@pytest.mark.parametrize("row", PREVIEW_MAY_NOT, ids=named)
def test_the_role_that_previews_may_not(row: Row) -> None:
    assert not is_allowed("preview", row, bounded=False)


@pytest.mark.parametrize("row", EPHEMERAL_MAY, ids=named)
def test_the_role_of_pull_requests_may(row: Row) -> None:
    assert is_allowed("ephemeral", row)


@pytest.mark.parametrize("row", EPHEMERAL_MAY_NOT, ids=named)
def test_the_role_of_pull_requests_may_not(row: Row) -> None:
    assert not is_allowed("ephemeral", row, bounded=False)


def test_the_table_is_long_enough_to_be_read_as_the_specification() -> None:
    tables = (DEPLOY_MAY, DEPLOY_MAY_NOT, PREVIEW_MAY, PREVIEW_MAY_NOT, EPHEMERAL_MAY, EPHEMERAL_MAY_NOT)
    assert sum(map(len, tables)) >= 150
