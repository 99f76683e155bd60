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
