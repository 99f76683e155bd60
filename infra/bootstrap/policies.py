"""The policies of the key and of the two buckets, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from infra.bootstrap.account import Account, bucket_arn
from infra.iam import Document, Statement, allow, policy_document
from infra.platforms.eks.cluster.key_policies import USE, administration, root_arn

LOG_PREFIX = "access/"
"""Where the log bucket keeps what S3 writes."""


def pulumi_key_policy(account_id: str) -> Document:
    """Return the policy of the key that encrypts the state and its secrets.

    IAM policies of this account decide who uses it, as the roles of the stacks name it. S3 needs no statement of its
    own: it uses the key with the permissions of the caller that reads or writes the object (S3 user guide, "Using
    server-side encryption with AWS KMS keys").
    """
    return policy_document(administration(account_id), allow("IamDecidesUse", USE, to={"AWS": [root_arn(account_id)]}))


def state_bucket_policy(account: Account) -> Document:
    """Return the policy that denies requests without TLS. IAM policies of the account decide about all others."""
    return _as_s3_returns(policy_document(_only_by_tls(account.state_bucket)))


def log_bucket_policy(account: Account) -> Document:
    """Return the policy that lets S3 write the log of this account's state bucket, and denies requests without TLS.

    Where ACLs are off, the policy is the only way to let it (S3 user guide, "Permissions for log delivery").
    """
    written = Statement(
        sid="AccessLogIsWritten",
        actions=["s3:PutObject"],
        resources=[f"{bucket_arn(account.log_bucket)}/{LOG_PREFIX}*"],
        principals={"Service": ["logging.s3.amazonaws.com"]},
        conditions={
            "ArnEquals": {"aws:SourceArn": bucket_arn(account.state_bucket)},
            "StringEquals": {"aws:SourceAccount": account.id},
        },
    )
    return _as_s3_returns(policy_document(written, _only_by_tls(account.log_bucket)))


def _only_by_tls(bucket: str) -> Statement:
    return Statement(
        sid="OnlyByTls",
        effect="Deny",
        # A denial of everything is what the wildcard is for here.
        actions=["s3:*"],
        principals={"AWS": ["*"]},
        resources=[bucket_arn(bucket), f"{bucket_arn(bucket)}/*"],
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def _as_s3_returns(document: Document) -> Document:
    """Replace lists of one by their item, as S3 does."""
    return {**document, "Statement": [_without_lists_of_one(statement) for statement in document["Statement"]]}


def _without_lists_of_one(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _without_lists_of_one(item) for key, item in cast(Mapping[str, object], value).items()}
    if isinstance(value, list | tuple):
        items = cast(Sequence[object], value)
        return items[0] if len(items) == 1 else list(items)
    return value
