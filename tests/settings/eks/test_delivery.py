from __future__ import annotations

from typing import Any

import pytest

from infra.settings.eks.delivery import (
    ROLE_KINDS,
    DeliverySettings,
    boundary_arn,
    identity_provider_arn,
    image_reference,
    image_repository,
    image_tag,
    pipeline_arns,
    registry_host,
    repository_name,
    role_arn,
)
from infra.settings.eks.platform import EksPlatformSettings

ACCOUNT = "123456789012"
GITHUB: dict[str, Any] = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": ["repo:example/nightowl:environment:prod"],
    "preview": ["repo:example/nightowl:pull_request", "repo:example/nightowl:ref:refs/heads/release/1.x"],
}
PLATFORM = EksPlatformSettings.model_validate({"kind": "eks", "region": "eu-central-1", "accountId": ACCOUNT})


def delivery(**section: Any) -> DeliverySettings:
    return DeliverySettings.model_validate(section)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"deploy": ["repo:example@42/nightowl@123456789:environment:prod"]},
        {"deploy": [*GITHUB["deploy"], "repo:example@42/nightowl@123456789:environment:prod"]},
        {"deploy": ["repo:example/nightowl:environment:blue green"]},
        {"preview": ["repo:example/nightowl:environment:looking"]},
        {"ephemeral": ["repo:example/nightowl:environment:ephemeral"]},
    ],
    ids=["names", "ids", "both while it moves", "environment with a space", "environment to look", "ephemeral"],
)
def test_exact_subjects_are_accepted_and_kept_letter_by_letter(keys: dict[str, list[str]]) -> None:
    github = delivery(github={**GITHUB, **keys}).github
    assert github is not None
    for kind in ROLE_KINDS:
        assert list(github.subjects(kind)) == {**GITHUB, **keys}.get(kind, [])


def test_the_environment_of_deployments_is_that_of_their_subjects() -> None:
    github = delivery(github={**GITHUB, "deploy": ["repo:example@42/nightowl@123456789:environment:eu-prod"]}).github
    assert github is not None
    assert github.environment == "eu-prod"
    assert github.environments("preview") == ()


def test_no_section_makes_no_role_and_keeps_no_image() -> None:
    nothing = delivery()
    assert (nothing.backend, nothing.bucket, nothing.github, nothing.images) == (None, None, None, {})
    assert pipeline_arns(nothing.github, ACCOUNT, "dev") == {}


def test_a_role_is_made_for_each_kind_with_a_subject() -> None:
    assert pipeline_arns(delivery(github=GITHUB).github, ACCOUNT, "dev").keys() == {"deploy", "preview"}
    more = {**GITHUB, "ephemeral": ["repo:example/nightowl:environment:ephemeral"]}
    assert list(pipeline_arns(delivery(github=more).github, ACCOUNT, "dev")) == list(ROLE_KINDS)


def test_the_names_are_the_documented_ones() -> None:
    assert role_arn(ACCOUNT, "dev", "deploy") == f"arn:aws:iam::{ACCOUNT}:role/nightowl-dev-deploy"
    assert boundary_arn(ACCOUNT, "dev") == f"arn:aws:iam::{ACCOUNT}:policy/nightowl-dev-boundary"
    assert identity_provider_arn(ACCOUNT) == f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    assert registry_host(ACCOUNT, "eu-central-1") == f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"


def test_no_image_of_a_pull_request_lies_where_a_deployment_looks() -> None:
    assert repository_name("dev", "web") == "nightowl-dev/web"
    assert repository_name("dev", "web", pull_request=True) == "nightowl-dev/pr/web"


def test_an_image_is_named_by_its_content() -> None:
    repository = image_repository(PLATFORM, "dev", "web")
    reference = image_reference(repository, image_tag("a" * 40), f"sha256:{'b' * 64}")
    assert reference == (
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/nightowl-dev/web:tree-{'a' * 40}@sha256:{'b' * 64}"
    )


@pytest.mark.parametrize("query", ["region=eu-central-1", "region=eu-central-1&awssdk=v2", "awssdk=v2&region=x"])
def test_the_bucket_is_read_from_the_backend(query: str) -> None:
    assert delivery(backend=f"s3://nightowl-state-{ACCOUNT}?{query}").bucket == f"nightowl-state-{ACCOUNT}"


@pytest.mark.parametrize("folder", ["web", "apps/web", ".docker/web", "apps/web.v2", "a-b/c_d"])
def test_folders_inside_the_repository_are_accepted(folder: str) -> None:
    assert delivery(images={"web": {"build": folder}}).images["web"].build == folder
