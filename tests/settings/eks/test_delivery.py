from __future__ import annotations

from typing import Any

import pytest

from infra.settings.eks.delivery import ROLE_KINDS, DeliverySettings

ACCOUNT = "123456789012"
GITHUB: dict[str, Any] = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": ["repo:example/nightowl:environment:prod"],
    "preview": ["repo:example/nightowl:pull_request", "repo:example/nightowl:ref:refs/heads/release/1.x"],
}


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


def test_no_section_names_no_role_and_no_stack_to_copy_from() -> None:
    nothing = delivery()
    assert (nothing.backend, nothing.bucket, nothing.github, nothing.promotes_from) == (None, None, None, None)


@pytest.mark.parametrize("query", ["region=eu-central-1", "region=eu-central-1&awssdk=v2", "awssdk=v2&region=x"])
def test_the_bucket_is_read_from_the_backend(query: str) -> None:
    assert delivery(backend=f"s3://nightowl-state-{ACCOUNT}?{query}").bucket == f"nightowl-state-{ACCOUNT}"
