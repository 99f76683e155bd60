"""Plans of the shipped stacks, each made once in a process: it takes longer than most tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from infra.plan.plan import Plan, plan_of_file

STACKS = Path(__file__).parent.parent / "stacks"


@cache
def shipped_plan(stack: str) -> Plan:
    """The plan of a stack on the day of the tests, which nobody changes."""
    return plan_of_file(STACKS / f"Pulumi.{stack}.yaml", stack)
