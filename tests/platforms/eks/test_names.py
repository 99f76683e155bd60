from __future__ import annotations

from infra.platforms.eks.names import (
    boundary_name,
    identity_provider_arn,
    image_tag,
    pipeline_arns,
    registry_host,
    repository_name,
    role_arn,
)
from infra.settings.eks.delivery import ROLE_KINDS, GithubSettings

ACCOUNT = "123456789012"


def github(**more: list[str]) -> GithubSettings:
    return GithubSettings.model_validate(
        {
            "repository": "example/nightowl",
            "repositoryId": "123456789",
            "deploy": ["repo:example/nightowl:environment:prod"],
            "preview": ["repo:example/nightowl:pull_request"],
            **more,
        }
    )


def test_a_role_is_named_for_each_kind_with_a_subject() -> None:
    assert pipeline_arns(None, ACCOUNT, "nightowl-dev") == {}
    assert pipeline_arns(github(), ACCOUNT, "nightowl-dev").keys() == {"deploy", "preview"}
    more = github(ephemeral=["repo:example/nightowl:environment:ephemeral"])
    assert list(pipeline_arns(more, ACCOUNT, "nightowl-dev")) == list(ROLE_KINDS)


def test_the_names_are_the_documented_ones() -> None:
    assert role_arn(ACCOUNT, "nightowl-dev", "deploy") == f"arn:aws:iam::{ACCOUNT}:role/nightowl-dev-deploy"
    assert boundary_name("nightowl-dev") == "nightowl-dev-boundary"
    assert identity_provider_arn(ACCOUNT) == f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    assert registry_host(ACCOUNT, "eu-central-1") == f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
    assert image_tag("a" * 40) == f"tree-{'a' * 40}"


def test_no_image_of_a_pull_request_lies_where_a_deployment_looks() -> None:
    assert repository_name("nightowl-dev", "web") == "nightowl-dev/web"
    assert repository_name("nightowl-dev", "web", pull_request=True) == "nightowl-dev/pr/web"
