"""The bucket that holds the state, and the one that holds the log of who used it."""

from __future__ import annotations

from collections.abc import Mapping

from infra.bootstrap.bucket import Bucket
from infra.bootstrap.connection import Connection
from infra.bootstrap.policies import LOG_PREFIX, log_bucket_policy, state_bucket_policy
from infra.bootstrap.resource import Change
from infra.reconcile import Step

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


def log_bucket_step(aws: Connection) -> Step[Change]:
    """Compare the bucket with the log of who used the state bucket.

    It is encrypted with S3's own key: S3 writes access logs into no bucket that encrypts with KMS by default (S3 user
    guide, "Enabling Amazon S3 server access logging"). It has no log of its own, which would write about itself.
    """
    bucket = Bucket(s3=aws.s3, name=aws.account.log_bucket, account=aws.account, folder=LOG_PREFIX)
    return bucket.step(
        [
            *bucket.basics(),
            bucket.encryption("AES256"),
            bucket.policy(log_bucket_policy(aws.account)),
            bucket.lifecycle(LOG_LIFECYCLE),
        ]
    )


def state_bucket_step(aws: Connection, key_arn: str | None) -> Step[Change]:
    """Compare the bucket with the state, which the key `key_arn` encrypts; None while there is none."""
    bucket = Bucket(s3=aws.s3, name=aws.account.state_bucket, account=aws.account, folder=STATE_FOLDER)
    return bucket.step(
        [
            *bucket.basics(),
            bucket.encryption("aws:kms", key_arn or KEY_TO_BE_MADE),
            bucket.policy(state_bucket_policy(aws.account)),
            bucket.access_log(aws.account.log_bucket, LOG_PREFIX),
            bucket.lifecycle(STATE_LIFECYCLE),
        ]
    )
