"""What the role that deploys may do: exactly what the stack's resource types take."""

from __future__ import annotations

from collections.abc import Mapping

from infra.iam import Document
from infra.platforms.eks.pipeline.permissions.documents import documents
from infra.platforms.eks.pipeline.permissions.guards import (
    PULL,
    only_what_is_ours,
    other_stacks,
    own_rights,
    pulumi_key,
    this_region,
)
from infra.platforms.eks.pipeline.permissions.rights import Grant, statements
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.permissions.state import runner_files, state_write
from infra.platforms.eks.pipeline.permissions.table import LOOK_UPS, rows

PUSH = (
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
REPOSITORY = "aws:ecr/repository:Repository"
PROJECT = "aws:codebuild/project:Project"
REGISTRY_LOGIN = Grant(actions=("ecr:GetAuthorizationToken",))
"""Takes no resource; it gives a password, not a permission."""


def deploy_documents(types: frozenset[str], scope: Scope) -> Mapping[str, Document]:
    """Write the policies of the role that deploys a stack whose program makes resources of `types`.

    Raises:
        UnknownTypeError: a type has no row.
        TooManyPermissionsError: IAM would not take the documents.
    """
    picked = rows(types)
    sections = {
        section: statements([grant for row in of for grant in (*row.reads, *row.writes)], scope, sid=section.title())
        for section, of in picked.items()
    }
    delivery = [*_push(types), *_copy(scope), *_build(types, scope), *LOOK_UPS]
    guarded = [row for of in picked.values() for row in of]
    return documents(
        {
            **sections,
            "delivery": [
                *sections["delivery"],
                *statements(delivery, scope, sid="Images"),
                *state_write(scope, (scope.stack,)),
            ],
            "guards": [
                *own_rights(scope),
                other_stacks(scope, guarded),
                *only_what_is_ours(scope),
                this_region(scope),
                pulumi_key(scope),
            ],
        }
    )


def _push(types: frozenset[str]) -> list[Grant]:
    """Fill the stack's own registry."""
    if REPOSITORY not in types:
        return []
    pull = [action for action in PULL if action not in REGISTRY_LOGIN.actions]
    return [
        REGISTRY_LOGIN,
        Grant(actions=(*PUSH, *pull), resources=("arn:{partition}:ecr:{here}:repository/{name}/*",)),
    ]


def _build(types: frozenset[str], scope: Scope) -> list[Grant]:
    """Hand the commit to a build inside the VPC."""
    return [runner_files(scope)] if PROJECT in types and scope.backend_bucket is not None else []


def _copy(scope: Scope) -> list[Grant]:
    """Read the images of the stack that this one promotes from; its repositories must let this role in, too."""
    if scope.promotes_from is None:
        return []
    source = f"arn:{{partition}}:ecr:*:*:repository/{scope.project}-{scope.promotes_from}/*"
    pull = [action for action in PULL if action not in REGISTRY_LOGIN.actions]
    return [REGISTRY_LOGIN, Grant(actions=pull, resources=(source,))]
