"""`--check` finds each setting that somebody changed, and the next run puts back that one alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from moto.iam.models import iam_backends

from infra.aws import AwsError
from infra.bootstrap.account import KEY_ALIAS
from tests.bootstrap.conftest import ACCOUNT, NAMES, Aws, client_error, read
from tests.bootstrap.test_run import GITHUB, KEY, LOGS, STATE

Drift = Callable[[Aws], object]
STATE_BUCKET, LOG_BUCKET = f"S3 bucket {STATE}", f"S3 bucket {LOGS}"
OPEN = {"Version": "2012-10-17", "Statement": []}
DRIFTED_RULE = {"ID": "other", "Filter": {"Prefix": ""}, "Status": "Enabled", "Expiration": {"Days": 1}}


def key_of(aws: Aws) -> str:
    return aws.client("kms").describe_key(KeyId=KEY_ALIAS)["KeyMetadata"]["KeyId"]


def on_key(change: Callable[..., object]) -> Drift:
    return lambda aws: change(aws.client("kms"), key_of(aws))


def on_bucket(operation: str, bucket: str, **arguments: object) -> Drift:
    return lambda aws: getattr(aws.client("s3"), operation)(Bucket=bucket, **arguments)


def only_the_marker_is_left(bucket: str) -> Drift:
    return on_bucket("put_bucket_tagging", bucket, Tagging={"TagSet": [{"Key": "nightowl:bootstrap", "Value": "true"}]})


def without_the_newest_kept(aws: Aws) -> None:
    s3 = aws.client("s3")
    rules = json.loads(json.dumps(s3.get_bucket_lifecycle_configuration(Bucket=STATE)["Rules"]))
    del rules[0]["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"]
    s3.put_bucket_lifecycle_configuration(Bucket=STATE, LifecycleConfiguration={"Rules": rules})


def without_audience(aws: Aws) -> None:
    (provider,) = iam_backends[ACCOUNT]["aws"].open_id_providers.values()
    provider.client_id_list.clear()


def encrypted(algorithm: str, *, key: bool, bucket_key: bool) -> Drift:
    def change(aws: Aws) -> None:
        default = {"SSEAlgorithm": algorithm}
        if key:
            arn = aws.client("kms").describe_key(KeyId=KEY_ALIAS)["KeyMetadata"]["Arn"]
            default["KMSMasterKeyID"] = arn
        rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}]
        aws.client("s3").put_bucket_encryption(Bucket=STATE, ServerSideEncryptionConfiguration={"Rules": rules})

    return change


def buckets_drifts(resource: str, bucket: str) -> list[object]:
    drifts: list[tuple[str, str, Drift]] = [
        ("tags", "tags", only_the_marker_is_left(bucket)),
        ("object ownership", "no ownership", on_bucket("delete_bucket_ownership_controls", bucket)),
        (
            "object ownership",
            "acls",
            on_bucket(
                "put_bucket_ownership_controls",
                bucket,
                OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
            ),
        ),
        ("public access block", "no block", on_bucket("delete_public_access_block", bucket)),
        (
            "public access block",
            "three of four blocks",
            on_bucket(
                "put_public_access_block",
                bucket,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": False,
                },
            ),
        ),
        (
            "versioning",
            "suspended",
            on_bucket("put_bucket_versioning", bucket, VersioningConfiguration={"Status": "Suspended"}),
        ),
        ("encryption", "no encryption", on_bucket("delete_bucket_encryption", bucket)),
        ("policy", "no policy", on_bucket("delete_bucket_policy", bucket)),
        ("policy", "open policy", on_bucket("put_bucket_policy", bucket, Policy=json.dumps(OPEN))),
        (
            "lifecycle",
            "other rule",
            on_bucket("put_bucket_lifecycle_configuration", bucket, LifecycleConfiguration={"Rules": [DRIFTED_RULE]}),
        ),
        ("lifecycle", "no rules", on_bucket("delete_bucket_lifecycle", bucket)),
    ]
    place = "state" if bucket == STATE else "log"
    return [pytest.param(resource, setting, drift, id=f"{place}: {name}") for setting, name, drift in drifts]


@pytest.mark.parametrize(
    ("resource", "setting", "drift"),
    [
        pytest.param(
            KEY, "tags", on_key(lambda kms, key: kms.untag_resource(KeyId=key, TagKeys=["project"])), id="tag"
        ),
        pytest.param(KEY, "enabled", on_key(lambda kms, key: kms.disable_key(KeyId=key)), id="disabled"),
        pytest.param(
            KEY,
            "policy",
            on_key(lambda kms, key: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(OPEN))),
            id="key policy",
        ),
        pytest.param(
            KEY, "rotation every year", on_key(lambda kms, key: kms.disable_key_rotation(KeyId=key)), id="rotation"
        ),
        pytest.param(KEY, "alias", on_key(lambda kms, _: kms.delete_alias(AliasName=KEY_ALIAS)), id="alias"),
        *buckets_drifts(LOG_BUCKET, LOGS),
        *buckets_drifts(STATE_BUCKET, STATE),
        pytest.param(STATE_BUCKET, "encryption", encrypted("AES256", key=False, bucket_key=False), id="S3's own key"),
        pytest.param(STATE_BUCKET, "encryption", encrypted("aws:kms", key=True, bucket_key=False), id="no bucket key"),
        pytest.param(
            STATE_BUCKET, "access log", on_bucket("put_bucket_logging", STATE, BucketLoggingStatus={}), id="no log"
        ),
        pytest.param(STATE_BUCKET, "lifecycle", without_the_newest_kept, id="newest not kept"),
        pytest.param(GITHUB, "audience", without_audience, id="audience"),
    ],
)
def test_a_changed_setting_is_found_and_put_back_alone(
    made_aws: Aws, resource: str, setting: str, drift: Drift
) -> None:
    drift(made_aws)
    made_aws.calls.clear()
    steps = {name: read(made_aws, name) for name in NAMES}
    found = {name: step for name, step in steps.items() if step.changes}
    assert [(step.name, [change.setting for change in step.changes]) for step in found.values()] == [
        (resource, [setting])
    ]
    assert made_aws.changing_calls == []
    ((name, step),) = found.items()
    step.apply()
    assert len(made_aws.changing_calls) == 1
    assert read(made_aws, name).changes == ()


def test_a_policy_that_aws_gives_back_in_another_form_is_no_difference(made_aws: Aws) -> None:
    s3 = made_aws.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=STATE)["Policy"])
    policy["Statement"][0]["Resource"].reverse()
    policy["Statement"][0]["Principal"] = {"AWS": ["*"]}
    s3.put_bucket_policy(Bucket=STATE, Policy=json.dumps(policy, indent=4))
    assert read(made_aws, "state").changes == ()


@pytest.mark.parametrize(
    ("step", "operation", "permission"),
    [
        ("key", "ListResourceTags", "kms:ListResourceTags"),
        ("key", "GetKeyPolicy", "kms:GetKeyPolicy"),
        ("key", "GetKeyRotationStatus", "kms:GetKeyRotationStatus"),
        ("key", "ListAliases", "kms:ListAliases"),
        ("state", "GetBucketTagging", "s3:GetBucketTagging"),
        ("state", "GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"),
        ("state", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
        ("state", "GetBucketVersioning", "s3:GetBucketVersioning"),
        ("state", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
        ("state", "GetBucketPolicy", "s3:GetBucketPolicy"),
        ("state", "GetBucketLogging", "s3:GetBucketLogging"),
        ("state", "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    ],
)
def test_a_setting_that_may_not_be_read_is_no_drift_but_a_refusal(
    made_aws: Aws, step: str, operation: str, permission: str
) -> None:
    message = "User: x is not authorized because no identity-based policy allows it"
    made_aws.failures[operation] = client_error("AccessDenied", message, operation)
    with pytest.raises(AwsError, match=permission):
        read(made_aws, step)
