"""What the policies say of charts of others: told by the chart's key, and stopped only for what nobody wants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.plan.answers import Answers
from infra.plan.plan import Plan, plan_of_program
from infra.settings.build import build_settings
from infra.stack import build
from policies.levels import Level
from tests.charts.samples import body, chart
from tests.harness import CONTEXT

POD: dict[str, Any] = {
    "containers": [
        {
            "name": "agent",
            "image": "example.com/agent:1",
            "securityContext": {"privileged": True},
            "env": [{"name": "API_PASSWORD", "value": "hunter2-hunter2"}],
        }
    ]
}
OBJECTS = [
    body("DaemonSet", "agent", "apps/v1", metadata={"namespace": "agent"}, spec={"template": {"spec": POD}}),
    body(
        "ClusterRoleBinding",
        "agent",
        "rbac.authorization.k8s.io/v1",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}],
    ),
]


@pytest.fixture(scope="module")
def plan() -> Plan:
    settings = build_settings(
        {"platform": {"kind": "existing", "context": CONTEXT}, "apps": {}, "charts": {"agent": chart()}}
    )
    answers = Answers(stack="prod", template=lambda _: {"result": OBJECTS})
    return plan_of_program(lambda: build(settings, environment={}, project=Path()), answers)


def test_what_a_chart_may_need_is_told_by_its_key_and_stops_nothing(plan: Plan) -> None:
    found = [one for one in plan.policies.violations if one.rule.name == "pod-not-privileged"]
    assert [(one.level, one.key) for one in found] == [(Level.ADVISORY, "nightowl:charts.agent")]
    assert found[0].text.startswith("nightowl:charts.agent: DaemonSet agent/agent ")
    assert found[0].remedy == "Set it by the chart's 'values', or accept it in policies/exceptions.yaml."


def test_a_secret_in_plain_text_and_rights_for_everybody_stop_a_chart_too(plan: Plan) -> None:
    assert {one.rule.name for one in plan.policies.mandatory} == {
        "no-plain-secret-variable",
        "no-binding-for-everybody",
    }


def test_the_namespace_of_a_chart_is_told_of_by_the_charts(plan: Plan) -> None:
    found = [one for one in plan.policies.violations if one.rule.name == "namespace-denies-ingress"]
    assert [(one.level, one.key) for one in found] == [(Level.ADVISORY, "nightowl:charts")]
