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
    Mutation(rule="key-rotates", change=drop(KEY, "enableKeyRotation")),
    Mutation(rule="key-has-policy", change=drop(KEY, "policy")),
    Mutation(
        rule="key-trusts-somebody",
        change=put_in_json(KEY, {"AWS": "*"}, "policy", "Statement", 0, "Principal", name="logs"),
    ),
    Mutation(rule="key-can-be-saved", change=put(KEY, 7, "deletionWindowInDays")),
    Mutation(rule="images-are-scanned", change=_repository(imageScanningConfiguration={"scanOnPush": False})),
    Mutation(rule="image-tags-are-immutable", change=_repository(imageTagMutability="MUTABLE")),
    Mutation(rule="images-have-own-key", change=_repository(encryptionConfigurations=[{"encryptionType": "AES256"}])),
    Mutation(
        rule="registry-is-private",
        change=make(REPOSITORY_POLICY, {"policy": statement(Principal="*", Action="ecr:BatchGetImage")}),
    ),
    Mutation(
        rule="resource-policy-names-callers",
        change=make("aws:sqs/queue:Queue", {"policy": statement(Principal="*", Action="sqs:SendMessage")}),
    ),
    Mutation(rule="nothing-goes-past-the-pack", change=make("aws:cloudformation/stack:Stack", {"templateBody": "{}"})),
    Mutation(rule="storage-is-encrypted", change=make("aws:ebs/volume:Volume", {"size": 8})),
    Mutation(
        rule="machine-disks-are-encrypted",
        change=make(INSTANCE, {"metadataOptions": {"httpTokens": "required"}}),
    ),
    Mutation(rule="bucket-is-private", change=remove(PUBLIC_ACCESS_BLOCK)),
    Mutation(rule="bucket-is-private", change=_loose_block, id="loose"),
    Mutation(rule="bucket-asks-for-tls", change=remove(BUCKET_POLICY)),
    Mutation(rule="bucket-keeps-versions", change=_state_bucket(versions=False)),
    Mutation(
        rule="secret-parameter-is-encrypted",
        change=make(PARAMETER, {"name": "/shop/db-password", "type": "String", "value": "x"}),
    ),
    Mutation(
        rule="secret-parameter-is-encrypted",
        id="by its value",
        change=make(PARAMETER, {"name": "/shop/db", "type": "String", "value": TOKENS["Postgres"]}),
    ),
]

COST = [
    Mutation(rule="log-group-expires", change=drop(LOG_GROUP, "retentionInDays", name="flow-logs")),
    Mutation(
        rule="node-disks-are-gp3", change=put(LAUNCH_TEMPLATE, "gp2", "blockDeviceMappings", 0, "ebs", "volumeType")
    ),
    Mutation(rule="volumes-are-gp3", change=put(STORAGE_CLASS, "gp2", "parameters", "type")),
    Mutation(rule="images-come-past-the-nat-gateway", change=remove(ENDPOINT, "s3")),
    Mutation(rule="images-expire", change=_repository(expires=False)),
    Mutation(rule="provider-tags-everything", change=drop(AWS_PROVIDER, "defaultTags", name="aws")),
    Mutation(rule="address-is-used", change=make(ELASTIC_IP, {"domain": "vpc"})),
]
