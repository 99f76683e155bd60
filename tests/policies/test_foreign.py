"""The pack over other people's programs: what it says there is a list that was read, line by line."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.answers import Answers
from infra.plan.capture import capture
from infra.plan.policies import subjects
from policies.levels import Levels
from tests.policies.foreign import plain_kubernetes, pulumi_eks_defaults, raw_eks
from tests.policies.harness import Analyzer, Draft, draft_of, judge

PROGRAMS: dict[str, Callable[[], dict[str, Any]]] = {
    "plain_kubernetes": plain_kubernetes.program,
    "pulumi_eks_defaults": pulumi_eks_defaults.program,
    "raw_eks": raw_eks.program,
}
REVIEWED: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "foreign" / "findings.yaml").read_text(encoding="utf-8")
)


@functools.cache
def draft(name: str) -> Draft:
    answers = Answers(stack="test", project="foreign", region="us-west-2")
    return draft_of(subjects(capture(PROGRAMS[name], answers)))


def findings(name: str) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for violation in judge(draft(name)).violations:
        found.setdefault(violation.rule.name, set()).add(violation.resource)
    return {rule: sorted(resources) for rule, resources in sorted(found.items())}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_pack_finds_in_a_foreign_program_what_a_reviewer_agreed_with_and_nothing_else(name: str) -> None:
    assert findings(name) == REVIEWED[name], (
        "read what is new; where the pack is right, add it to foreign/findings.yaml"
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_engine_is_told_the_same(name: str, analyzer: Analyzer) -> None:
    analyzer.configure(Levels())
    told = analyzer.run(draft(name))
    assert not [one for one in told if one.is_undecided]
    expected = judge(draft(name)).violations
    assert {(one.rule, one.urn) for one in told} == {(one.rule.name, one.urn) for one in expected}
