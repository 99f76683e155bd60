from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.expressions import UnknownExpressionError, evaluate, fill, holds

CONTEXTS = {
    "vars": {"RUNNER_PROD": "label", "ON": "on"},
    "github": {"event": {"labels": [{"name": "one"}, {"name": "two"}], "empty": []}, "run_id": 7},
    "inputs": {"stack": "prod", "rollback": False},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("vars.on == 'ON'", True),
        ("vars.missing", None),
        ("vars.missing || 'default'", "default"),
        ("vars[format('RUNNER_{0}', inputs.stack)]", "label"),
        ("contains(github.event.labels.*.name, 'two')", True),
        ("contains(github.event.labels.*.name, 'three')", False),
        ("contains(github.event.empty.*.name, 'one')", False),
        ("!inputs.rollback", True),
        ("false || true && false", False),
        ("(true || true) && false", False),
        ("true && 'yes' || 'no'", "yes"),
        ("startsWith(vars.RUNNER_PROD, 'LAB')", True),
        ("startsWith(vars.missing, 'lab')", False),
        ("format('{0}-{1}', 'a', github.run_id)", "a-7"),
        ("fromJSON('[1]')", [1]),
        ("'it''s'", "it's"),
    ],
)
def test_an_expression_has_the_value_that_github_gives_it(text: str, value: Any) -> None:
    assert evaluate(text, CONTEXTS) == value


@pytest.mark.parametrize("text", ["1 +", "vars.a ~ 'b'", "unheard('of')", "github.run_id == 'seven'", "(true"])
def test_what_is_not_understood_is_no_guess(text: str) -> None:
    with pytest.raises(UnknownExpressionError):
        evaluate(text, CONTEXTS)


def test_a_text_keeps_what_is_around_its_expressions() -> None:
    assert fill({"group": "stack-${{ inputs.stack }}"}, CONTEXTS) == {"group": "stack-prod"}


def test_a_condition_needs_no_braces() -> None:
    assert holds("inputs.stack == 'prod'", CONTEXTS)
    assert holds("${{ !inputs.rollback }}", CONTEXTS)
    assert not holds("inputs.rollback", CONTEXTS)
