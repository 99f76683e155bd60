"""What the role that previews may do: look at what the stack has, and read its state."""

from __future__ import annotations

from collections.abc import Mapping

from infra.iam import Document, Statement
from infra.platforms.eks.pipeline.permissions.documents import documents
from infra.platforms.eks.pipeline.permissions.guards import own_rights, this_region
from infra.platforms.eks.pipeline.permissions.rights import statements
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.permissions.state import state_read
from infra.platforms.eks.pipeline.permissions.table import LOOK_UPS, rows


def preview_documents(types: frozenset[str], scope: Scope) -> Mapping[str, Document]:
    """Write the policies of the role that previews a stack whose program makes resources of `types`.

    Raises:
        UnknownTypeError: a type has no row.
        TooManyPermissionsError: IAM would not take the documents.
    """
    reads = [grant for of in rows(types).values() for row in of for grant in row.reads]
    return documents(
        {
            "look": statements([*reads, *LOOK_UPS], scope, sid="Look"),
            "state": state_read(scope, (scope.stack,)),
            "guards": [*own_rights(scope), this_region(scope), *_no_secrets(scope)],
        }
    )


def _no_secrets(scope: Scope) -> list[Statement]:
    """Refuse secrets, but for those of the state.

    The key of the state has to decrypt: without it no preview opens the state. A secret in it is readable by who can
    change what a pull request runs, so secrets of apps stay in Secrets Manager and are never in the state.
    """
    return [
        Statement(
            sid="NoSecrets",
            effect="Deny",
            actions=(
                "ecr:GetDownloadUrlForLayer",
                "secretsmanager:BatchGetSecretValue",
                "secretsmanager:GetSecretValue",
                "ssm:GetParameter*",
            ),
            resources=["*"],
        ),
        Statement(
            sid="NoOtherKey",
            effect="Deny",
            actions=("kms:Decrypt", "kms:ReEncryptFrom"),
            resources=["*"],
            # Of none of the key's aliases is it true: another key, or one without an alias.
            conditions={"ForAllValues:StringNotEquals": {"kms:ResourceAliases": scope.pulumi_key_alias}},
        ),
    ]
