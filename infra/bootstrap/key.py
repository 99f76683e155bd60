"""The KMS key that encrypts the state and its secrets, and its alias."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError

from infra.aws import DENIED_CODES, AwsError, aws_errors, code_of, message_of
from infra.bootstrap.account import KEY_ALIAS, MARKER_TAG, TAGS
from infra.bootstrap.connection import Connection
from infra.bootstrap.policies import pulumi_key_policy
from infra.bootstrap.resource import Change, Setting, resource_step
from infra.reconcile import Step

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import KeyMetadataTypeDef, TagTypeDef

DESCRIPTION = "State and secrets of Pulumi, made by nightowl bootstrap"
_POLICY = "default"
"""The only name that KMS knows."""
_OWN_TAGS: Sequence[TagTypeDef] = [{"TagKey": name, "TagValue": value} for name, value in TAGS.items()]
_TO_BE_DELETED = frozenset({"PendingDeletion", "PendingReplicaDeletion"})


def key_step(aws: Connection) -> Step[Change]:
    """Compare the key, found by its alias or, where a run was interrupted before the alias, by its tag.

    Raises:
        AwsError: it is about to be deleted, is not Nightowl's, or several could be meant.
    """
    policy = pulumi_key_policy(aws.account.id)

    def make() -> str:
        """Make the key. Its tag comes with it, so that an interrupted run finds it again."""
        with aws_errors("make a KMS key", "kms:CreateKey and kms:TagResource"):
            made = aws.kms.create_key(Description=DESCRIPTION, Policy=json.dumps(policy), Tags=_OWN_TAGS)
        return str(made["KeyMetadata"].get("Arn"))

    def settings(arn: str) -> Sequence[Setting]:
        """List the settings; the alias comes last, because a key that has it is complete."""
        key = _Key(aws.kms, arn.rpartition("/")[2])
        return [
            Setting(
                name="tags",
                wanted=TAGS,
                read=lambda: {name: value for name, value in _tags(aws.kms, key.id).items() if name in TAGS},
                write=lambda: key.call("tag", "TagResource", Tags=_OWN_TAGS),
                at_making=True,
            ),
            Setting(
                name="enabled",
                wanted=True,
                read=lambda: (_described(aws.kms, key.id) or {}).get("KeyState") == "Enabled",
                write=lambda: key.call("enable", "EnableKey"),
                at_making=True,
            ),
            Setting(
                name="policy",
                wanted=policy,
                read=lambda: json.loads(key.call("read the policy of", "GetKeyPolicy", PolicyName=_POLICY)["Policy"]),
                write=lambda: key.call(
                    "write the policy of", "PutKeyPolicy", PolicyName=_POLICY, Policy=json.dumps(policy)
                ),
                at_making=True,
            ),
            Setting(
                name="rotation every year",
                wanted=True,
                read=lambda: key.call("read the rotation of", "GetKeyRotationStatus")["KeyRotationEnabled"],
                write=lambda: key.call("switch on the rotation of", "EnableKeyRotation"),
            ),
            Setting(name="alias", wanted=KEY_ALIAS, read=key.alias, write=key.give_alias),
        ]

    return resource_step(f"KMS key {KEY_ALIAS}", _find(aws), make, settings)


def make_data_key(kms: KMSClient, key_arn: str) -> str:
    """Let KMS make a data key, and return it encrypted only, as Pulumi keeps it: in base64.

    Its 32 bytes are for AES-256 (pkg/secrets/cloud/manager.go in Pulumi's source).
    """
    with aws_errors(f"make a data key with {KEY_ALIAS}", "kms:GenerateDataKeyWithoutPlaintext"):
        answer = kms.generate_data_key_without_plaintext(KeyId=key_arn, NumberOfBytes=32)
    return base64.b64encode(answer["CiphertextBlob"]).decode()


@dataclass(frozen=True)
class _Key:
    """A key that exists, or will when its settings are read and written."""

    kms: KMSClient
    id: str

    def call(self, what: str, api: str, **arguments: object) -> Any:
        """Call an operation of KMS for this key; its permission has the same name."""
        with aws_errors(f"{what} KMS key {self.id}", f"kms:{api}"):
            return getattr(self.kms, xform_name(api))(KeyId=self.id, **arguments)

    def alias(self) -> str | None:
        with aws_errors(f"list the aliases of KMS key {self.id}", "kms:ListAliases"):
            pages = self.kms.get_paginator("list_aliases").paginate(KeyId=self.id)
            names = [alias.get("AliasName") for page in pages for alias in page["Aliases"]]
        return KEY_ALIAS if KEY_ALIAS in names else None

    def give_alias(self) -> None:
        with aws_errors(f"give {KEY_ALIAS} to KMS key {self.id}", "kms:CreateAlias (on the key and on the alias)"):
            self.kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=self.id)


def _find(aws: Connection) -> str | None:
    key = _described(aws.kms, KEY_ALIAS)
    if key is None:
        return _tagged_without_alias(aws)
    _check(key, _tags(aws.kms, key["KeyId"]))
    return key.get("Arn")


def _described(kms: KMSClient, name: str) -> KeyMetadataTypeDef | None:
    with aws_errors(f"describe the KMS key {name}", "kms:DescribeKey", absent={"NotFoundException"}):
        return kms.describe_key(KeyId=name)["KeyMetadata"]
    return None


def _tagged_without_alias(aws: Connection) -> str | None:
    """Find what an interrupted run left behind. A key that waits for its deletion was taken down on purpose."""
    with aws_errors("list the KMS keys", "kms:ListKeys"):
        pages = aws.kms.get_paginator("list_keys").paginate()
        keys = [key.get("KeyId", "") for page in pages for key in page["Keys"]]
    tagged = [key for key in keys if MARKER_TAG in _tags(aws.kms, key, hidden_allowed=True)]
    described = [metadata for key in tagged if (metadata := _described(aws.kms, key)) is not None]
    usable = [key for key in described if key.get("KeyState") not in _TO_BE_DELETED]
    if len(usable) > 1:
        raise AwsError(
            f"{len(usable)} KMS keys carry the tag {MARKER_TAG}, and none has {KEY_ALIAS}: "
            f"{', '.join(key['KeyId'] for key in usable)}; give it to the one that the state is encrypted with: "
            f"aws kms create-alias --region {aws.account.region} --alias-name {KEY_ALIAS} --target-key-id KEY"
        )
    if not usable:
        return None
    _check(usable[0], TAGS)
    return usable[0].get("Arn")


def _tags(kms: KMSClient, key: str, *, hidden_allowed: bool = False) -> Mapping[str, str]:
    """Read the tags of a key. With `hidden_allowed` one whose own policy hides them has none: it is not Nightowl's."""
    with aws_errors(f"read the tags of KMS key {key}", "kms:ListResourceTags"):
        try:
            pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key)
            return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
        except ClientError as error:
            hidden = code_of(error) in DENIED_CODES and "no resource-based policy" in message_of(error)
            if hidden_allowed and hidden:
                return {}
            raise


def _check(key: KeyMetadataTypeDef, tags: Mapping[str, str]) -> None:
    """Refuse a key that a bootstrap must not change.

    Raises:
        AwsError: saying what to do.
    """
    identifier, state = key["KeyId"], str(key.get("KeyState"))
    if state in _TO_BE_DELETED:
        raise AwsError(
            f"the KMS key {identifier} of {KEY_ALIAS} is about to be deleted, and nobody can read the state then; keep "
            f"it (aws kms cancel-key-deletion --key-id {identifier}) and run this again, or, where no state is "
            f"left, take its alias away (aws kms delete-alias --alias-name {KEY_ALIAS})"
        )
    if MARKER_TAG not in tags:
        raise AwsError(
            f"{KEY_ALIAS} belongs to KMS key {identifier}, which lacks the tag {MARKER_TAG}, so its policy is not "
            f"replaced; if the key is Nightowl's, say so: aws kms tag-resource --key-id {identifier} "
            f"--tags TagKey={MARKER_TAG},TagValue={TAGS[MARKER_TAG]}"
        )
    if state not in {"Enabled", "Disabled"}:
        raise AwsError(f"the KMS key {identifier} of {KEY_ALIAS} is in state {state}; wait until it is Enabled")
    if key.get("KeyManager") != "CUSTOMER" or key.get("KeySpec") != "SYMMETRIC_DEFAULT":
        raise AwsError(
            f"the KMS key {identifier} of {KEY_ALIAS} is no symmetric key of this account, so it encrypts no state; "
            f"take its alias away: aws kms delete-alias --alias-name {KEY_ALIAS}"
        )
