from __future__ import annotations

import json

from policies.facts.aws import AWS_PROVIDER, BUCKETS, ENDPOINT, INSTANCE, KEY, LAUNCH_TEMPLATE, LOG_GROUP, REPOSITORY
from policies.facts.objects import STORAGE_CLASS
from policies.families.cost import ELASTIC_IP, LIFECYCLE_POLICY
from policies.families.secrets_and_storage import (
    BUCKET_POLICY,
    PARAMETER,
    PUBLIC_ACCESS_BLOCK,
    REPOSITORY_POLICY,
    VERSIONING,
)
from tests.policies.changes import Change, drop, make, put, put_in_json, remove, statement
from tests.policies.harness import Draft, Mutation
from tests.settings.secret_samples import TOKENS

BUCKET = BUCKETS[0]
ONLY_TLS = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ]
    }
)
GOOD_REPOSITORY = {
    "imageScanningConfiguration": {"scanOnPush": True},
    "imageTagMutability": "IMMUTABLE",
    "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "arn:aws:kms:::key/1"}],
}


def _repository(*, expires: bool = True, **changes: object) -> Change:
    def change(draft: Draft) -> None:
        repository = draft.add(REPOSITORY, "app", {**GOOD_REPOSITORY, **changes})
        if expires:
            draft.add(LIFECYCLE_POLICY, "app", {"policy": "{}"}, takes={"repository": repository})

    return change


def _state_bucket(*, versions: bool) -> Change:
    def change(draft: Draft) -> None:
        bucket = draft.add(BUCKET, "state", {}, protect=True)
        draft.add(BUCKET_POLICY, "state", {"policy": ONLY_TLS}, takes={"bucket": bucket})
        block = {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True}
        draft.add(PUBLIC_ACCESS_BLOCK, "state", {**block, "restrictPublicBuckets": True}, takes={"bucket": bucket})
        if versions:
            status = {"versioningConfiguration": {"status": "Enabled"}}
            draft.add(VERSIONING[0], "state", status, takes={"bucket": bucket})

    return change


def _loose_block(draft: Draft) -> None:
    draft.of(PUBLIC_ACCESS_BLOCK)["restrictPublicBuckets"] = False


STORAGE = [
    Mutation("key-rotates", drop(KEY, "enableKeyRotation")),
    Mutation("key-has-policy", drop(KEY, "policy")),
    Mutation("key-trusts-somebody", put_in_json(KEY, {"AWS": "*"}, "policy", "Statement", 0, "Principal", name="logs")),
    Mutation("key-can-be-saved", put(KEY, 7, "deletionWindowInDays")),
    Mutation("images-are-scanned", _repository(imageScanningConfiguration={"scanOnPush": False})),
    Mutation("image-tags-are-immutable", _repository(imageTagMutability="MUTABLE")),
    Mutation("images-have-own-key", _repository(encryptionConfigurations=[{"encryptionType": "AES256"}])),
    Mutation(
        "registry-is-private", make(REPOSITORY_POLICY, {"policy": statement(Principal="*", Action="ecr:BatchGetImage")})
    ),
    Mutation(
        "resource-policy-names-callers",
        make("aws:sqs/queue:Queue", {"policy": statement(Principal="*", Action="sqs:SendMessage")}),
    ),
    Mutation("nothing-goes-past-the-pack", make("aws:cloudformation/stack:Stack", {"templateBody": "{}"})),
    Mutation("storage-is-encrypted", make("aws:ebs/volume:Volume", {"size": 8})),
    Mutation("machine-disks-are-encrypted", make(INSTANCE, {"metadataOptions": {"httpTokens": "required"}})),
    Mutation("bucket-is-private", remove(PUBLIC_ACCESS_BLOCK)),
    Mutation("bucket-is-private", _loose_block, id="loose"),
    Mutation("bucket-asks-for-tls", remove(BUCKET_POLICY)),
    Mutation("bucket-keeps-versions", _state_bucket(versions=False)),
    Mutation(
        "secret-parameter-is-encrypted", make(PARAMETER, {"name": "/shop/db-password", "type": "String", "value": "x"})
    ),
    Mutation(
        "secret-parameter-is-encrypted",
        make(PARAMETER, {"name": "/shop/db", "type": "String", "value": TOKENS["Postgres"]}),
        id="by its value",
    ),
]

COST = [
    Mutation("log-group-expires", drop(LOG_GROUP, "retentionInDays", name="flow-logs")),
    Mutation("node-disks-are-gp3", put(LAUNCH_TEMPLATE, "gp2", "blockDeviceMappings", 0, "ebs", "volumeType")),
    Mutation("volumes-are-gp3", put(STORAGE_CLASS, "gp2", "parameters", "type")),
    Mutation("images-come-past-the-nat-gateway", remove(ENDPOINT, "s3")),
    Mutation("images-expire", _repository(expires=False)),
    Mutation("provider-tags-everything", drop(AWS_PROVIDER, "defaultTags", name="aws")),
    Mutation("address-is-used", make(ELASTIC_IP, {"domain": "vpc"})),
]
