"""What this version of the program does to the stacks that the last release made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.aws_program.release import RECORDED, last_release, load
from tests.e2e.aws_program.stack import EchoStack, echo_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(params=RECORDED)
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EchoStack]:
    folder = last_release()
    with echo_stack(tmp_path, folder / f"Pulumi.{request.param}.yaml", policies=False) as stack:
        load(stack, folder / f"{request.param}.json")
        yield stack


def test_a_stack_of_the_last_release_is_kept_by_an_update_and_nothing_of_it_is_replaced_or_deleted(
    released: EchoStack,
) -> None:
    assert released.lost() == []
    steps = released.preview().steps
    assert [f"{step.op} {step.type} {step.name}" for step in steps if step.op not in {"create", "update"}] == []
