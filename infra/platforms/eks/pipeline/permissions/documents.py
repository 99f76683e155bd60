"""Statements put into documents that IAM takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from infra.errors import NightowlError
from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.pipeline.permissions.grants import filled
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.settings.eks.limits import MANAGED_POLICY_CHARACTERS as MOST_CHARACTERS

MOST_DOCUMENTS = 10
"""Managed policies on one role, by default (IAM user guide, "IAM and AWS STS quotas")."""


class TooManyPermissionsError(NightowlError):
    """IAM would not take what the program needs."""


def size(document: Document) -> int:
    """Count the characters of a document as IAM does."""
    return len(re.sub(r"\s", "", json.dumps(document)))


def documents(sections: Mapping[str, Sequence[Statement]], scope: Scope) -> dict[str, Document]:
    """Write one document per section that has statements, for `scope`; a long one goes on in `<section>-2`.

    Raises:
        TooManyPermissionsError: a statement alone, or all documents together, are more than IAM takes.
    """
    made: dict[str, Document] = {}
    for section, statements in sorted(sections.items()):
        for number, part in enumerate(_parts(section, [filled(one, scope) for one in statements]), start=1):
            made[section if number == 1 else f"{section}-{number}"] = policy_document(*part)
    if len(made) > MOST_DOCUMENTS:
        raise TooManyPermissionsError(
            f"the pipeline's permissions take {len(made)} policies, and a role has at most {MOST_DOCUMENTS}; "
            "put sections together in infra/platforms/eks/pipeline/permissions/table.py"
        )
    return made


def _parts(section: str, statements: Sequence[Statement]) -> list[list[Statement]]:
    parts: list[list[Statement]] = []
    for statement in statements:
        if size(policy_document(statement)) > MOST_CHARACTERS:
            raise TooManyPermissionsError(
                f"statement {statement.sid} of the pipeline's permissions ({section}) has more than "
                f"{MOST_CHARACTERS} characters; divide it"
            )
        if not parts or size(policy_document(*parts[-1], statement)) > MOST_CHARACTERS:
            parts.append([])
        parts[-1].append(statement)
    return parts
