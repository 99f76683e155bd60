from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.provider import make_context
from infra.settings.eks.cluster import AccessSettings
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.problems import SettingsError
from tests.platforms.eks.answers import ACCOUNT, REGION, AwsAnswers
from tests.platforms.eks.harness_aws import Graph, run_bare
from tests.platforms.eks.stacks import build_settings, run_stack, sections, with_apps

DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deployer"


def settings(**changed: Any) -> EksPlatformSettings:
    return EksPlatformSettings.model_validate({"kind": "eks", "region": REGION, "accountId": ACCOUNT, **changed})


def made(
    chosen: EksPlatformSettings | None = None,
    *,
    answers: AwsAnswers | None = None,
    access: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    preview: bool = False,
) -> tuple[AwsContext, Graph]:
    contexts: list[AwsContext] = []

    def program() -> None:
        contexts.append(
            make_context(
                chosen or settings(),
                access=AccessSettings.model_validate(access or {"deployers": [DEPLOYER]}),
                pipeline={},
                environment=environment or {},
            )
        )

    graph = run_bare(program, answers=answers, preview=preview, stack="prod")
    return contexts[0], graph


def test_the_context_says_where_the_stack_is() -> None:
    context, _ = made()
    assert (context.name, context.stack, context.account_id, context.region, context.protect) == (
        "nightowl-prod",
        "prod",
        ACCOUNT,
        REGION,
        True,
    )


def test_the_provider_accepts_this_account_only_and_tags_everything() -> None:
    _, graph = made(settings(tags={"owner": "web-team"}))
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
    with pytest.raises(SettingsError) as refused:
        made(answers=answers)
    assert str(refused.value) == (
        f"nightowl:platform.accountId: this stack lives in account {ACCOUNT}, but the credentials belong to "
        f"999999999999 (arn:aws:sts::999999999999:assumed-role/dev/me); use credentials of {ACCOUNT}"
    )
    assert [call.token for call in answers.calls] == ["aws:index/getCallerIdentity:getCallerIdentity"]


@pytest.mark.parametrize(
    ("caller", "access"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/session", {"deployers": [DEPLOYER]}),
        (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/s",
            {"admins": [f"arn:aws:iam::{ACCOUNT}:role/a/b/deployer"]},
        ),
        (DEPLOYER, {"deployers": [f"arn:aws:iam::{ACCOUNT}:role/first", DEPLOYER]}),
    ],
    ids=["session of a deployer", "session of an admin whose role has a path", "role"],
)
def test_deployers_and_admins_may_deploy(caller: str, access: dict[str, Any]) -> None:
    context, _ = made(answers=AwsAnswers(caller=caller), access=access)
    assert context.account_id == ACCOUNT


OTHERS = {
    "another role": f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer2/session",
    "a session named like the deployer": f"arn:aws:sts::{ACCOUNT}:assumed-role/other/deployer",
    "a user of the deployers name": f"arn:aws:iam::{ACCOUNT}:user/deployer",
    "the root user": f"arn:aws:iam::{ACCOUNT}:root",
    "a viewer": f"arn:aws:sts::{ACCOUNT}:assumed-role/viewer/session",
}
ACCESS = {"deployers": [DEPLOYER], "viewers": [f"arn:aws:iam::{ACCOUNT}:role/viewer"]}


@pytest.mark.parametrize("caller", OTHERS.values(), ids=OTHERS)
def test_whoever_could_make_the_cluster_but_nothing_in_it_is_refused(caller: str) -> None:
    with pytest.raises(SettingsError) as refused:
        made(answers=AwsAnswers(caller=caller), access=ACCESS)
    assert str(refused.value) == (
        f"nightowl:cluster.access.deployers: {caller} is no role that may deploy to the cluster; "
        f"use {DEPLOYER}, or add its role here"
    )


def test_deployers_of_another_account_are_refused_whoever_deploys() -> None:
    with pytest.raises(SettingsError) as refused:
        made(answers=AwsAnswers(caller=DEPLOYER), access={"deployers": ["arn:aws:iam::999988887777:role/deployer"]})
    assert str(refused.value) == (
        f"nightowl:cluster.access.deployers: no role here is of account {ACCOUNT}, in which the stack lives; "
        "name the one that deploys"
    )


def test_a_preview_by_a_role_that_may_not_deploy_is_only_warned_of() -> None:
    settings = with_apps({})
    run = run_stack(settings, preview=True, caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/session")
    assert run.warnings == (
        f"nightowl:cluster.access.deployers: arn:aws:sts::{ACCOUNT}:assumed-role/reader/session is no role that may "
        f"deploy to the cluster, so an update would be refused; use {DEPLOYER}, or add its role here",
    )
    assert run_stack(settings, preview=True).warnings == ()


@pytest.mark.parametrize(
    "region", ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1"]
)
def test_a_region_of_another_partition_is_refused(region: str) -> None:
    with pytest.raises(SettingsError) as refused:
        build_settings(sections(platform={"kind": "eks", "region": region, "accountId": ACCOUNT}))
    assert str(refused.value) == (
        f"nightowl:platform.region: '{region}' is not of the standard partition of AWS, and no other one is supported"
    )


@pytest.mark.parametrize(
    ("tags", "line"),
    [
        ({"AWS:team": "a"}, '["AWS:team"]: begins with aws:, which AWS keeps for itself; choose another key'),
        (
            {"eks:cluster-name": "a"},
            '["eks:cluster-name"]: begins with eks:, which AWS keeps for itself; choose another',
        ),
        ({"kubernetes.io/cluster/x": "owned"}, ": is read by controllers of the cluster; choose another key"),
        ({"": "a"}, '[""]: is no key of a tag: 1 to 127 letters'),
        ({"a" * 128: "a"}, ": is no key of a tag: 1 to 127 letters"),
        ({"what?": "a"}, '["what?"]: is no key of a tag: 1 to 127 letters'),
        ({"team": "a" * 256}, ".team: is no value of a tag: at most 255 letters"),
        ({"team": "a\nb"}, ".team: is no value of a tag: at most 255 letters"),
        ({f"t{index}": "" for index in range(41)}, ": has 41 tags; more than 40 do not fit on every resource"),
        ({"Project": "shop"}, ".Project: is the project's own tag project, in any case; choose another key"),
        ({"STACK": "a"}, ".STACK: is the project's own tag stack, in any case; choose another key"),
        ({"Managed-By": "a"}, ".Managed-By: is the project's own tag managed-by, in any case; choose another key"),
        ({"name": "a"}, ".name: is the project's own tag Name, in any case; choose another key"),
        ({"Team": "a", "team": "b"}, ".team: differs from Team in case only, which IAM takes for the same; remove one"),
    ],
)
def test_tags_that_aws_would_refuse_are_refused(tags: dict[str, str], line: str) -> None:
    with pytest.raises(SettingsError) as refused:
        build_settings(sections(platform={"kind": "eks", "region": REGION, "accountId": ACCOUNT, "tags": tags}))
    assert str(refused.value).startswith("nightowl:platform.tags")
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_tags_at_the_limits_are_accepted() -> None:
    tags = {**{f"t{index}": "" for index in range(39)}, "Größe: a/b" + "x" * 117: "v" * 255}
    assert settings(tags=tags).tags == tags


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_shell_that_is_set_to_another_region_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError) as refused:
        made(environment={variable: "us-east-1"})
    assert str(refused.value) == (
        f"nightowl:platform.region: this stack lives in {REGION}, but {variable} is us-east-1; "
        f"set it to {REGION}, or unset it"
    )


def test_the_region_that_the_aws_sdks_use_counts() -> None:
    context, _ = made(environment={"AWS_REGION": REGION, "AWS_DEFAULT_REGION": "us-east-1"})
    assert context.region == REGION
