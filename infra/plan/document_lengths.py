"""How long the policies of a stack are, and how much AWS takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from infra.plan.graph import Graph
from infra.plan.permissions import POLICY, RESOURCE_POLICIES, ROLE, role_name
from infra.settings.eks import limits

MOST_BY_TYPE = {
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": limits.LOG_POLICY_CHARACTERS,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": limits.REPOSITORY_POLICY_CHARACTERS,
    "aws:kms/key:Key": limits.KEY_POLICY_CHARACTERS,
    "aws:s3/bucketPolicy:BucketPolicy": limits.BUCKET_POLICY_CHARACTERS,
}
"""The most characters by type, of the types whose policy guards themselves."""


@dataclass(frozen=True, kw_only=True)
class DocumentLength:
    """One document, or all inline policies of a role together.

    Characters are counted as IAM counts them: without white space. An id that is made at up counts as the plan writes
    it.
    """

    document: str
    characters: int
    most: int

    @property
    def room(self) -> int:
        """How many characters are left; below 0 AWS refuses the document."""
        return self.most - self.characters


def document_lengths(graph: Graph) -> list[DocumentLength]:
    """Measure every policy of a stack, the fullest first."""
    found = [*_of_roles(graph), *_of_policies(graph), *_of_resources(graph)]
    return sorted(found, key=lambda one: (one.room / one.most, one.document))


def _of_roles(graph: Graph) -> Iterator[DocumentLength]:
    inline: dict[str, int] = {}
    for policy in graph.of_type("aws:iam/rolePolicy:RolePolicy"):
        for role in graph.dependencies(policy, "role", ROLE):
            inline[role.urn] = inline.get(role.urn, 0) + _count(policy.props.get("policy"))
    for role in graph.of_type(ROLE):
        name = role_name(graph, role)
        trust = _count(role.props.get("assumeRolePolicy"))
        yield DocumentLength(document=f"trust in {name}", characters=trust, most=limits.TRUST_POLICY_CHARACTERS)
        if role.urn in inline:
            yield DocumentLength(
                document=f"inline policies of {name}",
                characters=inline[role.urn],
                most=limits.INLINE_POLICIES_CHARACTERS,
            )


def _of_policies(graph: Graph) -> Iterator[DocumentLength]:
    for policy in graph.of_type(POLICY):
        yield DocumentLength(
            document=f"policy {policy.props.get('name') or policy.name}",
            characters=_count(policy.props.get("policy")),
            most=limits.MANAGED_POLICY_CHARACTERS,
        )


def _of_resources(graph: Graph) -> Iterator[DocumentLength]:
    for type_, most in MOST_BY_TYPE.items():
        for resource in graph.of_type(type_):
            characters = _count(resource.props.get(RESOURCE_POLICIES[type_]))
            yield DocumentLength(document=f"policy of {resource.label}", characters=characters, most=most)


def _count(document: object) -> int:
    return len(re.sub(r"\s", "", document)) if isinstance(document, str) else 0
