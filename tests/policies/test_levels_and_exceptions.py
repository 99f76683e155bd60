from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policies.evaluation import Evaluation, evaluate
from policies.exceptions_file import PolicyException, read_exceptions
from policies.levels import Level, Levels, levels_file, read_levels
from policies.problems import PolicyDataError
from policies.rules import ALL_RULES, RULES
from tests.policies.harness import RULE_BY_NAME, shipped

CLUSTER = "aws:eks/cluster:Cluster"
RULE = RULE_BY_NAME["cluster-logs-everything"]
TODAY = date(2026, 11, 23)


def judged(*exceptions: PolicyException, today: date = TODAY) -> Evaluation:
    draft = shipped("prod")
    draft.of(CLUSTER)["enabledClusterLogTypes"] = []
    return evaluate(draft.resources(), [RULE], levels=Levels(), exceptions=exceptions, today=today)


def excuse(resource: str = "urn:pulumi:prod::*aws:eks/cluster:Cluster::*", expires: date = TODAY) -> PolicyException:
    return PolicyException(rule=RULE.name, resource=resource, reason="being moved", expires=expires)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[]", "holds no JSON object"),
        ("{", "cannot be read"),
        ('{"xyzzy": "mandatory"}', "there is no rule 'xyzzy'; a violation is told with the name of its rule"),
        ('{"cluster-logs-everything": "strict"}', "'strict' is no level; use mandatory, advisory, disabled"),
        ('{"cluster-logs-everything": {}}', "is no level"),
    ],
)
def test_a_bad_levels_file_is_refused_with_what_is_wrong(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "prod.json"
    file.write_text(content)
    with pytest.raises(PolicyDataError, match=complaint) as raised:
        read_levels(file, ALL_RULES)
    assert str(file) in str(raised.value)


def test_a_level_may_be_written_as_the_engine_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "prod.json"
    file.write_text('{"all": "advisory", "cluster-logs-everything": {"enforcementLevel": "mandatory"}}')
    levels = read_levels(file, ALL_RULES)
    assert levels.of(RULE) is Level.MANDATORY
    assert levels.of(RULE_BY_NAME["policy-allows-no-star"]) is Level.ADVISORY


def test_a_stack_without_levels_of_its_own_gets_the_strict_ones() -> None:
    assert levels_file("anything").name == "prod.json"
    assert levels_file("dev").name == "dev.json"


def test_a_rule_of_high_severity_stops_a_deployment_where_no_file_says_otherwise() -> None:
    assert Levels().of(RULE) is Level.MANDATORY
    assert Levels().of(RULE_BY_NAME["log-group-has-own-key"]) is Level.ADVISORY


def test_a_disabled_rule_says_nothing() -> None:
    draft = shipped("prod")
    draft.of(CLUSTER)["enabledClusterLogTypes"] = []
    levels = Levels(by_rule={RULE.name: Level.DISABLED})
    found = evaluate(draft.resources(), [RULE], levels=levels, exceptions=(), today=TODAY)
    assert not found.violations
    assert found.rules == 1, "that of exceptions alone"


def test_an_exception_excuses_its_resource_until_its_last_day() -> None:
    assert judged().mandatory
    assert not judged(excuse()).violations


def test_an_exception_excuses_no_other_resource_and_no_other_rule() -> None:
    assert judged(excuse(resource="*::other")).mandatory
    other = PolicyException(rule="key-rotates", resource="*", reason="x", expires=TODAY)
    assert judged(other).mandatory


def test_an_exception_that_is_over_excuses_nothing_and_is_a_violation_itself() -> None:
    found = judged(excuse(expires=date(2026, 11, 22))).mandatory
    assert {one.rule.name for one in found} == {"cluster-logs-everything", "exceptions-in-date"}
    told = next(one for one in found if one.rule.name == "exceptions-in-date")
    assert "ended on 2026-11-22 (being moved)" in told.message


GOOD = "rule: cluster-logs-everything\n  resource: '*'\n  reason: moving\n  expires: 2027-01-31"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("rule: x", "holds no list"),
        ("- rule: x", "has the keys rule; it needs exactly expires, reason, resource, rule"),
        ("- 5", "has the keys none"),
        (f"- {GOOD}\n  note: x", "it needs exactly"),
        (
            f"- {GOOD}".replace("cluster-logs", "cluster-lags"),
            "there is no rule 'cluster-lags-everything'; did you mean 'cluster-logs-everything'",
        ),
        (f"- {GOOD}".replace("2027-01-31", "soon"), "expires: 'soon' is no day; write it as 2027-01-31"),
        (f"- {GOOD}".replace("moving", "''"), "reason: '' is no text"),
        ("- [", "cannot be read"),
    ],
)
def test_a_bad_exceptions_file_is_refused_with_what_is_wrong(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "exceptions.yaml"
    file.write_text(content)
    with pytest.raises(PolicyDataError, match=complaint):
        read_exceptions(RULES, file)


def test_the_shipped_exceptions_are_usable() -> None:
    assert all(exception.reason for exception in read_exceptions(RULES))


def test_exceptions_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "exceptions.yaml"
    file.write_text(f"- {GOOD}")
    (exception,) = read_exceptions(RULES, file)
    assert exception.expires == date(2027, 1, 31)
