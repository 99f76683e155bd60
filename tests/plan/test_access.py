from __future__ import annotations

from typing import Any

import pytest

from infra.plan.access import pod_access
from infra.settings.build import build_settings
from infra.settings.stack import StackSettings
from tests.apps.samples import web
from tests.platforms.guest.test_guest import guest
from tests.settings.every_form import EXISTING, ON_EKS

APPS: dict[str, Any] = {
    "web": web(
        secrets={"key": "dev/key"},
        permissions=[
            {"s3": "uploads", "prefix": "in/", "access": "readWrite"},
            {"sqs": {"output": "jobs"}, "access": "write"},
            {"actions": "cloudwatch:PutMetricData", "resources": "*"},
            {"policy": "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"},
        ],
    ),
    "plain": web(secrets={"key": "dev/key"}),
}


def on(sections: dict[str, Any]) -> StackSettings:
    return build_settings({**sections, "apps": APPS})


EXISTING_STACK = build_settings({**EXISTING, "apps": {"web": web(permissions=[{"s3": "uploads"}])}})


def test_the_access_of_an_app_is_told_in_one_line() -> None:
    (access,) = pod_access(on(dict(ON_EKS)))
    assert access.line == (
        "web may read and write s3 uploads/in/*, write sqs output jobs, cloudwatch:PutMetricData on *, "
        "policy AmazonSQSReadOnlyAccess, read secret dev/key"
    )


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (EXISTING_STACK, "as the cluster is not one of a stack on EKS"),
        (
            guest(apps={"web": web(permissions=[{"s3": "uploads"}])}),
            "as pods of a pull request have no rights on AWS but to read secrets",
        ),
    ],
    ids=["a cluster that is there", "a pull request"],
)
def test_where_permissions_do_nothing_the_line_says_why(settings: StackSettings, why: str) -> None:
    (access,) = pod_access(settings)
    assert (access.line, access.may) == (f"web: permissions do nothing here, {why}", ())


def doubts(*permissions: dict[str, Any]) -> list[str]:
    (access,) = pod_access(build_settings({**ON_EKS, "apps": {"web": web(permissions=list(permissions))}}))
    return [str(doubt).removeprefix("nightowl:apps.web.permissions") for doubt in access.doubts]


def test_an_action_that_looks_mistyped_is_told_with_the_operation_that_was_meant() -> None:
    assert doubts({"actions": ["s3:GetObjekt", "sqs:purgequeue", "s3:ListBucket"], "resources": "*"}) == [
        "[0]: s3:GetObjekt is no operation of the AWS SDK; did you mean s3:GetObject?",
    ]


@pytest.mark.parametrize("action", ["s3:GetObjekt*", "s3:GetAccountPublicAccessBlock", "kafka-cluster:Conect"])
def test_what_may_be_an_action_of_iam_alone_is_not_told(action: str) -> None:
    assert doubts({"actions": action, "resources": "*"}) == []


def test_what_is_in_another_account_is_told_and_allowed() -> None:
    other = "arn:aws:sqs:eu-central-1:999988887777:jobs"
    policy = "arn:aws:iam::999988887777:policy/readers"
    own = "arn:aws:sqs:eu-central-1:111122223333:jobs"
    assert doubts({"sqs": other}, {"sqs": own}, {"policy": policy}) == [
        f"[0]: {other} is in account 999988887777, which must let the role of this stack in by a policy of its own",
        f"[2]: {policy} is in account 999988887777, and a role takes policies of its own account only",
    ]
