from __future__ import annotations

from typing import Any

import pytest

from infra.iam import Statement, policy_document
from tests.platforms.eks.iam_evaluator import Call, allows, key_allows

ROLE = "arn:aws:iam::123456789012:role/web"


def identity(*actions: str, resources: list[str] | None = None, **conditions: Any) -> dict[str, Any]:
    return policy_document(Statement(sid="It", actions=actions, resources=resources or ["*"], conditions=conditions))


def with_condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    return policy_document(
        Statement(sid="It", actions=["s3:Get"], resources=["*"], conditions={operator: {key: value}})
    )


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("ec2:DescribeVpcs", "*", True),
        ("EC2:describevpcs", "*", True),
        ("ec2:DeleteVpc", "*", False),
        ("eks:DescribeNodegroup", "arn:aws:eks:eu-central-1:1:nodegroup/mine/a/b", True),
        ("eks:DescribeNodegroup", "arn:aws:eks:eu-central-1:1:nodegroup/other/a/b", False),
    ],
)
def test_actions_ignore_case_and_resources_are_patterns(action: str, resource: str, allowed: bool) -> None:
    document = policy_document(
        Statement(sid="Read", actions=["ec2:Describe*"], resources=["*"]),
        Statement(sid="One", actions=["eks:DescribeNodegroup"], resources=["arn:aws:eks:*:*:nodegroup/mine/*"]),
    )
    assert allows(document, Call(action=action, resource=resource)) is allowed


def test_a_deny_wins() -> None:
    document = policy_document(
        Statement(sid="All", actions=["s3:GetObject"], resources=["*"]),
        Statement(sid="Not", actions=["s3:GetObject"], resources=["arn:aws:s3:::secret/*"], effect="Deny"),
    )
    assert allows(document, Call(action="s3:GetObject", resource="arn:aws:s3:::open/a"))
    assert not allows(document, Call(action="s3:GetObject", resource="arn:aws:s3:::secret/a"))


@pytest.mark.parametrize(
    ("operator", "wanted", "sent", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", "a", None, True),
        ("StringLike", "a*", "ab", True),
        ("StringLike", "a?", "abc", False),
        ("ArnLike", "arn:aws:ec2:*:1:vpc-flow-log/*", "arn:aws:ec2:eu-central-1:1:vpc-flow-log/fl-1", True),
        ("ArnLike", "arn:aws:ec2:*:vpc-flow-log/*", "arn:aws:ec2:eu-central-1:1:vpc-flow-log/fl-1", False),
        ("ArnLike", "arn:aws:logs:*:1:log-group:/aws/*", "arn:aws:logs:eu:1:log-group:/aws/vpc", True),
        ("Bool", "true", "true", True),
        ("Bool", "true", "false", False),
        ("Bool", "true", None, False),
        ("Null", "true", None, True),
        ("Null", "false", "a", True),
        ("Null", "false", None, False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAnyValue:StringEquals", ["a"], ["c", "a"], True),
        ("ForAnyValue:StringEquals", ["a"], None, False),
    ],
)
def test_conditions_hold_as_iam_defines_them(operator: str, wanted: Any, sent: Any, holds: bool) -> None:
    context = {} if sent is None else {"aws:Key": sent}
    assert allows(with_condition(operator, "aws:key", wanted), Call(action="s3:Get", context=context)) is holds


def test_all_conditions_of_a_statement_must_hold() -> None:
    document = identity("s3:Get", StringEquals={"a": "1", "b": "2"})
    assert allows(document, Call(action="s3:Get", context={"a": "1", "b": "2"}))
    assert not allows(document, Call(action="s3:Get", context={"a": "1", "b": "3"}))


def test_a_key_follows_iam_only_where_it_names_the_account() -> None:
    root = "arn:aws:iam::123456789012:root"
    key = policy_document(
        Statement(sid="Iam", actions=["kms:Decrypt"], resources=["*"], principals={"AWS": [root]}),
        Statement(sid="Direct", actions=["kms:Encrypt"], resources=["*"], principals={"AWS": [ROLE]}),
    )
    permitted = [identity("kms:Decrypt", "kms:Encrypt")]
    other = "arn:aws:iam::999999999999:role/web"
    assert key_allows(key, Call(action="kms:Encrypt", principal=ROLE))
    assert not key_allows(key, Call(action="kms:Decrypt", principal=ROLE))
    assert key_allows(key, Call(action="kms:Decrypt", principal=ROLE), identity=permitted)
    assert not key_allows(key, Call(action="kms:Decrypt", principal=other), identity=permitted)
    assert not key_allows(key, Call(action="kms:Encrypt", principal=other), identity=permitted)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ({"Effect": "Allow", "NotAction": ["a:b"], "Action": ["a:b"]}, "NotAction"),
        ({"Effect": "Allow", "Action": ["a:b"], "Resource": "${aws:username}"}, "policy variables"),
        ({"Effect": "Allow", "Action": ["a:b"], "Condition": {"IpAddress": {"aws:SourceIp": "x"}}}, "IpAddress"),
        ({"Effect": "Allow", "Action": ["a:b"], "Principal": "*"}, "a principal is named"),
    ],
)
def test_what_it_does_not_know_fails_the_test(statement: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        allows({"Statement": [statement]}, Call(action="a:b", context={"aws:SourceIp": "x"}))
