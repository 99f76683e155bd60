"""prod, which is protected, and staging, on the real engine with the policy pack in the loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.engine.outcome import DeploymentFailedError
from tests.e2e.aws_program.stack import STACKS, EchoStack, echo_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EchoStack]:
    with echo_stack(tmp_path_factory.mktemp("prod"), STACKS / "Pulumi.prod.yaml") as stack:
        stack.up()
        yield stack


def test_staging_passes_the_policies_while_nothing_is_made_yet(tmp_path: Path) -> None:
    with echo_stack(tmp_path, STACKS / "Pulumi.staging.yaml") as staging:
        assert {step.op for step in staging.preview().steps} == {"create"}


def test_prod_passes_the_policies_when_it_is_made_and_afterwards(prod: EchoStack) -> None:
    assert prod.lost() == []
    assert prod.left_over() == []
    assert prod.preview().steps == ()


def test_a_destroy_of_a_protected_stack_that_nobody_previewed_deletes_nothing(prod: EchoStack) -> None:
    """The Automation API destroys without a preview, as `--skip-preview` does."""
    with pytest.raises(DeploymentFailedError, match=r"platform\.protect"):
        prod.destroy()
    assert prod.journal.changing() == []
    assert prod.lost() == []
