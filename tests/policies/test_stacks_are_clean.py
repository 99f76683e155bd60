from __future__ import annotations

from datetime import date

import pytest

from policies.evaluation import evaluate
from policies.exceptions_file import read_exceptions
from policies.levels import Level, levels_file, read_levels
from policies.rules import ALL_RULES, RULES
from tests.policies.engine import Moment
from tests.policies.harness import STACKS, Analyzer, add_what_the_eks_component_makes, shipped

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
        "vpc-cni-denies-from-the-start",
    },
    "local": {"hpa-patient-scale-down"},
    "prod": {"ecr-endpoint-is-limited", "node-group-has-alternatives", "vpc-cni-denies-from-the-start"},
    "staging": {
        "cluster-endpoint-is-private-only",
        "cluster-log-is-kept-a-year",
        "node-group-has-alternatives",
        "vpc-cni-denies-from-the-start",
    },
}
"""What the shipped stacks do otherwise on purpose; reviewed one by one."""


@pytest.mark.parametrize("stack", NAMES)
def test_a_shipped_stack_violates_nothing_mandatory_and_nothing_unreviewed(stack: str) -> None:
    found = evaluate(
        shipped(stack).resources(),
        RULES,
        levels=read_levels(levels_file(stack), ALL_RULES),
        exceptions=read_exceptions(RULES),
        today=date.today(),
    )
    assert [(one.rule.name, one.resource, one.message) for one in found.mandatory] == []
    assert not found.undecided
    assert {one.rule.name for one in found.violations} == ACCEPTED[stack]


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.value)
@pytest.mark.parametrize("stack", NAMES)
def test_the_engine_is_told_the_same_at_any_moment(stack: str, moment: Moment, analyzer: Analyzer) -> None:
    analyzer.configure(read_levels(levels_file(stack), ALL_RULES))
    draft = shipped(stack)
    add_what_the_eks_component_makes(draft)
    found = analyzer.run(draft, moment)
    assert [one for one in found if one.mandatory or one.is_undecided] == []
    assert {one.rule for one in found} == ACCEPTED[stack]


def test_no_level_is_written_for_a_rule_that_would_have_it_anyway() -> None:
    for stack in NAMES:
        levels = read_levels(levels_file(stack), ALL_RULES)
        written = {name: level for name, level in levels.by_rule.items() if name != "all"}
        assert Level.MANDATORY not in written.values(), stack
