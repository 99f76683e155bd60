"""The guards hold by themselves: another policy that allows everything does not get around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.platforms.eks.iam_evaluator import Call, all_allow
from tests.platforms.eks.pipeline.permissions.test_decisions import (
    ACCOUNT,
    BOUNDARY,
    BOUNDED,
    DEPLOY,
    EC2,
    IAM,
    KEY,
    MANAGED,
    PULUMI,
    REGION,
    ROLE,
    Row,
    documents_of,
    named,
)

ADMINISTRATOR: Mapping[str, Any] = {
    "Statement": [{"Sid": "All", "Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]
}

EVEN_AN_ADMINISTRATOR_MAY_NOT: tuple[Row, ...] = (
    ("iam:CreateRole", ROLE, {}),
    ("iam:PutRolePolicy", f"{IAM}:role/admin", {"iam:PermissionsBoundary": f"{MANAGED}/AdministratorAccess"}),
    ("iam:PutRolePermissionsBoundary", ROLE, {"iam:PermissionsBoundary": f"{MANAGED}/AdministratorAccess"}),
    ("iam:DeleteRolePermissionsBoundary", ROLE, BOUNDED),
    ("iam:UpdateAssumeRolePolicy", DEPLOY, {}),
    ("iam:AttachRolePolicy", DEPLOY, {**BOUNDED, "iam:PolicyARN": f"{MANAGED}/AdministratorAccess"}),
    ("iam:PutRolePolicy", f"{IAM}:role/nightowl-dev-preview", BOUNDED),
    ("iam:CreatePolicyVersion", BOUNDARY, {}),
    ("iam:DeletePolicy", f"{IAM}:policy/nightowl-dev-deploy-network", {}),
    ("iam:AddClientIDToOpenIDConnectProvider", f"{IAM}:oidc-provider/token.actions.githubusercontent.com", {}),
    ("iam:CreateUser", f"{IAM}:user/eve", {}),
    ("iam:CreateAccessKey", f"{IAM}:user/eve", {}),
    ("iam:CreateLoginProfile", f"{IAM}:user/eve", {}),
    ("iam:AttachGroupPolicy", f"{IAM}:group/admins", {}),
    ("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/evil.example.com", {}),
    ("iam:CreateSAMLProvider", f"{IAM}:saml-provider/evil", {}),
    ("sts:AssumeRole", f"{IAM}:role/admin", {}),
    ("organizations:LeaveOrganization", "*", {}),
    ("account:CloseAccount", "*", {}),
    ("ec2:RunInstances", f"{EC2}:instance/*", {"aws:RequestedRegion": "us-east-1"}),
)
ONLY_A_PREVIEW_MAY_NOT: tuple[Row, ...] = (
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:dev/web-AbCdEf", {}),
    ("ssm:GetParametersByPath", "*", {}),
    ("kms:Decrypt", KEY, {}),
    ("kms:Decrypt", KEY, {"kms:ResourceAliases": ["alias/nightowl-dev-secrets"]}),
)
ONLY_WHO_WRITES_MAY_NOT: tuple[Row, ...] = (("kms:ScheduleKeyDeletion", KEY, PULUMI), ("kms:PutKeyPolicy", KEY, PULUMI))
ONLY_A_DEPLOYMENT_MAY_NOT: tuple[Row, ...] = (
    ("ec2:DeleteVpc", f"{EC2}:vpc/vpc-1", {"aws:ResourceTag/stack": "prod"}),
    ("rds:DeleteDBInstance", "*", {"aws:ResourceTag/stack": "prod"}),
)
GUARDED = [
    *((kind, row) for kind in ("deploy", "preview", "ephemeral") for row in EVEN_AN_ADMINISTRATOR_MAY_NOT),
    *(("preview", row) for row in ONLY_A_PREVIEW_MAY_NOT),
    *((kind, row) for kind in ("deploy", "ephemeral") for row in ONLY_WHO_WRITES_MAY_NOT),
    *(("deploy", row) for row in ONLY_A_DEPLOYMENT_MAY_NOT),
]


@pytest.mark.parametrize(("kind", "row"), GUARDED, ids=[f"{kind} {named(row)}" for kind, row in GUARDED])
def test_what_the_guards_refuse_no_other_policy_gives_back(kind: str, row: Row) -> None:
    assert not _with_everything_allowed(kind, row)


@pytest.mark.parametrize("kind", ["deploy", "preview", "ephemeral"])
def test_the_guards_refuse_no_more_than_they_say(kind: str) -> None:
    assert _with_everything_allowed(kind, ("iam:CreateRole", ROLE, BOUNDED))
    assert _with_everything_allowed(kind, ("kms:Decrypt", KEY, PULUMI))
    assert _with_everything_allowed(kind, ("ec2:DeleteVpc", f"{EC2}:vpc/vpc-1", {"aws:ResourceTag/stack": "dev"}))


def test_another_stacks_things_may_be_looked_at() -> None:
    looking: Row = ("iam:GetRole", f"{IAM}:role/x", {"aws:ResourceTag/stack": "prod"})
    assert _with_everything_allowed("deploy", looking)


def _with_everything_allowed(kind: str, row: Row) -> bool:
    action, resource, context = row
    is_global = action.partition(":")[0] in {"iam", "organizations", "account"}
    sent = {"aws:RequestedRegion": "us-east-1" if is_global else REGION, **context}
    return all_allow((*documents_of(kind), ADMINISTRATOR), Call(action=action, resource=resource, context=sent))
