"""The examples on a cluster of their own, side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.up import wait_until_available
from tests.e2e.conftest import REPOSITORY, Machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
EXAMPLES = "e2e-examples"


@pytest.fixture(scope="module")
def machine_with_room(machine: Machine) -> Iterator[Machine]:
    yield machine
    machine.nightowl("local", "down", "--name", EXAMPLES)


@pytest.mark.parametrize("example", [file.parent.name for file in sorted(REPOSITORY.glob("examples/*/Pulumi.*.yaml"))])
def test_an_example_becomes_available(example: str, machine_with_room: Machine) -> None:
    file = REPOSITORY / "examples" / example / f"Pulumi.{example}.yaml"
    run = machine_with_room.nightowl("local", "up", "--name", EXAMPLES, "--file", str(file))
    assert run.code == 0, run.out + run.err
    assert wait_until_available(machine_with_room.paths(EXAMPLES), example).available
