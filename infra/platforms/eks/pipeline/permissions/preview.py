"""What the role that previews may do: look at what the stack has, and read its state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from infra.iam import Document, Statement, deny
from infra.platforms.eks.pipeline.permissions.documents import documents
from infra.platforms.eks.pipeline.permissions.grants import statements
from infra.platforms.eks.pipeline.permissions.guards import OWN_RIGHTS, this_region
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.permissions.state import state_read
from infra.platforms.eks.pipeline.permissions.table import LOOK_UPS, rows

NO_SECRETS = (
    deny("NoSecrets", "ecr:GetDownloadUrlForLayer secretsmanager:BatchGetSecretValue GetSecretValue ssm:GetParameter*"),
    deny(
        "NoOtherKey",
        "kms:Decrypt ReEncryptFrom",
        # Of none of the key's aliases is it true: another key, or one without an alias.
        when={"ForAllValues:StringNotEquals": {"kms:ResourceAliases": "{pulumi_key_alias}"}},
    ),
)
"""Refuse secrets, but for those of the state.

The key of the state has to decrypt: without it no preview opens the state. A secret in it is readable by who can change
what a pull request runs, so secrets of apps stay in Secrets Manager and are never in the state.
"""


_READS = re.compile(r"[\w-]+:(Describe|Get|List|BatchGet)")


def preview_documents(types: frozenset[str], scope: Scope) -> Mapping[str, Document]:
    """Write the policies of the role that previews a stack whose program makes resources of `types`.

    Raises:
        UnknownTypeError: a type has no row.
        TooManyPermissionsError: IAM would not take the documents.
    """
    reads = [grant for section in rows(types).values() for row in section for grant in row if not grant.writes]
    return documents(
        {
            "look": [*statements([*reads, *LOOK_UPS], sid="Look"), *_reading(scope.own_code)],
            "state": state_read(scope, scope.stack),
            "guards": [*OWN_RIGHTS, this_region(), *NO_SECRETS],
        },
        scope,
    )


def _reading(permitted: Iterable[Statement]) -> Iterator[Statement]:
    """Leave out of statements the actions that change something."""
    for statement in permitted:
        reads = [action for action in statement.actions if _READS.match(action)]
        if reads:
            yield replace(statement, actions=reads)
