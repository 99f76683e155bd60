"""The bucket that holds the state, and the one that holds the log of who used it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.bootstrap.bucket import Bucket
from infra.bootstrap.place import Place
from infra.bootstrap.policies import LOG_PREFIX, log_bucket_policy, state_bucket_policy
from infra.bootstrap.step import Setting

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STATE_FOLDER = ".pulumi/"
"""All that Pulumi writes into a bucket (pkg/backend/diy in its source)."""
LOCKS_FOLDER = ".pulumi/locks/"

OLD_STATE_DAYS = 90
OLD_STATES_KEPT = 10
OLD_LOCK_DAYS = 7
LOG_DAYS = 365
OLD_LOG_DAYS = 30
UNFINISHED_UPLOAD_DAYS = 7

KEY_TO_BE_MADE = "the key that is made here"

_EVERYTHING: Mapping[str, object] = {"Filter": {"Prefix": ""}, "Status": "Enabled"}
_ABANDONED_UPLOADS: Mapping[str, object] = {
    "ID": "abandoned-uploads",
    **_EVERYTHING,
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_UPLOAD_DAYS},
}

STATE_LIFECYCLE: tuple[Mapping[str, object], ...] = (
    {
        # What is current stays for ever. Of what was overwritten the newest stay too, however old they are.
        "ID": "old-versions",
        **_EVERYTHING,
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_STATE_DAYS, "NewerNoncurrentVersions": OLD_STATES_KEPT},
    },
    {
        # Each run has a lock of its own name, which nobody needs once it is gone.
        "ID": "old-locks",
        "Filter": {"Prefix": LOCKS_FOLDER},
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_LOCK_DAYS},
    },
    _ABANDONED_UPLOADS,
)
LOG_LIFECYCLE: tuple[Mapping[str, object], ...] = (
    {
        "ID": "old-logs",
        **_EVERYTHING,
        "Expiration": {"Days": LOG_DAYS},
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_LOG_DAYS},
    },
    _ABANDONED_UPLOADS,
)


@dataclass(frozen=True, kw_only=True)
class LogBucketStep:
    """The log of who used the state bucket.

    It is encrypted with S3's own key: S3 writes access logs into no bucket that encrypts with KMS by default (S3 user
    guide, "Enabling Amazon S3 server access logging"). It has no log of its own, which would write about itself.
    """

    s3: S3Client
    place: Place

    @property
    def resource(self) -> str:
        """Kind and name, as people read it."""
        return f"S3 bucket {self.place.log_bucket}"

    def find(self) -> str | None:
        """Find the bucket, or refuse it."""
        return self._bucket.find()

    def make(self) -> str:
        """Make the bucket."""
        return self._bucket.make()

    def settings(self, _identifier: str | None, /) -> tuple[Setting, ...]:
        """List the settings."""
        bucket = self._bucket
        return (
            bucket.tags(),
            bucket.ownership(),
            bucket.public_access_block(),
            bucket.versioning(),
            bucket.encryption({"SSEAlgorithm": "AES256"}),
            bucket.policy(log_bucket_policy(self.place)),
            bucket.lifecycle(LOG_LIFECYCLE),
        )

    @property
    def _bucket(self) -> Bucket:
        return Bucket(
            s3=self.s3,
            name=self.place.log_bucket,
            account_id=self.place.account_id,
            region=self.place.region,
            folder=LOG_PREFIX,
        )


@dataclass(frozen=True, kw_only=True)
class StateBucketStep:
    """The state. `key_arn` is the key that encrypts it, None while there is none."""

    s3: S3Client
    place: Place
    key_arn: str | None

    @property
    def resource(self) -> str:
        """Kind and name, as people read it."""
        return f"S3 bucket {self.place.state_bucket}"

    def find(self) -> str | None:
        """Find the bucket, or refuse it."""
        return self._bucket.find()

    def make(self) -> str:
        """Make the bucket."""
        return self._bucket.make()

    def settings(self, _identifier: str | None, /) -> tuple[Setting, ...]:
        """List the settings. A bucket key lets S3 ask KMS once for many objects, which costs less."""
        bucket = self._bucket
        key = {"KMSMasterKeyID": self.key_arn or KEY_TO_BE_MADE, "BucketKeyEnabled": True}
        return (
            bucket.tags(),
            bucket.ownership(),
            bucket.public_access_block(),
            bucket.versioning(),
            bucket.encryption({"SSEAlgorithm": "aws:kms", **key}),
            bucket.policy(state_bucket_policy(self.place)),
            bucket.access_log(self.place.log_bucket, LOG_PREFIX),
            bucket.lifecycle(STATE_LIFECYCLE),
        )

    @property
    def _bucket(self) -> Bucket:
        return Bucket(
            s3=self.s3,
            name=self.place.state_bucket,
            account_id=self.place.account_id,
            region=self.place.region,
            folder=STATE_FOLDER,
        )
