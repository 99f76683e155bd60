from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.iam import Document, Statement
from infra.platforms.eks.pipeline.permissions.deploy import deploy_documents
from infra.platforms.eks.pipeline.permissions.documents import (
    MOST_CHARACTERS,
    MOST_DOCUMENTS,
    TooManyPermissionsError,
    documents,
    size,
)
from infra.platforms.eks.pipeline.permissions.ephemeral import ephemeral_documents
from infra.platforms.eks.pipeline.permissions.preview import preview_documents
from infra.platforms.eks.pipeline.permissions.scope import Scope
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import (
    DELIVERY_TYPES,
    scope,
    types_of,
    types_of_everything,
)
from tests.platforms.eks.stacks import EKS_STACKS

LONG = {
    "account_id": "123456789012",
    "region": "ap-southeast-2",
    "stack": "a-rather-long-name",
    "backend_bucket": "a-bucket-with-as-many-characters-in-its-name-as-a-bucket-can-ha",
    "domain": "a.domain.with.a.really.rather.long.name.example.com",
    "promotes_from": "another-rather-long-name",
}


def all_of(written: Scope, types: frozenset[str]) -> dict[str, Mapping[str, Document]]:
    return {
        "deploy": deploy_documents(types, written),
        "preview": preview_documents(types, written),
        "ephemeral": ephemeral_documents(written),
    }


@pytest.mark.parametrize("role", ["deploy", "preview", "ephemeral"])
def test_iam_takes_the_documents_even_with_long_names_and_every_option(role: str) -> None:
    made = all_of(scope(**LONG), types_of_everything())[role]
    assert len(made) <= MOST_DOCUMENTS
    for document in made.values():
        assert size(document) <= MOST_CHARACTERS
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert len(sids) == len(set(sids))
        assert all(sid.isalnum() for sid in sids)


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_documents_are_the_same_whatever_the_order_of_the_types(stack: str) -> None:
    forwards = json.dumps(all_of(scope(stack), frozenset(sorted(types_of(stack)))))
    backwards = json.dumps(all_of(scope(stack), frozenset(sorted(types_of(stack), reverse=True))))
    assert forwards == backwards


def test_a_stack_gets_no_action_for_what_it_does_not_have() -> None:
    dev = actions(deploy_documents(types_of("dev"), scope("dev")))
    assert not {action for action in dev if action.startswith(("codebuild:", "ecr:", "wafv2:", "logs:PutResource"))}
    assert {action for action in actions(deploy_documents(types_of("prod"), scope("prod"))) if "wafv2:" in action}


def test_a_new_type_adds_its_row_and_nothing_else() -> None:
    before = actions(deploy_documents(types_of("dev"), scope()))
    after = actions(deploy_documents(types_of("dev") | {"aws:wafv2/webAcl:WebAcl"}, scope()))
    assert after - before == {
        "wafv2:CreateWebACL",
        "wafv2:DeleteWebACL",
        "wafv2:GetWebACL",
        "wafv2:ListTagsForResource",
        "wafv2:TagResource",
        "wafv2:UntagResource",
        "wafv2:UpdateWebACL",
    }
    assert before <= after


def test_only_a_stack_with_a_registry_may_push_and_only_one_that_promotes_may_copy() -> None:
    pushing = actions(deploy_documents(types_of("dev") | DELIVERY_TYPES, scope()))
    copying = actions(deploy_documents(types_of("dev"), scope(promotes_from="base")))
    assert "ecr:PutImage" in pushing
    assert "ecr:PutImage" not in copying
    assert "ecr:BatchGetImage" in copying


def test_without_a_bucket_of_the_account_no_state_is_reached() -> None:
    for made in all_of(scope(backend_bucket=None), types_of("dev")).values():
        assert not {action for action in actions(made) if action in {"s3:GetObject", "s3:PutObject", "kms:Encrypt"}}


def test_without_a_domain_pull_requests_change_no_records() -> None:
    assert "route53:ChangeResourceRecordSets" not in actions(ephemeral_documents(scope(domain=None)))


def test_no_write_is_allowed_to_a_preview() -> None:
    reads = ("Describe", "Get", "List", "BatchGet")
    for stack in EKS_STACKS:
        allowed = actions(preview_documents(types_of(stack) | DELIVERY_TYPES, scope(stack)))
        assert {action for action in allowed if not action.partition(":")[2].startswith(reads)} == {"kms:Decrypt"}


def test_what_is_too_long_for_one_policy_goes_on_in_a_second() -> None:
    made = documents({"long": [_statement(number, 100) for number in range(3)], "empty": []}, scope())
    assert list(made) == ["long", "long-2"]
    assert [len(document["Statement"]) for document in made.values()] == [2, 1]


def test_what_no_policy_can_hold_is_refused() -> None:
    with pytest.raises(TooManyPermissionsError, match=r"statement Number0 .* more than 6144 characters; divide it"):
        documents({"long": [_statement(0, 300)]}, scope())
    with pytest.raises(TooManyPermissionsError, match="take 11 policies, and a role has at most 10"):
        documents({"long": [_statement(number, 200) for number in range(11)]}, scope())


def actions(made: Mapping[str, Document]) -> set[str]:
    """All actions that documents allow."""
    return {action for document in made.values() for one in document["Statement"] for action in allowed(one)}


def allowed(statement: Mapping[str, Any]) -> list[str]:
    return statement["Action"] if statement["Effect"] == "Allow" else []


def _statement(number: int, actions: int) -> Statement:
    return Statement(
        sid=f"Number{number}",
        actions=[f"ec2:AnActionWithAName{action:05}" for action in range(actions)],
        resources=["*"],
    )
