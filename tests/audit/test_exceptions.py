from __future__ import annotations

from tests.audit.checkers import Finding
from tests.audit.exceptions import Exemption, judge, read_exemptions

FINDING = Finding(checker="checkov", subject="dev", rule="CKV_1", resource="aws_lb.alb", message="told")
EXEMPTION = Exemption(
    checker="checkov", rule="CKV_1", resource="aws_lb.*", stacks=("dev",), reason="long enough to be one"
)


def test_a_finding_that_nothing_excuses_stays() -> None:
    assert judge([FINDING], []).findings == [FINDING]


def test_an_exemption_excuses_its_rule_on_its_resources_in_its_stacks() -> None:
    in_prod = Finding(checker="checkov", subject="prod", rule="CKV_1", resource="aws_lb.alb", message="told")
    verdict = judge([FINDING, in_prod], [EXEMPTION])
    assert (verdict.findings, verdict.needless) == ([in_prod], [])


def test_an_exemption_that_nothing_needs_is_told() -> None:
    assert judge([], [EXEMPTION]).needless == [EXEMPTION]


def test_the_list_is_readable_and_gives_a_reason_for_each() -> None:
    assert all(one.reason.endswith(".") for one in read_exemptions())
