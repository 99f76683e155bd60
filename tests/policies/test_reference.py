from __future__ import annotations

from policies.reference import CONTROLS, reference
from policies.rules import ALL_RULES, RULES
from policies.undecided import WITHOUT_RULE
from tests.policies.harness import ROOT


def test_the_readme_says_how_many_rules_there_are() -> None:
    assert f"\n{len(ALL_RULES)} rules know" in (ROOT / "README.md").read_text()


def test_the_page_says_what_the_pack_does() -> None:
    assert (ROOT / "docs" / "policies.md").read_text() == reference(), (
        "run `python -m policies.reference > docs/policies.md`"
    )


def test_every_control_has_a_rule_or_a_reason_and_none_has_both() -> None:
    decided = {control for rule in RULES for control in rule.controls}
    assert decided | WITHOUT_RULE.keys() == set(CONTROLS)
    assert not decided & WITHOUT_RULE.keys()


def test_every_reason_is_a_sentence() -> None:
    assert all(reason.endswith(".") and len(reason) > 30 for reason in WITHOUT_RULE.values())
