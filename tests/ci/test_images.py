"""Image references, and what ECR says of them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from infra.aws import AwsError
from infra.ci.images import Reference, Registry, RepositoryMissingError
from tests.ci.delivery_stacks import ACCOUNT, PUBLIC, digest, image
from tests.ci.test_build import put


@pytest.mark.parametrize(
    "text",
    [
        PUBLIC,
        image("dev", "web", "a"),
        image("dev", "web", "a", pull_request=True),
        "nginx:1.29",
        "library/nginx:1.29",
        "localhost:5000/a/b@" + digest("b"),
        "ghcr.io/a/b:1",
    ],
)
def test_a_reference_is_written_as_it_was_read(text: str) -> None:
    assert str(Reference.of(text)) == text


@pytest.mark.parametrize("text", ["", "a b", "web:1\n", "host/web@sha256:abc", "host/web:1@sha512:" + "a" * 128])
def test_what_is_no_reference_names_no_repository(text: str) -> None:
    assert Reference.of(text).repository == ""


def test_the_parts_of_a_reference() -> None:
    reference = Reference.of(image("dev", "web", "a", "1" * 40))

    assert (reference.host, reference.repository) == (
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com",
        "nightowl-dev/web",
    )
    assert (reference.tree, reference.digest, reference.short) == ("1" * 40, digest("a"), "sha256:" + "a" * 12)
    assert Reference.of(PUBLIC).tree == ""


def test_an_image_is_found_by_tag_and_by_digest(aws: None) -> None:
    client = boto3.client("ecr", region_name="eu-central-1")
    client.create_repository(repositoryName="nightowl-dev/web")
    put(client, "tree-1", "a")
    registry = Registry(ACCOUNT, "eu-central-1")

    assert (registry.digest_of("nightowl-dev/web", "tree-1"), registry.digest_of("nightowl-dev/web", "tree-2")) == (
        digest("a"),
        None,
    )
    assert registry.has("nightowl-dev/web", digest("a"))
    assert not registry.has("nightowl-dev/web", digest("b"))


def test_a_repository_that_is_not_there_is_told_apart_from_an_image_that_is_not(aws: None) -> None:
    with pytest.raises(RepositoryMissingError, match="nightowl-dev/web is not in the registry of account"):
        Registry(ACCOUNT, "eu-central-1").digest_of("nightowl-dev/web", "tree-1")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDeniedException", "{asked}: the credentials lack the permission ecr:DescribeImages"),
        ("ExpiredTokenException", "the AWS credentials have expired; sign in"),
    ],
)
def test_a_refusal_of_aws_is_one_sentence(aws: None, monkeypatch: pytest.MonkeyPatch, code: str, told: str) -> None:
    def refuse(client: BaseClient, operation: str, arguments: dict[str, Any]) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "No."}}, operation)

    registry = Registry(ACCOUNT, "eu-central-1")
    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)

    with pytest.raises(AwsError, match=told.format(asked=f"look into nightowl-dev/web of account {ACCOUNT}")):
        registry.digest_of("nightowl-dev/web", "tree-1")
