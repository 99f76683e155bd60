"""What the engine does in the bucket that holds the state, and with the key of its secrets.

Paths: Pulumi CLI 3.274, backend/diy (lock.go, meta.go, state.go, store.go). A preview takes no lock and writes nothing
(`Preview` in backend.go goes straight to `apply`, and that saves only what is not a dry run); it does not even look for
one.
"""

from __future__ import annotations

from infra.iam import Statement
from infra.platforms.eks.pipeline.permissions.grants import Grant, read, statements, write
from infra.platforms.eks.pipeline.permissions.scope import Scope

_META = "{bucket}/.pulumi/meta.yaml"
"""It belongs to every stack of the bucket; the first one writes it."""

RUNNER_FILES = write("s3:GetObject GetObjectVersion PutObject", "{bucket}/{runner_folder}/*")
"""What a build inside the VPC runs, and what it reports, are kept beside the state."""


def state_write(scope: Scope, stack: str, *, sid: str = "State", guests: bool = False) -> list[Statement]:
    """Let the state of `stack` (a name or a wildcard) be locked, written and removed.

    `guests` are stacks of pull requests, which never make the backend.
    """
    files = (
        *_checkpoint_and_locks(stack),
        f"{{bucket}}/.pulumi/backups/{{project}}/{stack}/*",
        f"{{bucket}}/.pulumi/history/{{project}}/{stack}/*",
    )
    return _statements(
        scope,
        write("s3:AbortMultipartUpload DeleteObject GetObject PutObject", *files),
        write("s3:GetObject" if guests else "s3:GetObject PutObject", _META),
        key_use="kms:Decrypt Encrypt GenerateDataKey",
        sid=sid,
    )


def state_read(scope: Scope, stack: str, *, sid: str = "State") -> list[Statement]:
    """Let the state of `stack` be read. The key must decrypt: the bucket is encrypted with it, and so are secrets."""
    # Who holds a lock is read too: what differs during a deployment is no drift.
    files = read("s3:GetObject", *_checkpoint_and_locks(stack), _META)
    return _statements(scope, files, key_use="kms:Decrypt", sid=sid)


def _checkpoint_and_locks(stack: str) -> tuple[str, str]:
    """Return the checkpoint with its backup and tags, and the locks."""
    return (
        f"{{bucket}}/.pulumi/stacks/{{project}}/{stack}.*",
        f"{{bucket}}/.pulumi/locks/organization/{{project}}/{stack}/*",
    )


def _statements(scope: Scope, *grants: Grant, key_use: str, sid: str) -> list[Statement]:
    if scope.backend_bucket is None:
        return []
    key = write(
        key_use,
        "arn:aws:kms:{here}:key/*",
        when={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "{pulumi_key_alias}"}},
    )
    # Where the key is not there S3 says so ("no such key") only to who may list, and asks for this without a prefix.
    # The engine reads files that need not exist, and takes a refusal for a failure.
    listing = read("s3:ListBucket", "{bucket}", when={"StringLikeIfExists": {"s3:prefix": ".pulumi/*"}})
    return statements([*grants, listing, key], sid=sid)
