"""The AWS program from nothing to nothing on the real engine, with the policy pack in the loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.aws_program.stack import REPOSITORY, EchoStack, echo_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EchoStack]:
    """The dev stack, made."""
    with echo_stack(tmp_path_factory.mktemp("dev"), REPOSITORY / "stacks" / "Pulumi.dev.yaml", policies=False) as stack:
        stack.up()
        yield stack


def test_a_second_preview_changes_nothing(dev: EchoStack) -> None:
    assert dev.preview().steps == ()


def test_all_that_was_made_is_known(dev: EchoStack) -> None:
    assert dev.lost() == []
    assert dev.left_over() == []


def test_destroy_leaves_the_role_that_all_stacks_of_an_account_share_and_nothing_else(dev: EchoStack) -> None:
    dev.destroy()
    assert [one.type for one in dev.account.objects.values()] == ["aws:iam/serviceLinkedRole:ServiceLinkedRole"]
