from __future__ import annotations

import json

from infra.plan.document_lengths import document_lengths
from infra.plan.graph import Graph, Resource
from infra.plan.run import DocumentTooLongError
from infra.settings.eks import limits


def graph(*policies: str) -> Graph:
    role = Resource(urn="role", type="aws:iam/role:Role", name="app-web", props={"assumeRolePolicy": "{ }"})
    made = [
        Resource(
            urn=f"policy-{index}",
            type="aws:iam/rolePolicy:RolePolicy",
            name=f"app-web-{index}",
            props={"policy": policy},
            property_dependencies={"role": frozenset({"role"})},
        )
        for index, policy in enumerate(policies)
    ]
    boundary = Resource(
        urn="b", type="aws:iam/policy:Policy", name="boundary", props={"name": "x", "policy": "a" * 6145}
    )
    return Graph(project="nightowl", stack="dev", account_id="1", resources=(role, *made, boundary))


def test_the_fullest_document_comes_first_and_white_space_does_not_count() -> None:
    found = document_lengths(graph(json.dumps({"a": "b"}, indent=4)))
    assert (found[0].document, found[0].characters, found[0].room) == ("policy x", 6145, -1)
    inline = next(one for one in found if one.document.startswith("inline"))
    assert inline.characters == len('{"a":"b"}')


def test_inline_policies_of_a_role_count_together() -> None:
    found = document_lengths(graph("a" * 6000, "b" * 6000))
    inline = next(one for one in found if one.document.startswith("inline"))
    assert (inline.characters, inline.most) == (12_000, limits.INLINE_POLICIES_CHARACTERS)


def test_a_document_that_aws_would_refuse_is_told_with_both_figures() -> None:
    too_long = [one for one in document_lengths(graph()) if one.room < 0]
    assert str(DocumentTooLongError("dev", too_long)) == (
        "dev has policies that AWS would refuse:\n  policy x has 6145 characters, and AWS takes 6144"
    )
