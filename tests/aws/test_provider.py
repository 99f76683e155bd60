from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from infra.aws.context import AwsContext
from infra.aws.provider import make_context
from infra.settings.aws.platform import EksPlatformSettings
from tests.aws.answers import ACCOUNT, REGION, AwsAnswers
from tests.aws.harness_aws import Graph, run_bare


def settings(**changed: Any) -> EksPlatformSettings:
    return EksPlatformSettings.model_validate({"kind": "eks", "region": REGION, "accountId": ACCOUNT, **changed})


def made(
    chosen: EksPlatformSettings | None = None,
    *,
    answers: AwsAnswers | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[AwsContext, Graph]:
    contexts: list[AwsContext] = []

    def program() -> None:
        contexts.append(make_context(chosen or settings(), project="nightowl", stack="prod", environment=environment))

    graph = run_bare(program, answers=answers)
    return contexts[0], graph


def test_the_context_says_where_the_stack_is() -> None:
    context, _ = made()
    assert (context.name, context.stack, context.account_id, context.region, context.partition, context.protect) == (
        "nightowl-prod",
        "prod",
        ACCOUNT,
        REGION,
        "aws",
        True,
    )


def test_the_provider_accepts_this_account_only_and_tags_everything() -> None:
    _, graph = made(settings(tags={"owner": "web-team", "stack": "not this"}))
    provider = graph.one("aws", "aws").props
    assert provider["region"] == REGION
    assert json.loads(provider["allowedAccountIds"]) == [ACCOUNT]
    assert json.loads(provider["defaultTags"])["tags"] == {
        "owner": "web-team",
        "project": "nightowl",
        "stack": "prod",
        "managed-by": "pulumi",
    }


def test_credentials_of_another_account_are_refused_before_the_stacks_provider_is_made() -> None:
    answers = AwsAnswers(account="999999999999", caller="arn:aws:sts::999999999999:assumed-role/dev/me")
    with pytest.raises(pulumi.RunError) as refused:
        made(answers=answers)
    assert str(refused.value) == (
        f"nightowl:platform.accountId: this stack lives in account {ACCOUNT}, but the credentials belong to "
        f"999999999999 (arn:aws:sts::999999999999:assumed-role/dev/me); use credentials of {ACCOUNT}"
    )
    assert [call.token for call in answers.calls] == ["aws:index/getCallerIdentity:getCallerIdentity"]


@pytest.mark.parametrize(
    ("region", "partition", "own"),
    [("cn-north-1", "aws", "aws-cn"), ("us-gov-west-1", "aws", "aws-us-gov"), (REGION, "aws-cn", "aws")],
)
def test_credentials_of_another_partition_are_refused(region: str, partition: str, own: str) -> None:
    answers = AwsAnswers(caller=f"arn:{partition}:sts::{ACCOUNT}:assumed-role/deployer/session")
    with pytest.raises(pulumi.RunError) as refused:
        made(settings(region=region), answers=answers)
    assert str(refused.value) == (
        f"nightowl:platform.region: {region} is in partition {own}, but the credentials belong to {partition}; "
        f"use credentials of {own}"
    )


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_shell_that_is_set_to_another_region_is_refused(variable: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        made(environment={variable: "us-east-1"})
    assert str(refused.value) == (
        f"nightowl:platform.region: this stack lives in {REGION}, but {variable} is us-east-1; "
        f"set it to {REGION}, or unset it"
    )


def test_the_region_that_the_aws_sdks_use_counts() -> None:
    context, _ = made(environment={"AWS_REGION": REGION, "AWS_DEFAULT_REGION": "us-east-1"})
    assert context.region == REGION
