"""What the engine does in the bucket that holds the state, and with the key of its secrets.

Paths: Pulumi CLI 3.274, backend/diy (lock.go, meta.go, state.go, store.go). A preview takes no lock and writes nothing
(`Preview` in backend.go goes straight to `apply`, and that saves only what is not a dry run); it does not even look for
one.
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.iam import Statement
from infra.platforms.eks.names import runner_folder
from infra.platforms.eks.pipeline.permissions.rights import Grant, statements
from infra.platforms.eks.pipeline.permissions.scope import Scope

WRITTEN = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")


def state_write(scope: Scope, stacks: Sequence[str], *, sid: str = "State", guests: bool = False) -> list[Statement]:
    """Let the state of `stacks` (names, wildcards allowed) be locked, written and removed.

    `guests` are stacks of pull requests, which never make the backend.
    """
    return _statements(
        scope,
        [
            Grant(actions=WRITTEN, resources=[path for stack in stacks for path in _paths(scope, stack)]),
            # It belongs to every stack of the bucket; the first one writes it.
            Grant(
                actions=("s3:GetObject",) if guests else ("s3:GetObject", "s3:PutObject"),
                resources=(_object(scope, "meta.yaml"),),
            ),
        ],
        key_use=("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
        sid=sid,
    )


def state_read(scope: Scope, stacks: Sequence[str], *, sid: str = "State") -> list[Statement]:
    """Let the state of `stacks` be read. The key must decrypt: the bucket is encrypted with it, and so are secrets."""
    # Who holds a lock is read too: what differs during a deployment is no drift.
    paths = [
        path
        for stack in stacks
        for path in (
            _object(scope, f"stacks/{scope.project}/{stack}.*"),
            _object(scope, f"locks/organization/{scope.project}/{stack}/*"),
        )
    ]
    return _statements(
        scope,
        [Grant(actions=("s3:GetObject",), resources=(*paths, _object(scope, "meta.yaml")))],
        key_use=("kms:Decrypt",),
        sid=sid,
    )


def runner_files(scope: Scope) -> Grant:
    """Let what a build inside the VPC runs, and what it says, be kept beside the state."""
    return Grant(
        actions=("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"),
        resources=(f"arn:{scope.partition}:s3:::{scope.backend_bucket}/{runner_folder(scope.name)}/*",),
    )


def _statements(scope: Scope, grants: Sequence[Grant], *, key_use: Sequence[str], sid: str) -> list[Statement]:
    if scope.backend_bucket is None:
        return []
    return statements([*grants, *_listing(scope), _key(key_use)], scope, sid=sid)


def _paths(scope: Scope, stack: str) -> tuple[str, ...]:
    """The checkpoint with its backup and tags, the locks, the backups and the history of a stack."""
    return (
        _object(scope, f"stacks/{scope.project}/{stack}.*"),
        _object(scope, f"locks/organization/{scope.project}/{stack}/*"),
        _object(scope, f"backups/{scope.project}/{stack}/*"),
        _object(scope, f"history/{scope.project}/{stack}/*"),
    )


def _listing(scope: Scope) -> tuple[Grant, ...]:
    # Where the key is not there S3 says so ("no such key") only to who may list, and asks for this without a prefix.
    # The engine reads files that need not exist, and takes a refusal for a failure.
    return (
        Grant(
            actions=("s3:ListBucket",),
            resources=(f"arn:{scope.partition}:s3:::{scope.backend_bucket}",),
            conditions={"StringLikeIfExists": {"s3:prefix": (".pulumi/*",)}},
        ),
    )


def _key(actions: Sequence[str]) -> Grant:
    return Grant(
        actions=actions,
        resources=("arn:{partition}:kms:{here}:key/*",),
        conditions={"ForAnyValue:StringEquals": {"kms:ResourceAliases": ("{pulumi_key_alias}",)}},
    )


def _object(scope: Scope, path: str) -> str:
    return f"arn:{scope.partition}:s3:::{scope.backend_bucket}/.pulumi/{path}"
