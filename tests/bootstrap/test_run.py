"""A bootstrap makes what is missing, changes what differs, and touches nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml

from infra.bootstrap.account import KEY_ALIAS, TAGS, Account
from infra.errors import NightowlError, UsageError
from tests.bootstrap.conftest import ACCOUNT, REGION, STACK_FILE, Aws, Shell

STATE = f"nightowl-state-{ACCOUNT}-{REGION}"
LOGS = f"nightowl-state-logs-{ACCOUNT}-{REGION}"
KEY = f"KMS key {KEY_ALIAS}"
GITHUB = "OIDC provider token.actions.githubusercontent.com"


def states(result: dict[str, Any]) -> list[str]:
    return [resource["state"] for resource in result["resources"]]


def keys(aws: Aws) -> list[str]:
    return [key["KeyId"] for key in aws.client("kms").list_keys()["Keys"]]


def test_a_fresh_account_gets_everything_and_the_stack_file_its_lines(aws: Aws, shell: Shell, account: Account) -> None:
    result = shell.run()
    assert result["well"]
    assert states(result) == ["made", "made", "made", "made", "changed"]
    document = yaml.safe_load(shell.file.read_text())
    assert document["secretsprovider"] == f"awskms:///alias/nightowl-pulumi?region={REGION}&awssdk=v2"
    assert document["config"]["nightowl:delivery"] == {"backend": f"s3://{STATE}?region={REGION}&awssdk=v2"}
    assert result["next"] == [
        f"export PULUMI_BACKEND_URL='{account.backend}'",
        f"pulumi stack init dev --secrets-provider '{account.secrets_provider}'",
    ]


def test_the_state_bucket_is_versioned_encrypted_private_and_logged(aws: Aws, shell: Shell) -> None:
    key = shell.run()["resources"][0]["id"]
    s3 = aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=STATE)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(Bucket=STATE)["ServerSideEncryptionConfiguration"]["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
            "BucketKeyEnabled": True,
        }
    ]
    assert set(s3.get_public_access_block(Bucket=STATE)["PublicAccessBlockConfiguration"].values()) == {True}
    rules = s3.get_bucket_ownership_controls(Bucket=STATE)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_logging(Bucket=STATE)["LoggingEnabled"]["TargetBucket"] == LOGS
    assert s3.get_bucket_location(Bucket=STATE)["LocationConstraint"] == REGION
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=STATE)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Resource"] == [f"arn:aws:s3:::{STATE}", f"arn:aws:s3:::{STATE}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=STATE)["TagSet"]}
    assert tags == TAGS


def test_the_current_state_never_expires_and_the_newest_old_ones_stay(aws: Aws, shell: Shell) -> None:
    shell.run()
    rules = aws.client("s3").get_bucket_lifecycle_configuration(Bucket=STATE)["Rules"]
    assert not [rule for rule in rules if "Days" in rule.get("Expiration", {}) or "Date" in rule.get("Expiration", {})]
    by_name = {rule["ID"]: rule for rule in rules}
    assert by_name["old-versions"]["NoncurrentVersionExpiration"] == {
        "NoncurrentDays": 90,
        "NewerNoncurrentVersions": 10,
    }
    assert by_name["abandoned-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert by_name["old-locks"]["Filter"] == {"Prefix": ".pulumi/locks/"}


def test_the_log_bucket_takes_the_log_of_the_state_bucket_of_this_account_only(aws: Aws, shell: Shell) -> None:
    shell.run()
    s3 = aws.client("s3")
    encryption = s3.get_bucket_encryption(Bucket=LOGS)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    written, tls = json.loads(s3.get_bucket_policy(Bucket=LOGS)["Policy"])["Statement"]
    assert written["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert written["Condition"] == {
        "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{STATE}"},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }
    assert tls["Effect"] == "Deny"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=LOGS)["Rules"]
    assert rules[0]["Expiration"] == {"Days": 365}


def test_the_key_rotates_and_only_this_accounts_iam_decides_about_it(aws: Aws, shell: Shell) -> None:
    key = shell.run()["resources"][0]["id"]
    kms = aws.client("kms")
    assert kms.describe_key(KeyId=KEY_ALIAS)["KeyMetadata"]["Arn"] == key
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    statements = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])["Statement"]
    assert {json.dumps(one["Principal"]) for one in statements} == {f'{{"AWS": ["arn:aws:iam::{ACCOUNT}:root"]}}'}
    assert not [action for one in statements for action in one["Action"] if "*" in action]


def test_the_data_key_of_the_stack_file_is_32_bytes_that_the_key_decrypts(aws: Aws, shell: Shell) -> None:
    shell.run()
    encrypted = base64.b64decode(yaml.safe_load(shell.file.read_text())["encryptedkey"], validate=True)
    assert len(aws.client("kms").decrypt(CiphertextBlob=encrypted)["Plaintext"]) == 32


def test_a_second_run_changes_nothing(aws: Aws, shell: Shell) -> None:
    shell.run()
    text = shell.file.read_text()
    aws.calls.clear()
    result = shell.run()
    assert aws.changing_calls == []
    assert result["changes"] == []
    assert states(result) == ["exists"] * 5
    assert shell.file.read_text() == text


def test_a_second_stack_of_the_account_only_gets_its_lines(aws: Aws, shell: Shell) -> None:
    shell.run()
    shell.write(STACK_FILE)
    aws.calls.clear()
    result = shell.run()
    assert states(result) == ["exists"] * 4 + ["changed"]
    assert aws.changing_calls == []


def test_every_call_of_an_existing_bucket_says_which_account_must_own_it(aws: Aws, shell: Shell) -> None:
    shell.run()
    shell.run("check")
    asked = [(name, given) for name, given in aws.calls if "Bucket" in given and name != "CreateBucket"]
    assert len(asked) > 30
    assert [name for name, given in asked if given.get("ExpectedBucketOwner") != ACCOUNT] == []


@pytest.mark.parametrize("mode", ["dry-run", "check"])
def test_a_list_of_changes_makes_none(aws: Aws, shell: Shell, mode: Any) -> None:
    result = shell.run(mode)
    assert aws.changing_calls == []
    assert shell.file.read_text() == STACK_FILE
    assert states(result) == ["missing"] * 4 + ["differs"]
    assert result["well"] == (mode == "dry-run")
    listed = [(change["resource"], change["setting"]) for change in result["changes"]]
    assert (f"S3 bucket {STATE}", "versioning") in listed
    assert (KEY, None) in listed
    made = shell.run()
    assert [(change["resource"], change["setting"]) for change in made["changes"]] == listed


def test_us_east_1_gets_its_buckets_without_a_location(aws: Aws, shell: Shell) -> None:
    shell.write(STACK_FILE.replace(REGION, "us-east-1"))
    assert shell.run()["well"]
    created = [given for name, given in aws.calls if name == "CreateBucket"]
    assert [given["Bucket"] for given in created] == [
        f"nightowl-state-logs-{ACCOUNT}-us-east-1",
        f"nightowl-state-{ACCOUNT}-us-east-1",
    ]
    assert not [given for given in created if "CreateBucketConfiguration" in given]


def test_a_run_that_is_interrupted_after_any_change_is_continued_by_the_next(shell: Shell, aws: Aws) -> None:
    """Each run is interrupted after its first change: all together make what one would, and nothing twice."""

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    aws.after_change = interrupt
    interruptions = 0
    while True:
        try:
            result = shell.run()
        except KeyboardInterrupt:
            interruptions += 1
            assert interruptions < 40, "no run gets any further"
        else:
            break
    assert interruptions > 15
    assert result["well"]
    assert len(keys(aws)) == 1
    assert len(aws.client("s3").list_buckets()["Buckets"]) == 2
    assert aws.changing_calls.count("CreateBucket") == 2
    assert shell.differences() == []


@pytest.mark.parametrize("after", ["CreateKey", "CreateBucket"])
def test_a_half_made_account_is_completed(aws: Aws, shell: Shell, after: str) -> None:
    def interrupt(operation: str) -> None:
        if operation == after:
            raise KeyboardInterrupt

    aws.after_change = interrupt
    with pytest.raises(KeyboardInterrupt):
        shell.run()
    assert shell.file.read_text() == STACK_FILE
    aws.after_change = lambda _: None
    assert shell.run()["well"]
    assert len(keys(aws)) == 1
    assert shell.differences() == []


def test_an_interrupted_run_tells_what_it_has_done(aws: Aws, shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    aws.failures["PutBucketVersioning"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        shell.run()
    assert "KMS key alias/nightowl-pulumi" in capsys.readouterr().err


def test_a_key_of_somebody_else_is_left_alone_while_a_new_one_is_made(aws: Aws, shell: Shell) -> None:
    other = aws.client("kms").create_key(Tags=[{"TagKey": "team", "TagValue": "data"}])["KeyMetadata"]["Arn"]
    made = shell.run()["resources"][0]["id"]
    assert made != other
    assert len(keys(aws)) == 2


def test_a_key_that_was_taken_down_with_its_alias_is_replaced(aws: Aws, shell: Shell) -> None:
    first = shell.run()["resources"][0]["id"]
    kms = aws.client("kms")
    kms.delete_alias(AliasName=KEY_ALIAS)
    kms.schedule_key_deletion(KeyId=first.split("/")[-1])
    assert shell.run()["resources"][0]["id"] != first


@pytest.mark.parametrize("folder", [".pulumi/stacks/nightowl/dev.json", None])
def test_a_bucket_of_this_account_that_holds_at_most_state_is_adopted(
    aws: Aws, shell: Shell, folder: str | None
) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=STATE, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_tagging(Bucket=STATE, Tagging={"TagSet": [{"Key": "team", "Value": "web"}]})
    if folder:
        s3.put_object(Bucket=STATE, Key=folder, Body=b"{}")
    result = shell.run()
    assert states(result) == ["made", "made", "changed", "made", "changed"]
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=STATE)["TagSet"]}
    assert tags == {"team": "web", **TAGS}


def test_a_provider_that_others_use_keeps_their_audiences(aws: Aws, shell: Shell, account: Account) -> None:
    iam = aws.client("iam")
    iam.create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com", ClientIDList=["others"])
    result = shell.run()
    assert [change["setting"] for change in result["changes"] if change["resource"] == GITHUB] == ["audience"]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=account.github_provider_arn)
    assert provider["ClientIDList"] == ["others", "sts.amazonaws.com"]
    assert provider.get("Tags", []) == []


def test_a_stack_without_an_account_is_refused(shell: Shell) -> None:
    shell.write("config:\n  nightowl:platform: { kind: existing, context: test }\n  nightowl:apps: {}\n")
    with pytest.raises(UsageError, match="'dev' deploys to an existing cluster"):
        shell.run()


def refusal(shell: Shell, aws: Aws) -> str:
    """Tell why a run refuses; nothing is changed by it."""
    before = len(aws.changing_calls)
    with pytest.raises(NightowlError) as refused:
        shell.run()
    assert len(aws.changing_calls) == before
    assert shell.file.read_text() == STACK_FILE
    return str(refused.value)


@pytest.mark.parametrize("bucket", [STATE, LOGS])
def test_a_bucket_of_another_account_is_refused_by_its_name(aws: Aws, shell: Shell, bucket: str) -> None:
    aws.foreign_buckets.add(bucket)
    assert f"bucket {bucket} belongs to another account" in refusal(shell, aws)


def test_a_bucket_that_another_account_makes_meanwhile_is_refused(aws: Aws, shell: Shell) -> None:
    aws.after_change = lambda operation: aws.foreign_buckets.add(STATE)
    with pytest.raises(NightowlError, match=f"bucket {STATE} belongs to another account"):
        shell.run()


@pytest.mark.parametrize("deleted", [False, True], ids=["current", "old version"])
def test_a_bucket_of_this_account_that_holds_something_else_is_refused(aws: Aws, shell: Shell, deleted: bool) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=STATE, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=STATE, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=STATE, Key="prod.tfstate", Body=b"{}")
    if deleted:
        s3.delete_object(Bucket=STATE, Key="prod.tfstate")
    told = refusal(shell, aws)
    assert "lacks the tag nightowl:bootstrap and holds prod.tfstate" in told
    assert "move its content elsewhere" in told


def test_a_key_that_is_about_to_be_deleted_is_refused_with_the_way_out(aws: Aws, shell: Shell) -> None:
    key = shell.run()["resources"][0]["id"].split("/")[-1]
    shell.write(STACK_FILE)
    aws.client("kms").schedule_key_deletion(KeyId=key)
    assert f"aws kms cancel-key-deletion --key-id {key}" in refusal(shell, aws)


def test_an_alias_of_somebody_elses_key_is_refused(aws: Aws, shell: Shell) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=key)
    assert f"belongs to KMS key {key}, which lacks the tag nightowl:bootstrap" in refusal(shell, aws)


def test_two_half_made_keys_are_refused(aws: Aws, shell: Shell) -> None:
    for _ in range(2):
        aws.client("kms").create_key(Tags=[{"TagKey": "nightowl:bootstrap", "TagValue": "true"}])
    assert "2 KMS keys carry the tag nightowl:bootstrap" in refusal(shell, aws)


def test_a_deleted_resource_is_found(aws: Aws, shell: Shell) -> None:
    shell.run()
    aws.client("iam").delete_open_id_connect_provider(
        OpenIDConnectProviderArn=f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    )
    assert shell.differences() == [(GITHUB, None), (GITHUB, "audience")]
