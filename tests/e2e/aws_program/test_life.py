"""The life of dev on the real engine, with the policy pack in the loop: each update and preview asks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.engine.outcome import DeploymentFailedError, Preview
from infra.engine.report import STACK_TYPE
from tests.e2e.aws_program.stack import STACKS, EchoStack, echo_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EchoStack]:
    with echo_stack(tmp_path_factory.mktemp("dev"), STACKS / "Pulumi.dev.yaml") as stack:
        yield stack


@pytest.fixture(scope="module")
def announced(empty: EchoStack) -> Preview:
    """The preview of the empty stack."""
    return empty.preview()


@pytest.fixture(scope="module")
def dev(empty: EchoStack, announced: Preview) -> EchoStack:
    """The stack, made."""
    empty.up()
    return empty


def keep_logs_longer(sections: dict[str, Any]) -> None:
    sections["cluster"]["logRetentionDays"] = 90


def use_other_machines(sections: dict[str, Any]) -> None:
    sections["nodePools"]["system"]["instanceTypes"] = ["m7g.large"]


def assert_nothing_to_do(stack: EchoStack) -> None:
    """What is recorded exists, what exists is recorded, and another update would change nothing."""
    assert stack.lost() == []
    assert stack.left_over() == []
    assert stack.preview().steps == ()


def test_a_preview_of_nothing_announces_all_but_the_definitions_of_a_file_for_a_cluster_that_is_not_there_yet(
    dev: EchoStack, announced: Preview
) -> None:
    made = {urn for urn, one in dev.state().items() if one["type"] not in {DEFINITION, STACK_TYPE}}
    assert {step.urn for step in announced.steps} == made
    assert {step.op for step in announced.steps} == {"create"}


def test_a_second_preview_changes_nothing(dev: EchoStack) -> None:
    assert_nothing_to_do(dev)


def test_one_changed_key_changes_one_resource_in_place(dev: EchoStack) -> None:
    dev.edit(keep_logs_longer)
    steps = dev.preview().steps
    dev.up()
    assert dev.journal.labels() == ["update LogGroup control-plane-log"]
    assert [(one.op, one.name, one.detailed) for one in steps] == [
        ("update", "control-plane-log", ("retentionInDays",))
    ]


def test_an_update_that_fails_halfway_leaves_the_old_nodes_until_the_file_before_it_takes_it_back(
    dev: EchoStack,
) -> None:
    before = {one.urn: one.id for one in dev.account.all("NodeGroup")}
    dev.edit(use_other_machines)
    # After a failure the engine begins nothing more, so the first of the two groups is under way by then.
    dev.account.fail("create", type="NodeGroup", nth=2, message="no capacity in this zone")
    with pytest.raises(DeploymentFailedError, match="no capacity in this zone"):
        dev.up()
    assert set(before.values()) <= {one.id for one in dev.account.all("NodeGroup")}
    [failed] = [one.urn for one in dev.journal.of("create", "NodeGroup") if one.error]
    dev.restore()
    dev.up()
    after = {one.urn: one.id for one in dev.account.all("NodeGroup")}
    assert after.keys() == before.keys()
    kept = {urn for urn in before if after[urn] == before[urn]}
    assert [urn for urn in kept if "::system-" in urn] == [failed]
    assert_nothing_to_do(dev)


def test_what_was_changed_by_hand_is_put_back_by_an_update_that_refreshes(dev: EchoStack) -> None:
    [group] = [one for one in dev.account.all("LogGroup") if "cluster" in one.id]
    group.inputs = {**group.inputs, "retentionInDays": 1}
    group.outputs = {**group.outputs, "retentionInDays": 1}
    [rule] = dev.account.all("ListenerRule")
    del dev.account.objects[rule.type, rule.id]
    dev.up(refresh=True)
    assert [one.urn for one in dev.journal.of("create")] == [rule.urn]
    assert [one.urn for one in dev.journal.of("update")] == [group.urn]
    assert dev.journal.of("delete") == []
    assert_nothing_to_do(dev)


def test_destroy_leaves_what_all_stacks_of_an_account_share_and_nothing_else(dev: EchoStack) -> None:
    dev.destroy()
    assert sorted((one.type, one.urn.rpartition("::")[2]) for one in dev.account.objects.values()) == [
        ("aws:iam/serviceLinkedRole:ServiceLinkedRole", "auto-scaling"),
        ("aws:route53/record:Record", "alb-certificate-proof"),
    ]
