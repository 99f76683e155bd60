from __future__ import annotations

import pytest

from infra.plan.answers import Answers
from infra.plan.plan import Plan, plan_of_program
from tests.plan.sample import program


@pytest.fixture(scope="session")
def sample() -> Plan:
    return plan_of_program(program, Answers(stack="sample"))
