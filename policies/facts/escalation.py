"""What makes an administrator of whoever holds it."""

from __future__ import annotations

from collections.abc import Iterable

from infra.values import words
from policies.facts.aws_managed import takes_in_a_wide_one
from policies.facts.iam import PolicyStatement
from policies.facts.iam_scope import is_total

ESCALATIONS = words("""
    iam:AddUserToGroup iam:AttachGroupPolicy iam:AttachRolePolicy iam:AttachUserPolicy iam:CreateAccessKey
    iam:CreateLoginProfile iam:CreatePolicyVersion iam:DeleteRolePermissionsBoundary
    iam:DeleteUserPermissionsBoundary iam:PassRole iam:PutGroupPolicy iam:PutRolePermissionsBoundary
    iam:PutRolePolicy iam:PutUserPermissionsBoundary iam:PutUserPolicy iam:SetDefaultPolicyVersion
    iam:UpdateAssumeRolePolicy iam:UpdateLoginProfile sts:AssumeRole
""")
"""By which whoever holds them on everything can become administrator (checkov CKV_AWS_286), or undo a boundary."""


def allows_everything(statements: Iterable[PolicyStatement]) -> bool:
    """Return whether statements together allow nearly every action on whatever there is; conditions do not help."""
    wide = [one for one in statements if one.allows and one.on_any_of_a_kind]
    return is_total(frozenset(action for one in wide for action in one.actions))


def escalations(statement: PolicyStatement) -> list[str]:
    """Return the actions of a statement by which its holder makes himself administrator."""
    held = statement.is_narrowed and not _may_attach_administrators(statement)
    if not statement.allows or not statement.on_any_of_a_kind or held:
        return []
    return [action for action in ESCALATIONS if statement.may(action)]


def _may_attach_administrators(statement: PolicyStatement) -> bool:
    """Return whether a condition names the policies that may be attached, and an administrator's is among them."""
    return any(
        takes_in_a_wide_one(arn) for asked in statement.conditions.values() for arn in asked.get("iam:policyarn", ())
    )
