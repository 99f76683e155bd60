from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from infra.iam import policy_document
from infra.platforms.eks.pipeline.permissions.grants import actions, filled, statements
from infra.platforms.eks.pipeline.permissions.guards import ONLY_OURS, OWN_RIGHTS, PULUMI_KEY, other_stacks, this_region
from infra.platforms.eks.pipeline.permissions.iam import MANAGED_POLICIES
from infra.platforms.eks.pipeline.permissions.table import SECTIONS, UnknownTypeError, rows
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import scope, types_of, types_of_everything
from tests.platforms.eks.stacks import EKS_STACKS, run_shipped

SOURCES = Path(__file__).parents[5] / "infra" / "platforms" / "eks"
ROWS = {kind: row for table in SECTIONS.values() for kind, row in table.items()}
LOOKING = re.compile(r"(Describe|Get|List|BatchGet)")
WILDCARD = re.compile(r"(Describe|Get|List)[A-Za-z]*\*")


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_every_type_of_a_shipped_stack_has_a_row(stack: str) -> None:
    picked = rows(types_of(stack))
    assert sum(map(len, picked.values())) == len(types_of(stack))


def test_every_type_that_some_setting_brings_has_a_row() -> None:
    assert types_of_everything() <= set(ROWS)


def test_every_type_that_the_program_can_make_has_a_row_and_no_row_is_for_anything_else() -> None:
    assert _types_in_the_sources() | {"aws:eks/cluster:Cluster"} == set(ROWS)


def test_a_type_stands_in_one_section_only() -> None:
    assert sum(map(len, SECTIONS.values())) == len(ROWS)


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_the_type_of_a_row_is_one_of_the_provider(kind: str) -> None:
    package, module, name = kind.split(":")
    assert package == "aws"
    resource: Any = getattr(importlib.import_module(f"pulumi_aws.{module.partition('/')[0]}"), name)
    assert resource.pulumi_type == kind


def test_a_type_without_a_row_is_refused_by_name() -> None:
    with pytest.raises(UnknownTypeError, match="no row for aws:rds/instance:Instance; add one below"):
        rows({"aws:rds/instance:Instance"})


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_reading_takes_looking_only_and_only_looking_has_wildcards(kind: str) -> None:
    for grant in ROWS[kind]:
        assert grant.writes or all(LOOKING.match(action.partition(":")[2]) for action in grant.actions), grant
        for action in grant.actions:
            assert "*" not in action or WILDCARD.fullmatch(action.partition(":")[2]), action


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_writing_reaches_everything_only_where_the_service_takes_no_resource(kind: str) -> None:
    open_to_all = {
        action for grant in ROWS[kind] if grant.writes and "*" in grant.resources for action in grant.actions
    }
    assert open_to_all <= {
        "acm:RequestCertificate",
        "kms:CreateKey",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DeleteResourcePolicy",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:PutResourcePolicy",
    }


def test_the_policies_of_aws_that_may_be_attached_are_those_that_the_stacks_attach() -> None:
    attached = {
        made.props["policyArn"].rpartition("/")[2]
        for stack in EKS_STACKS
        for made in run_shipped(stack).graph.all("RolePolicyAttachment")
        if made.props["policyArn"].startswith("arn:aws:iam::aws:")
    }
    assert attached == set(MANAGED_POLICIES)


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_every_word_in_braces_is_one_of_the_scope(kind: str) -> None:
    for statement in statements(ROWS[kind], sid="Row"):
        written = json.dumps(policy_document(filled(statement, scope())))
        assert not re.search(r"\{\w+\}", written)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("ec2:CreateVpc DeleteVpc", ("ec2:CreateVpc", "ec2:DeleteVpc")),
        ("ec2:* kms:Decrypt Encrypt", ("ec2:*", "kms:Decrypt", "kms:Encrypt")),
        ("*", ("*",)),
    ],
)
def test_a_service_holds_until_the_next_one(names: str, found: tuple[str, ...]) -> None:
    assert actions(names) == found


def test_guards_only_refuse() -> None:
    guards = [*OWN_RIGHTS, *ONLY_OURS, other_stacks(ROWS.values()), this_region(), PULUMI_KEY]
    assert {guard.effect for guard in guards} == {"Deny"}


def _types_in_the_sources() -> set[str]:
    """The types of all resources of the provider that code below infra/platforms/eks makes."""
    found: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name("aws"), attr=module), attr=name)):
                    made: Any = getattr(getattr(aws, module), name)
                    if isinstance(made, type) and issubclass(made, pulumi.CustomResource):
                        found.add(vars(made)["pulumi_type"])
                case _:
                    pass
    return found
