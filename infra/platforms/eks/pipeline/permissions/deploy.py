"""What the role that deploys may do: exactly what the stack's resource types take."""

from __future__ import annotations

from collections.abc import Mapping

from infra.iam import Document
from infra.platforms.eks.pipeline.permissions.documents import documents
from infra.platforms.eks.pipeline.permissions.grants import Grant, read, statements, write
from infra.platforms.eks.pipeline.permissions.guards import (
    LOGIN,
    ONLY_OURS,
    OWN_RIGHTS,
    PULL,
    PULUMI_KEY,
    other_stacks,
    this_region,
)
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.permissions.state import RUNNER_FILES, state_write
from infra.platforms.eks.pipeline.permissions.table import LOOK_UPS, rows

PUSH = "ecr:CompleteLayerUpload InitiateLayerUpload PutImage UploadLayerPart"
REPOSITORY = "aws:ecr/repository:Repository"
BUILD_PROJECT = "aws:codebuild/project:Project"


def deploy_documents(types: frozenset[str], scope: Scope) -> Mapping[str, Document]:
    """Write the policies of the role that deploys a stack whose program makes resources of `types`.

    Raises:
        UnknownTypeError: a type has no row.
        TooManyPermissionsError: IAM would not take the documents.
    """
    picked = rows(types)
    sections = {
        section: statements([grant for row in of for grant in row], sid=section.title())
        for section, of in picked.items()
    }
    guarded = [row for of in picked.values() for row in of]
    return documents(
        {
            **sections,
            **({"own-code": scope.own_code} if scope.own_code else {}),
            "delivery": [
                *sections["delivery"],
                *statements([*_images(types, scope), *LOOK_UPS], sid="Images"),
                *state_write(scope, scope.stack),
            ],
            "guards": [*OWN_RIGHTS, other_stacks(guarded), *ONLY_OURS, this_region(), PULUMI_KEY],
        },
        scope,
    )


def _images(types: frozenset[str], scope: Scope) -> list[Grant]:
    """Return what is done beside the resources: images are pushed and copied, builds inside the VPC get the commit."""
    found: list[Grant] = []
    if REPOSITORY in types:
        found.append(write(f"{PUSH} {PULL}", "arn:aws:ecr:{here}:repository/{name}/*"))
    if scope.promotes_from is not None:
        # The repositories of the stack that this one promotes from must let this role in, too.
        found.append(read(PULL, f"arn:aws:ecr:*:*:repository/{{project}}-{scope.promotes_from}/*"))
    login = [read(LOGIN)] if found else []
    files = [RUNNER_FILES] if BUILD_PROJECT in types and scope.backend_bucket is not None else []
    return [*found, *login, *files]
