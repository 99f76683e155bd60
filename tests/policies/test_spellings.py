"""Dangerous settings in every spelling that a program may choose, and harmless ones that look like them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from policies.evaluation import Evaluation
from policies.levels import Level
from tests.policies.harness import RULE_BY_NAME, Analyzer, Draft, judge, strict_levels
from tests.policies.spelled import aws_identity, aws_resources, kubernetes
from tests.policies.spelled.case import Case

FAMILIES = (aws_identity, aws_resources, kubernetes)
DANGERS = [case for family in FAMILIES for case in family.dangers()]
HARMLESS = [case for family in FAMILIES for case in family.harmless()]
RULES = frozenset[str]().union(*(case.rules for case in DANGERS))
"""What none of the harmless may set off."""


@dataclass(frozen=True)
class Judged:
    """All cases as one stack, so that the pack is asked once."""

    draft: Draft
    case_of: Mapping[str, str]
    found: Evaluation

    def rules(self, case: Case) -> set[str]:
        return {one.rule.name for one in self.found.violations if self.case_of[one.urn] == case.name}


@pytest.fixture(scope="module")
def judged() -> Judged:
    draft = Draft([])
    case_of = {urn: case.name for case in (*DANGERS, *HARMLESS) for urn in case.add_to(draft)}
    return Judged(draft, case_of, judge(draft))


def test_there_are_enough_of_either() -> None:
    names = [case.name for case in (*DANGERS, *HARMLESS)]
    assert len(DANGERS) >= 200
    assert len({case.name.partition(": ")[0] for case in DANGERS}) >= 30
    assert len(HARMLESS) >= 100
    assert len(names) == len(set(names))


def test_what_the_spellings_set_off_stops_a_deployment_to_production() -> None:
    levels = strict_levels()
    assert {levels.of(RULE_BY_NAME[name]) for name in RULES} == {Level.MANDATORY}


@pytest.mark.parametrize("case", DANGERS, ids=str)
def test_no_spelling_of_a_dangerous_setting_passes(case: Case, judged: Judged) -> None:
    assert judged.rules(case) & case.rules


@pytest.mark.parametrize("case", HARMLESS, ids=str)
def test_a_harmless_neighbour_passes(case: Case, judged: Judged) -> None:
    assert not judged.rules(case) & RULES


def test_the_engine_is_told_the_same(judged: Judged, analyzer: Analyzer) -> None:
    analyzer.only(*RULES)
    told = {(one.rule, one.urn) for one in analyzer.run(judged.draft) if not one.is_undecided}
    assert told == {(one.rule.name, one.urn) for one in judged.found.violations if one.rule.name in RULES}
