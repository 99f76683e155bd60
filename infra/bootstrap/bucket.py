"""One S3 bucket: how it is found and made, and how each of its settings is read and written.

Each call says which account must own the bucket, so that nothing is written into somebody else's of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError

from infra.aws import DENIED_CODES, AwsError, aws_errors, code_of
from infra.bootstrap.account import MARKER_TAG, TAGS, Account, bucket_arn
from infra.bootstrap.resource import Change, Setting, resource_step
from infra.iam import Document
from infra.reconcile import Step

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HOME_REGION = "us-east-1"
"""The region that S3 takes where a bucket names none, and that it accepts no name of (S3 API, CreateBucket)."""
OWNERSHIP = "BucketOwnerEnforced"
"""No ACLs: policies alone decide, and the account owns every object."""
PRIVATE = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
_AWS_OWN_TAGS = "aws:"


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket of an account, whether it exists or not. `folder` is all that it may hold."""

    s3: S3Client
    name: str
    account: Account
    folder: str

    def step(self, settings: Sequence[Setting]) -> Step[Change]:
        """Compare the bucket with `settings`.

        Raises:
            AwsError: it is another account's, in another region, or holds what is not Nightowl's.
        """
        return resource_step(f"S3 bucket {self.name}", self._find(), self._make, lambda _: settings)

    def basics(self) -> tuple[Setting, ...]:
        """Return what every bucket has: our tags beside those that are there, no ACLs, nothing public, and versions."""
        return (
            self._setting(
                "tags",
                TAGS,
                api="BucketTagging",
                absent="NoSuchTagSet",
                found=lambda answer: {key: value for key, value in _tags(answer).items() if key in TAGS},
                body=lambda: {"Tagging": {"TagSet": [{"Key": k, "Value": v} for k, v in self._merged_tags().items()]}},
            ),
            self._setting(
                "object ownership",
                OWNERSHIP,
                api="BucketOwnershipControls",
                absent="OwnershipControlsNotFoundError",
                found=lambda answer: [rule["ObjectOwnership"] for rule in answer["OwnershipControls"]["Rules"]],
                body=lambda: {"OwnershipControls": {"Rules": [{"ObjectOwnership": OWNERSHIP}]}},
            ),
            self._setting(
                "public access block",
                PRIVATE,
                api="PublicAccessBlock",
                permission="BucketPublicAccessBlock",
                absent="NoSuchPublicAccessBlockConfiguration",
                found=lambda answer: answer["PublicAccessBlockConfiguration"],
                body=lambda: {"PublicAccessBlockConfiguration": PRIVATE},
            ),
            self._setting(
                "versioning",
                "Enabled",
                api="BucketVersioning",
                found=lambda answer: answer.get("Status"),
                body=lambda: {"VersioningConfiguration": {"Status": "Enabled"}},
            ),
        )

    def encryption(self, algorithm: str, key_arn: str = "") -> Setting:
        """Return how objects are encrypted. A bucket key lets S3 ask KMS once for many objects, which costs less."""
        default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key_arn} if key_arn else {})}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bool(key_arn)}
        return self._setting(
            "encryption",
            {**default, "BucketKeyEnabled": True} if key_arn else default,
            api="BucketEncryption",
            permission="EncryptionConfiguration",
            absent="ServerSideEncryptionConfigurationNotFoundError",
            found=_encryption,
            body=lambda: {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        )

    def policy(self, document: Document) -> Setting:
        """Return the bucket's own policy."""
        return self._setting(
            "policy",
            document,
            api="BucketPolicy",
            absent="NoSuchBucketPolicy",
            found=lambda answer: json.loads(answer["Policy"]),
            body=lambda: {"Policy": json.dumps(document)},
        )

    def access_log(self, target: str, prefix: str) -> Setting:
        """Return where S3 writes who used the bucket."""
        wanted = {"TargetBucket": target, "TargetPrefix": prefix}
        return self._setting(
            "access log",
            wanted,
            api="BucketLogging",
            found=lambda answer: (
                {key: answer["LoggingEnabled"][key] for key in wanted} if "LoggingEnabled" in answer else None
            ),
            body=lambda: {"BucketLoggingStatus": {"LoggingEnabled": wanted}},
        )

    def lifecycle(self, rules: Sequence[Mapping[str, object]]) -> Setting:
        """Return what S3 deletes by itself."""
        return self._setting(
            "lifecycle",
            list(rules),
            api="BucketLifecycleConfiguration",
            permission="LifecycleConfiguration",
            absent="NoSuchLifecycleConfiguration",
            found=lambda answer: answer["Rules"],
            body=lambda: {"LifecycleConfiguration": {"Rules": rules}},
        )

    def _setting(
        self,
        name: str,
        wanted: object,
        *,
        api: str,
        permission: str = "",
        absent: str = "",
        found: Callable[[Any], object],
        body: Callable[[], Mapping[str, object]],
    ) -> Setting:
        """Return a setting that S3 has a pair of operations for, Get and Put.

        Args:
            name: of the setting.
            wanted: its value.
            api: the end of the names of the operations.
            permission: the end of the names of their permissions, where it differs.
            absent: the code by which S3 answers that there is no such setting.
            found: takes the value out of the answer.
            body: what is sent to write it.
        """

        def write() -> None:
            with aws_errors(f"write the {name} of bucket {self.name}", f"s3:Put{permission or api}"):
                self._call(f"Put{api}", **body())

        def read() -> object:
            with aws_errors(f"read the {name} of bucket {self.name}", f"s3:Get{permission or api}", absent={absent}):
                return found(self._call(f"Get{api}"))
            return None

        return Setting(name=name, wanted=wanted, read=read, write=write)

    def _call(self, operation: str, **body: object) -> Any:
        return getattr(self.s3, xform_name(operation))(Bucket=self.name, ExpectedBucketOwner=self.account.id, **body)

    def _found_tags(self) -> Mapping[str, str]:
        with aws_errors(f"read the tags of bucket {self.name}", "s3:GetBucketTagging", absent={"NoSuchTagSet"}):
            return _tags(self._call("GetBucketTagging"))
        return {}

    def _merged_tags(self) -> Mapping[str, str]:
        return {k: v for k, v in self._found_tags().items() if not k.startswith(_AWS_OWN_TAGS)} | TAGS

    def _find(self) -> str | None:
        with aws_errors(f"look for bucket {self.name}", "s3:ListBucket", absent={"404", "NoSuchBucket", "NotFound"}):
            try:
                head = self._call("HeadBucket")
            except ClientError as error:
                raise (self._foreign() if code_of(error) in DENIED_CODES else error) from None
            region = head.get("BucketRegion", self.account.region)
            if region != self.account.region:
                raise AwsError(
                    f"bucket {self.name} exists in {region}, not in {self.account.region}, so its name misleads; empty "
                    "it, delete it, and run this again"
                )
            self._check_content()
            return bucket_arn(self.name)
        return None

    def _make(self) -> str:
        region = self.account.region
        where: Any = {} if region == HOME_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with aws_errors(
            f"make bucket {self.name}",
            "s3:CreateBucket and s3:PutBucketOwnershipControls",
            absent={"BucketAlreadyOwnedByYou"},
        ):
            try:
                self.s3.create_bucket(Bucket=self.name, ObjectOwnership=OWNERSHIP, **where)
            except ClientError as error:
                raise (self._foreign() if code_of(error) == "BucketAlreadyExists" else error) from None
        return bucket_arn(self.name)

    def _foreign(self) -> AwsError:
        return AwsError(
            f"bucket {self.name} belongs to another account, or these credentials may not see it (s3:ListBucket); no "
            f"state is kept there: look with an administrator of {self.account.id} whether it is yours"
        )

    def _check_content(self) -> None:
        """Refuse a bucket of this account that somebody uses for something else.

        A lifecycle and a policy would be put on it. Versions count as well: the lifecycle would delete them.
        """
        if MARKER_TAG in self._found_tags():
            return
        with aws_errors(f"list what bucket {self.name} holds", "s3:ListBucketVersions"):
            page = self._call("ListObjectVersions", Delimiter="/")
        held = {"CommonPrefixes": "Prefix", "Versions": "Key", "DeleteMarkers": "Key"}
        names = {str(item.get(key, "")) for part, key in held.items() for item in page.get(part, [])}
        others = sorted(names - {self.folder})
        if others:
            raise AwsError(
                f"bucket {self.name} is this account's, but lacks the tag {MARKER_TAG} and holds {others[0]}, which "
                f"is not Nightowl's; move its content elsewhere, or, if the bucket is Nightowl's, give it the tag "
                f"{MARKER_TAG}={TAGS[MARKER_TAG]} in the S3 console"
            )


def _tags(answer: Mapping[str, Any]) -> Mapping[str, str]:
    return {tag["Key"]: tag["Value"] for tag in answer.get("TagSet", [])}


def _encryption(answer: Mapping[str, Any]) -> object:
    rules: list[dict[str, Any]] = answer["ServerSideEncryptionConfiguration"]["Rules"]
    if len(rules) != 1:
        return rules
    default: dict[str, Any] = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    if "KMSMasterKeyID" not in default:
        return default
    return {**default, "BucketKeyEnabled": rules[0].get("BucketKeyEnabled", False)}
