from __future__ import annotations

import pytest

from infra.system import clock
from policies.evaluation import evaluate
from policies.exceptions_file import IN_DATE, read_exceptions
from policies.levels import Level, Levels, default_level, levels_file, read_levels
from policies.rules import ALL_RULES, RULES
from tests.policies.engine import Moment
from tests.policies.harness import STACKS, Analyzer, add_what_the_eks_component_makes, shipped

BY_NAME = {rule.name: rule for rule in ALL_RULES}
NAMES = sorted(path.name.split(".")[1] for path in STACKS.glob("Pulumi.*.yaml"))
ACCEPTED = {
    "dev": {
        "cluster-endpoint-is-private-only",
        "cluster-log-is-kept-a-year",
        "cluster-refuses-deletion",
        "load-balancer-refuses-deletion",
        "nat-gateway-is-in-the-same-zone",
        "node-group-has-alternatives",
        "nodes-span-three-zones",
        "public-load-balancer-has-firewall",
    },
    "local": {"hpa-patient-scale-down"},
    "prod": {"ecr-endpoint-is-limited", "node-group-has-alternatives"},
    "staging": {"cluster-endpoint-is-private-only", "cluster-log-is-kept-a-year", "node-group-has-alternatives"},
}
"""What the shipped stacks do otherwise on purpose; reviewed one by one."""
BY_THE_CALENDAR = ("cluster-version-is-in-standard-support", "cluster-version-has-time-left", IN_DATE.name)
"""Rules that read the day; the engine starts the pack in a process of its own, on the real one."""


@pytest.mark.parametrize("stack", NAMES)
def test_a_shipped_stack_violates_nothing_mandatory_and_nothing_unreviewed(stack: str) -> None:
    found = evaluate(
        shipped(stack).resources(),
        RULES,
        levels=read_levels(levels_file(stack), ALL_RULES),
        exceptions=read_exceptions(RULES),
        today=clock.today(),
    )
    assert [(one.rule.name, one.resource, one.message) for one in found.mandatory] == []
    assert not found.undecided
    assert {one.rule.name for one in found.violations} == ACCEPTED[stack]


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.value)
@pytest.mark.parametrize("stack", NAMES)
def test_the_engine_is_told_the_same_at_any_moment(stack: str, moment: Moment, analyzer: Analyzer) -> None:
    analyzer.configure(_without_calendar(read_levels(levels_file(stack), ALL_RULES)))
    draft = shipped(stack)
    add_what_the_eks_component_makes(draft)
    found = analyzer.run(draft, moment)
    assert [one for one in found if one.mandatory or one.is_undecided] == []
    assert {one.rule for one in found} == ACCEPTED[stack]


def test_no_level_is_written_for_a_rule_that_would_have_it_anyway() -> None:
    for stack in NAMES:
        levels = read_levels(levels_file(stack), ALL_RULES)
        assert [name for name, level in levels.by_rule.items() if level is default_level(BY_NAME[name])] == [], stack


def _without_calendar(levels: Levels) -> Levels:
    return Levels(by_rule={**levels.by_rule, **dict.fromkeys(BY_THE_CALENDAR, Level.DISABLED)})
