"""The KMS key that encrypts the state and its secrets, and its alias."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from infra.bootstrap.place import KEY_ALIAS, MARKER_TAG, TAGS, Place
from infra.bootstrap.policies import pulumi_key_policy
from infra.bootstrap.refusals import DENIED_CODES, BootstrapError, asking, code_of, message_of
from infra.bootstrap.step import Setting

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import KeyMetadataTypeDef

DESCRIPTION = "State and secrets of Pulumi, made by nightowl bootstrap"
_POLICY_NAME = "default"
"""The only one that KMS knows."""
_TO_BE_DELETED = frozenset({"PendingDeletion", "PendingReplicaDeletion"})


@dataclass(frozen=True, kw_only=True)
class KeyStep:
    """The key, found by its alias or, where a run was interrupted before the alias, by its tag."""

    kms: KMSClient
    place: Place

    @property
    def resource(self) -> str:
        """Kind and name, as people read it."""
        return f"KMS key {KEY_ALIAS}"

    def find(self) -> str | None:
        """Find the key.

        Raises:
            BootstrapError: it is about to be deleted, is not Nightowl's, or several could be meant.
        """
        key = self._described(KEY_ALIAS)
        if key is None:
            return self._tagged_without_alias()
        _check(key, self._tags(key["KeyId"]))
        return key.get("Arn")

    def make(self) -> str:
        """Make the key. Its tag comes with it, so that an interrupted run finds it again."""
        with asking("make a KMS key", "kms:CreateKey and kms:TagResource"):
            made = self.kms.create_key(
                Description=DESCRIPTION,
                Policy=json.dumps(pulumi_key_policy(self.place.account_id)),
                Tags=[{"TagKey": key, "TagValue": value} for key, value in TAGS.items()],
            )
        return str(made["KeyMetadata"].get("Arn"))

    def settings(self, identifier: str | None, /) -> tuple[Setting, ...]:
        """List the settings; the alias comes last, because a key that has it is complete."""
        key = (identifier or "").rpartition("/")[2]
        policy = pulumi_key_policy(self.place.account_id)
        return (
            Setting(
                name="tags",
                wanted=TAGS,
                read=lambda: {name: value for name, value in self._tags(key).items() if name in TAGS},
                write=lambda: self._write_tags(key),
                at_making=True,
            ),
            Setting(
                name="enabled",
                wanted=True,
                read=lambda: self._is_enabled(key),
                write=lambda: self._enable(key),
                at_making=True,
            ),
            Setting(
                name="policy",
                wanted=policy,
                read=lambda: self._policy(key),
                write=lambda: self._write_policy(key, json.dumps(policy)),
                at_making=True,
            ),
            Setting(
                name="rotation every year",
                wanted=True,
                read=lambda: self._is_rotated(key),
                write=lambda: self._rotate(key),
            ),
            Setting(
                name="alias",
                wanted=KEY_ALIAS,
                read=lambda: KEY_ALIAS if KEY_ALIAS in self._aliases(key) else None,
                write=lambda: self._write_alias(key),
            ),
        )

    def _described(self, name: str) -> KeyMetadataTypeDef | None:
        with asking(f"describe the KMS key {name}", "kms:DescribeKey"):
            try:
                return self.kms.describe_key(KeyId=name)["KeyMetadata"]
            except ClientError as error:
                if code_of(error) == "NotFoundException":
                    return None
                raise

    def _tagged_without_alias(self) -> str | None:
        """Find what an interrupted run left behind. A key that waits for its deletion was taken down on purpose."""
        tagged = [key for key in self._keys() if MARKER_TAG in self._readable_tags(key)]
        described = [metadata for key in tagged if (metadata := self._described(key)) is not None]
        usable = [key for key in described if key.get("KeyState") not in _TO_BE_DELETED]
        if len(usable) > 1:
            keys = ", ".join(key["KeyId"] for key in usable)
            raise BootstrapError(
                f"{len(usable)} KMS keys carry the tag {MARKER_TAG}, and none has {KEY_ALIAS}: {keys}; give it to the "
                f"one that the state is encrypted with: aws kms create-alias --region {self.place.region} "
                f"--alias-name {KEY_ALIAS} --target-key-id KEY"
            )
        if not usable:
            return None
        _check(usable[0], TAGS)
        return usable[0].get("Arn")

    def _keys(self) -> list[str]:
        with asking("list the KMS keys", "kms:ListKeys"):
            pages = self.kms.get_paginator("list_keys").paginate()
            return [key["KeyId"] for page in pages for key in page["Keys"] if "KeyId" in key]

    def _readable_tags(self, key: str) -> Mapping[str, str]:
        """Read the tags of any key of the account; one whose own policy hides them is not Nightowl's."""
        with asking(f"read the tags of KMS key {key}", "kms:ListResourceTags"):
            try:
                return self._tags_of(key)
            except ClientError as error:
                if code_of(error) in DENIED_CODES and "no resource-based policy" in message_of(error):
                    return {}
                raise

    def _tags(self, key: str) -> Mapping[str, str]:
        with asking(f"read the tags of KMS key {key}", "kms:ListResourceTags"):
            return self._tags_of(key)

    def _tags_of(self, key: str) -> Mapping[str, str]:
        pages = self.kms.get_paginator("list_resource_tags").paginate(KeyId=key)
        return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}

    def _write_tags(self, key: str) -> None:
        with asking(f"tag KMS key {key}", "kms:TagResource"):
            self.kms.tag_resource(KeyId=key, Tags=[{"TagKey": name, "TagValue": value} for name, value in TAGS.items()])

    def _is_enabled(self, key: str) -> bool:
        metadata = self._described(key)
        return metadata is not None and metadata.get("KeyState") == "Enabled"

    def _enable(self, key: str) -> None:
        with asking(f"enable KMS key {key}", "kms:EnableKey"):
            self.kms.enable_key(KeyId=key)

    def _policy(self, key: str) -> object:
        with asking(f"read the policy of KMS key {key}", "kms:GetKeyPolicy"):
            return cast(object, json.loads(self.kms.get_key_policy(KeyId=key, PolicyName=_POLICY_NAME)["Policy"]))

    def _write_policy(self, key: str, policy: str) -> None:
        with asking(f"write the policy of KMS key {key}", "kms:PutKeyPolicy"):
            self.kms.put_key_policy(KeyId=key, PolicyName=_POLICY_NAME, Policy=policy)

    def _is_rotated(self, key: str) -> bool:
        with asking(f"read the rotation of KMS key {key}", "kms:GetKeyRotationStatus"):
            return self.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]

    def _rotate(self, key: str) -> None:
        with asking(f"switch on the rotation of KMS key {key}", "kms:EnableKeyRotation"):
            self.kms.enable_key_rotation(KeyId=key)

    def _aliases(self, key: str) -> list[str]:
        with asking(f"list the aliases of KMS key {key}", "kms:ListAliases"):
            pages = self.kms.get_paginator("list_aliases").paginate(KeyId=key)
            return [alias["AliasName"] for page in pages for alias in page["Aliases"] if "AliasName" in alias]

    def _write_alias(self, key: str) -> None:
        with asking(f"give {KEY_ALIAS} to KMS key {key}", "kms:CreateAlias (on the key and on the alias)"):
            self.kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=key)


def _check(key: KeyMetadataTypeDef, tags: Mapping[str, str]) -> None:
    """Refuse a key that a bootstrap must not change.

    Raises:
        BootstrapError: saying what to do.
    """
    identifier, state = key["KeyId"], str(key.get("KeyState"))
    if state in _TO_BE_DELETED:
        raise BootstrapError(
            f"the KMS key {identifier} of {KEY_ALIAS} is about to be deleted, and nobody can read the state then; keep "
            f"it (aws kms cancel-key-deletion --key-id {identifier}) and run this again, or, where no state is "
            f"left, take its alias away (aws kms delete-alias --alias-name {KEY_ALIAS})"
        )
    if MARKER_TAG not in tags:
        raise BootstrapError(
            f"{KEY_ALIAS} belongs to KMS key {identifier}, which lacks the tag {MARKER_TAG}, so its policy is not "
            f"replaced; if the key is Nightowl's, say so: aws kms tag-resource --key-id {identifier} "
            f"--tags TagKey={MARKER_TAG},TagValue={TAGS[MARKER_TAG]}"
        )
    if state not in {"Enabled", "Disabled"}:
        raise BootstrapError(f"the KMS key {identifier} of {KEY_ALIAS} is in state {state}; wait until it is Enabled")
    if key.get("KeyManager") != "CUSTOMER" or key.get("KeySpec") != "SYMMETRIC_DEFAULT":
        raise BootstrapError(
            f"the KMS key {identifier} of {KEY_ALIAS} is no symmetric key of this account, so it encrypts no state; "
            f"take its alias away: aws kms delete-alias --alias-name {KEY_ALIAS}"
        )
