"""One S3 bucket: how each of its settings is read and written.

Each call says which account must own the bucket, so that nothing is written into somebody else's of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from botocore.exceptions import ClientError

from infra.bootstrap.place import MARKER_TAG, TAGS, bucket_arn
from infra.bootstrap.refusals import DENIED_CODES, BootstrapError, asking, code_of
from infra.bootstrap.step import Setting
from infra.iam import Document

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType
    from mypy_boto3_s3.type_defs import LifecycleRuleTypeDef, ServerSideEncryptionByDefaultTypeDef

HOME_REGION = "us-east-1"
"""The region that S3 takes where a bucket names none, and that it accepts no name of (S3 API, CreateBucket)."""
OWNERSHIP = "BucketOwnerEnforced"
"""No ACLs: policies alone decide, and the account owns every object."""
PRIVATE = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_AWS_OWN_TAGS = "aws:"

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket of one account and region, whether it exists or not. `folder` is all that it may hold."""

    s3: S3Client
    name: str
    account_id: str
    region: str
    folder: str

    def find(self) -> str | None:
        """Find the bucket; its ARN, or None where there is none.

        Raises:
            BootstrapError: it is another account's, in another region, or holds what is not Nightowl's.
        """
        with asking(f"look for bucket {self.name}", "s3:ListBucket"):
            try:
                head = self.s3.head_bucket(Bucket=self.name, ExpectedBucketOwner=self.account_id)
            except ClientError as error:
                if code_of(error) in {"404", "NoSuchBucket", "NotFound"}:
                    return None
                if code_of(error) in DENIED_CODES:
                    raise self._foreign() from None
                raise
        region = head.get("BucketRegion", self.region)
        if region != self.region:
            raise BootstrapError(
                f"bucket {self.name} exists in {region}, not in {self.region}, so its name misleads; empty it, delete "
                "it, and run this again"
            )
        self._check_content()
        return bucket_arn(self.name)

    def make(self) -> str:
        """Make the bucket: private, without ACLs.

        Raises:
            BootstrapError: another account has one of this name.
        """
        with asking(f"make bucket {self.name}", "s3:CreateBucket and s3:PutBucketOwnershipControls"):
            try:
                self._create()
            except ClientError as error:
                if code_of(error) == "BucketAlreadyExists":
                    raise self._foreign() from None
                if code_of(error) != "BucketAlreadyOwnedByYou":
                    raise
        return bucket_arn(self.name)

    def tags(self) -> Setting:
        """Tags, besides those that are there."""
        return Setting(
            name="tags",
            wanted=TAGS,
            read=lambda: {key: value for key, value in self._tags().items() if key in TAGS},
            write=self._write_tags,
        )

    def ownership(self) -> Setting:
        """Who owns the objects."""
        return Setting(name="object ownership", wanted=OWNERSHIP, read=self._ownership, write=self._write_ownership)

    def public_access_block(self) -> Setting:
        """Nothing is public, whatever a policy or an ACL says."""
        return Setting(name="public access block", wanted=PRIVATE, read=self._privacy, write=self._write_privacy)

    def versioning(self) -> Setting:
        """What is overwritten or deleted can be had again."""
        return Setting(name="versioning", wanted="Enabled", read=self._versioning, write=self._write_versioning)

    def encryption(self, rule: Mapping[str, object]) -> Setting:
        """Encryption of what is put into it: `rule` has `SSEAlgorithm` and, for KMS, `KMSMasterKeyID`."""
        return Setting(
            name="encryption", wanted=rule, read=self._encryption, write=lambda: self._write_encryption(rule)
        )

    def policy(self, document: Document) -> Setting:
        """The bucket's own policy."""
        return Setting(
            name="policy", wanted=document, read=self._policy, write=lambda: self._write_policy(json.dumps(document))
        )

    def access_log(self, target: str, prefix: str) -> Setting:
        """Where S3 writes who used the bucket."""
        wanted = {"TargetBucket": target, "TargetPrefix": prefix}
        return Setting(name="access log", wanted=wanted, read=self._log, write=lambda: self._write_log(target, prefix))

    def lifecycle(self, rules: Sequence[Mapping[str, object]]) -> Setting:
        """What S3 deletes by itself."""
        return Setting(
            name="lifecycle", wanted=list(rules), read=self._lifecycle, write=lambda: self._write_lifecycle(rules)
        )

    def _create(self) -> None:
        if self.region == HOME_REGION:
            self.s3.create_bucket(Bucket=self.name, ObjectOwnership=OWNERSHIP)
            return
        place = cast("BucketLocationConstraintType", self.region)
        self.s3.create_bucket(
            Bucket=self.name,
            ObjectOwnership=OWNERSHIP,
            CreateBucketConfiguration={"LocationConstraint": place},
        )

    def _foreign(self) -> BootstrapError:
        return BootstrapError(
            f"bucket {self.name} belongs to another account, or these credentials may not see it (s3:ListBucket); no "
            f"state is kept there: look with an administrator of {self.account_id} whether it is yours"
        )

    def _check_content(self) -> None:
        """Refuse a bucket of this account that somebody uses for something else.

        A lifecycle and a policy would be put on it. Versions count as well: the lifecycle would delete them.
        """
        if MARKER_TAG in self._tags():
            return
        with asking(f"list what bucket {self.name} holds", "s3:ListBucketVersions"):
            page = self.s3.list_object_versions(Bucket=self.name, Delimiter="/", ExpectedBucketOwner=self.account_id)
        names = [
            *(item.get("Prefix", "") for item in page.get("CommonPrefixes", [])),
            *(item.get("Key", "") for item in page.get("Versions", [])),
            *(item.get("Key", "") for item in page.get("DeleteMarkers", [])),
        ]
        strange = sorted({name for name in names if name != self.folder})
        if strange:
            raise BootstrapError(
                f"bucket {self.name} is this account's, but lacks the tag {MARKER_TAG} and holds {strange[0]}, which "
                f"is not Nightowl's; move its content elsewhere, or, if the bucket is Nightowl's, give it the tag "
                f"{MARKER_TAG}={TAGS[MARKER_TAG]} in the S3 console"
            )

    def _tags(self) -> Mapping[str, str]:
        with asking(f"read the tags of bucket {self.name}", "s3:GetBucketTagging"):
            found = _unless(
                "NoSuchTagSet",
                lambda: self.s3.get_bucket_tagging(Bucket=self.name, ExpectedBucketOwner=self.account_id),
            )
        return {} if found is None else {tag["Key"]: tag["Value"] for tag in found["TagSet"]}

    def _write_tags(self) -> None:
        kept = {key: value for key, value in self._tags().items() if not key.startswith(_AWS_OWN_TAGS)}
        with asking(f"tag bucket {self.name}", "s3:PutBucketTagging"):
            self.s3.put_bucket_tagging(
                Bucket=self.name,
                Tagging={"TagSet": [{"Key": key, "Value": value} for key, value in {**kept, **TAGS}.items()]},
                ExpectedBucketOwner=self.account_id,
            )

    def _ownership(self) -> object:
        with asking(f"read the object ownership of bucket {self.name}", "s3:GetBucketOwnershipControls"):
            found = _unless(
                "OwnershipControlsNotFoundError",
                lambda: self.s3.get_bucket_ownership_controls(Bucket=self.name, ExpectedBucketOwner=self.account_id),
            )
        return None if found is None else [rule["ObjectOwnership"] for rule in found["OwnershipControls"]["Rules"]]

    def _write_ownership(self) -> None:
        with asking(f"switch off the ACLs of bucket {self.name}", "s3:PutBucketOwnershipControls"):
            self.s3.put_bucket_ownership_controls(
                Bucket=self.name,
                OwnershipControls={"Rules": [{"ObjectOwnership": OWNERSHIP}]},
                ExpectedBucketOwner=self.account_id,
            )

    def _privacy(self) -> object:
        with asking(f"read the public access block of bucket {self.name}", "s3:GetBucketPublicAccessBlock"):
            found = _unless(
                "NoSuchPublicAccessBlockConfiguration",
                lambda: self.s3.get_public_access_block(Bucket=self.name, ExpectedBucketOwner=self.account_id),
            )
        return None if found is None else found["PublicAccessBlockConfiguration"]

    def _write_privacy(self) -> None:
        with asking(f"block public access to bucket {self.name}", "s3:PutBucketPublicAccessBlock"):
            self.s3.put_public_access_block(
                Bucket=self.name,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": True,
                },
                ExpectedBucketOwner=self.account_id,
            )

    def _versioning(self) -> object:
        with asking(f"read the versioning of bucket {self.name}", "s3:GetBucketVersioning"):
            found = self.s3.get_bucket_versioning(Bucket=self.name, ExpectedBucketOwner=self.account_id)
        return found.get("Status")

    def _write_versioning(self) -> None:
        with asking(f"switch on the versioning of bucket {self.name}", "s3:PutBucketVersioning"):
            self.s3.put_bucket_versioning(
                Bucket=self.name,
                VersioningConfiguration={"Status": "Enabled"},
                ExpectedBucketOwner=self.account_id,
            )

    def _encryption(self) -> object:
        with asking(f"read the encryption of bucket {self.name}", "s3:GetEncryptionConfiguration"):
            found = _unless(
                "ServerSideEncryptionConfigurationNotFoundError",
                lambda: self.s3.get_bucket_encryption(Bucket=self.name, ExpectedBucketOwner=self.account_id),
            )
        if found is None:
            return None
        rules = found["ServerSideEncryptionConfiguration"]["Rules"]
        if len(rules) != 1:
            return rules
        default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
        if "KMSMasterKeyID" not in default:
            return default
        return {**default, "BucketKeyEnabled": rules[0].get("BucketKeyEnabled", False)}

    def _write_encryption(self, rule: Mapping[str, object]) -> None:
        default = {key: value for key, value in rule.items() if key != "BucketKeyEnabled"}
        with asking(f"write the encryption of bucket {self.name}", "s3:PutEncryptionConfiguration"):
            self.s3.put_bucket_encryption(
                Bucket=self.name,
                ServerSideEncryptionConfiguration={
                    "Rules": [
                        {
                            "ApplyServerSideEncryptionByDefault": cast("ServerSideEncryptionByDefaultTypeDef", default),
                            "BucketKeyEnabled": bool(rule.get("BucketKeyEnabled", False)),
                        }
                    ]
                },
                ExpectedBucketOwner=self.account_id,
            )

    def _policy(self) -> object:
        with asking(f"read the policy of bucket {self.name}", "s3:GetBucketPolicy"):
            found = _unless(
                "NoSuchBucketPolicy",
                lambda: self.s3.get_bucket_policy(Bucket=self.name, ExpectedBucketOwner=self.account_id),
            )
        return None if found is None else cast(object, json.loads(found["Policy"]))

    def _write_policy(self, document: str) -> None:
        with asking(f"write the policy of bucket {self.name}", "s3:PutBucketPolicy"):
            self.s3.put_bucket_policy(Bucket=self.name, Policy=document, ExpectedBucketOwner=self.account_id)

    def _log(self) -> object:
        with asking(f"read the access log of bucket {self.name}", "s3:GetBucketLogging"):
            found = self.s3.get_bucket_logging(Bucket=self.name, ExpectedBucketOwner=self.account_id)
        enabled = found.get("LoggingEnabled")
        return enabled and {"TargetBucket": enabled["TargetBucket"], "TargetPrefix": enabled["TargetPrefix"]}

    def _write_log(self, target: str, prefix: str) -> None:
        with asking(f"switch on the access log of bucket {self.name}", "s3:PutBucketLogging"):
            self.s3.put_bucket_logging(
                Bucket=self.name,
                BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": prefix}},
                ExpectedBucketOwner=self.account_id,
            )

    def _lifecycle(self) -> object:
        with asking(f"read the lifecycle of bucket {self.name}", "s3:GetLifecycleConfiguration"):
            found = _unless(
                "NoSuchLifecycleConfiguration",
                lambda: self.s3.get_bucket_lifecycle_configuration(
                    Bucket=self.name, ExpectedBucketOwner=self.account_id
                ),
            )
        return None if found is None else found["Rules"]

    def _write_lifecycle(self, rules: Sequence[Mapping[str, object]]) -> None:
        with asking(f"write the lifecycle of bucket {self.name}", "s3:PutLifecycleConfiguration"):
            self.s3.put_bucket_lifecycle_configuration(
                Bucket=self.name,
                LifecycleConfiguration={"Rules": cast("Sequence[LifecycleRuleTypeDef]", rules)},
                ExpectedBucketOwner=self.account_id,
            )


def _unless(missing: str, ask: Callable[[], _T]) -> _T | None:
    """Return the answer, or None where it is the code that says there is nothing."""
    try:
        return ask()
    except ClientError as error:
        if code_of(error) == missing:
            return None
        raise
