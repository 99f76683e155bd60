from __future__ import annotations

import json

from infra.plan.answers import Answers
from infra.plan.difference import InputChange, difference
from infra.plan.graph import Graph, Resource
from infra.plan.plan import Plan, plan_of_program
from tests.plan.sample import program


def test_a_stack_does_not_differ_from_itself(sample: Plan) -> None:
    found = difference(sample.graph, sample.graph)
    assert (found.added, found.removed, found.changed) == ([], [], [])
    assert found.same == len(sample.graph.resources)


def test_another_name_of_the_stack_is_no_difference(sample: Plan) -> None:
    renamed = plan_of_program(program, Answers(stack="other"))
    found = difference(sample.graph, renamed.graph)
    assert (found.added, found.removed, found.changed) == ([], [], [])


def test_another_account_is_no_difference_and_policies_are_compared_statement_by_statement() -> None:
    def role(account: str, action: str) -> Resource:
        policy = {"Statement": [{"Action": action, "Resource": f"arn:aws:s3:::{account}-logs"}]}
        return Resource(urn="r", type="aws:iam/rolePolicy:RolePolicy", name="r", props={"policy": json.dumps(policy)})

    def graph(account: str, action: str) -> Graph:
        return Graph(project="p", stack="s", account_id=account, resources=(role(account, action),))

    old, new = graph("111122223333", "s3:Get"), graph("444455556666", "s3:Put")
    changes = difference(old, new).changed[0].changes
    assert changes == [InputChange(key="policy.Statement[0].Action", old="s3:Get", new="s3:Put")]


def test_what_is_added_removed_and_changed_is_told_with_both_values(sample: Plan) -> None:
    smaller = plan_of_program(lambda: program(max_size=5, with_worker=False), Answers(stack="smaller"))
    found = difference(smaller.graph, sample.graph)
    assert [item.label for item in found.added] == ["App worker", "Deployment worker", "NetworkPolicy worker"]
    assert found.removed == []
    assert {item.resource.label: list(item.changes) for item in found.changed} == {
        f"NodeGroup apps-{letter}": [InputChange(key="scalingConfig.maxSize", old=5, new=20)] for letter in "abc"
    }
