"""How long the policies of a stack are, and how much AWS takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from infra.plan.graph import Graph
from infra.plan.permissions import RESOURCE_POLICIES, role_name
from infra.settings.eks import limits
from infra.values import text, texts
from policies.facts.iam import POLICY, ROLE, ROLE_POLICY

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
    found = [
        DocumentLength(document=name, characters=sum(len(re.sub(r"\s", "", text)) for text in written), most=most)
        for name, most, written in _documents(graph)
    ]
    return sorted(found, key=lambda one: (one.room / one.most, one.document))


def _documents(graph: Graph) -> Iterator[tuple[str, int, list[str]]]:
    """Yield what AWS counts together: its name, the most characters, and the policies."""
    for role in graph.of_type(ROLE):
        name = role_name(graph, role)
        yield f"trust in {name}", limits.TRUST_POLICY_CHARACTERS, texts(role.props, "assumeRolePolicy")
        policies = [one for one in graph.of_type(ROLE_POLICY) if role in graph.dependencies(one, "role", ROLE)]
        if policies:
            written = [text(policy.props, "policy") for policy in policies]
            yield f"inline policies of {name}", limits.INLINE_POLICIES_CHARACTERS, written
    for policy in graph.of_type(POLICY):
        name = policy.props.get("name") or policy.name
        yield f"policy {name}", limits.MANAGED_POLICY_CHARACTERS, texts(policy.props, "policy")
    for type_, most in MOST_BY_TYPE.items():
        for resource in graph.of_type(type_):
            yield f"policy of {resource.label}", most, texts(resource.props, RESOURCE_POLICIES[type_])
