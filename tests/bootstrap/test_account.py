"""Wrong credentials are refused in a sentence before anything is asked, and a missing permission is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ProfileNotFound, UnauthorizedSSOTokenError

from infra.aws import AwsError
from infra.bootstrap.account import KEY_ALIAS
from infra.errors import NightowlError
from tests.bootstrap.conftest import ACCOUNT, REGION, STACK_FILE, Aws, Shell, client_error, read


def refusal(shell: Shell, aws: Aws) -> str:
    with pytest.raises(NightowlError) as refused:
        shell.run()
    told = str(refused.value)
    assert "\n" not in told
    return told


def nothing_else_was_asked(aws: Aws) -> bool:
    return [operation for operation, _ in aws.calls if operation != "GetCallerIdentity"] == []


def test_credentials_of_another_account_are_refused(aws: Aws, shell: Shell) -> None:
    shell.write(STACK_FILE.replace(ACCOUNT, "999988887777"))
    told = refusal(shell, aws)
    assert "lives in account 999988887777, but the credentials belong to 123456789012" in told
    assert nothing_else_was_asked(aws)


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_shell_set_to_another_region_is_refused(aws: Aws, shell: Shell, variable: str) -> None:
    shell.environment = {variable: "us-west-2"}
    assert f"this stack lives in {REGION}, but {variable} is us-west-2; set it to {REGION}" in refusal(shell, aws)
    assert aws.calls == []


def test_a_shell_set_to_the_stacks_region_is_accepted(aws: Aws, shell: Shell) -> None:
    shell.environment = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    assert shell.run("dry-run")["well"]


def test_another_partition_is_refused(aws: Aws, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    real = aws.call

    def identity(client: Any, ask: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "GetCallerIdentity":
            return {"Account": ACCOUNT, "Arn": f"arn:aws-cn:iam::{ACCOUNT}:user/x", "UserId": "x"}
        return real(client, ask, operation, arguments)

    monkeypatch.setattr(aws, "call", identity)
    assert "belong to the AWS partition aws-cn" in refusal(shell, aws)


def test_a_region_of_another_partition_is_refused_by_the_settings(aws: Aws, shell: Shell) -> None:
    shell.write(STACK_FILE.replace(REGION, "cn-north-1"))
    assert "nightowl:platform.region: 'cn-north-1' is not of the standard partition" in refusal(shell, aws)


def test_a_shell_without_credentials_is_told_to_sign_in(
    aws: Aws, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert "there are no AWS credentials in this shell; sign in (`aws sso login`" in refusal(shell, aws)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (client_error("ExpiredToken", "The security token is expired"), "the AWS credentials have expired; sign in"),
        (client_error("InvalidClientTokenId", "invalid"), "AWS does not know these credentials (InvalidClientTokenId)"),
        (UnauthorizedSSOTokenError(), "the AWS credentials cannot be used: The SSO session"),
        (ProfileNotFound(profile="x"), "could not be found; set AWS_PROFILE"),
        (EndpointConnectionError(endpoint_url="x"), "AWS was not reached to tell whose credentials these are"),
        (client_error("Throttling", "Rate exceeded"), "Rate exceeded (Throttling)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_credentials_that_do_not_work_are_told_in_a_sentence(
    aws: Aws, shell: Shell, failure: BaseException, told: str
) -> None:
    aws.failures["GetCallerIdentity"] = failure
    assert told in refusal(shell, aws)
    assert nothing_else_was_asked(aws)


@pytest.mark.parametrize(
    ("step", "operation", "permission"),
    [
        ("key", "DescribeKey", "kms:DescribeKey"),
        ("key", "ListKeys", "kms:ListKeys"),
        ("key", "CreateKey", "kms:CreateKey and kms:TagResource"),
        ("key", "EnableKeyRotation", "kms:EnableKeyRotation"),
        ("key", "CreateAlias", "kms:CreateAlias"),
        ("state", "CreateBucket", "s3:CreateBucket"),
        ("state", "PutBucketTagging", "s3:PutBucketTagging"),
        ("state", "PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
        ("state", "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        ("state", "PutBucketVersioning", "s3:PutBucketVersioning"),
        ("state", "PutBucketEncryption", "s3:PutEncryptionConfiguration"),
        ("state", "PutBucketPolicy", "s3:PutBucketPolicy"),
        ("state", "PutBucketLogging", "s3:PutBucketLogging"),
        ("state", "PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
        ("github", "GetOpenIDConnectProvider", "iam:GetOpenIDConnectProvider"),
        ("github", "CreateOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider"),
    ],
)
def test_a_missing_permission_is_named(aws: Aws, step: str, operation: str, permission: str) -> None:
    if step == "state":
        read(aws, "logs").apply()
    aws.failures[operation] = client_error("AccessDenied", "User: x is not authorized", operation)
    with pytest.raises(AwsError) as refused:
        read(aws, step).apply()
    assert str(refused.value).startswith("AWS refuses to ")
    assert f"the credentials lack the permission {permission}" in str(refused.value)


def test_once_the_permission_is_given_the_next_run_goes_on(aws: Aws, shell: Shell) -> None:
    for operation in ("CreateAlias", "PutBucketPolicy", "GenerateDataKeyWithoutPlaintext"):
        aws.failures = {operation: client_error("AccessDenied", "User: x is not authorized", operation)}
        assert operation.removeprefix("Put") in refusal(shell, aws)
    aws.failures = {}
    assert shell.run()["well"]
    assert len(aws.client("kms").list_keys()["Keys"]) == 1


def test_an_explicit_deny_is_told_as_one(aws: Aws, shell: Shell) -> None:
    aws.failures["ListKeys"] = client_error("AccessDeniedException", "with an explicit deny in a policy")
    assert "an explicit deny forbids the permission kms:ListKeys" in refusal(shell, aws)


def test_a_key_whose_own_policy_hides_its_tags_is_not_taken_for_nightowls(aws: Aws, shell: Shell) -> None:
    aws.client("kms").create_key()
    message = "User: x is not authorized because no resource-based policy allows the action"
    aws.failures["ListResourceTags"] = client_error("AccessDeniedException", message)
    assert shell.run()["resources"][0]["state"] == "made"


def test_no_second_key_is_made_while_the_tags_of_the_first_may_not_be_read(aws: Aws, shell: Shell) -> None:
    read(aws, "key").apply()
    aws.client("kms").delete_alias(AliasName=KEY_ALIAS)
    message = "User: x is not authorized because no identity-based policy allows the action"
    aws.failures["ListResourceTags"] = client_error("AccessDeniedException", message)
    assert "kms:ListResourceTags" in refusal(shell, aws)
    assert "CreateBucket" not in aws.changing_calls


OTHER_NAMES = {
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "BucketEncryption": "EncryptionConfiguration",
    "BucketLifecycleConfiguration": "LifecycleConfiguration",
    "PublicAccessBlock": "BucketPublicAccessBlock",
}
"""Calls of S3 whose permissions are not called as they are (Service Authorization Reference, Amazon S3)."""


def test_the_least_permissions_of_the_page_allow_every_call_of_a_run(aws: Aws, shell: Shell) -> None:
    page = (Path(__file__).parents[2] / "docs" / "bootstrap.md").read_text(encoding="utf-8")
    policy = json.loads(page.split("```json\n")[1].split("```")[0])
    allowed = {action.split(":")[1] for statement in policy["Statement"] for action in statement["Action"]}
    shell.run("dry-run")
    shell.run()
    shell.run("check")
    asked = {operation for operation, _ in aws.calls} - {"GetCallerIdentity"}  # which everybody may ask
    for call, permission in OTHER_NAMES.items():
        asked = {permission.join(operation.rsplit(call, 1)) for operation in asked}
    assert {"CreateKey", "PutBucketPublicAccessBlock", "CreateOpenIDConnectProvider"} <= asked
    assert sorted(asked - allowed) == []
