"""Charts of others on EKS: their roles, what they wait for, and the policy without which their pods reach nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.plan.answers import Answers
from infra.plan.graph import Graph
from infra.plan.plan import plan_of_program
from infra.settings.build import build_settings
from infra.stack import build
from tests.charts.samples import body, chart
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.stacks import sections

OBJECTS = [
    body("ServiceAccount", "keda", metadata={"namespace": "keda"}),
    body("Deployment", "keda", "apps/v1", metadata={"namespace": "keda"}),
]


def planned(**changes: Any) -> Graph:
    settings = build_settings(sections(charts={"keda": chart(permissions=[{"sqs": "jobs"}], **changes)}))
    answers = Answers(
        stack="test", account_id=ACCOUNT, region=REGION, role="deployer", template=lambda _: {"result": OBJECTS}
    )
    return plan_of_program(lambda: build(settings, environment={}, project=Path()), answers).graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    return planned()


def waits_for(graph: Graph, name: str) -> set[str]:
    """Type and name of all that the engine makes before a Deployment."""
    [start] = [one for one in graph.of_type("kubernetes:apps/v1:Deployment") if one.name == name]
    seen: set[str] = set()
    waiting = [start.urn]
    while waiting:
        for urn in graph.by_urn[waiting.pop()].waits_for - seen:
            seen.add(urn)
            waiting += [urn] if urn in graph.by_urn else []
    return {f"{graph.by_urn[urn].kind} {graph.by_urn[urn].name}" for urn in seen if urn in graph.by_urn}


def test_the_pods_of_a_chart_have_a_role_of_their_own_before_they_start(graph: Graph) -> None:
    [association] = [
        one
        for one in graph.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
        if "chart-keda" in one.name
    ]
    assert (association.props["namespace"], association.props["serviceAccount"]) == ("keda", "keda")
    [policy] = [one for one in graph.of_type("aws:iam/rolePolicy:RolePolicy") if "chart-keda" in one.name]
    assert "sqs:ReceiveMessage" in json.dumps(policy.props["policy"])
    assert "PodIdentityAssociation chart-keda" in waits_for(graph, "keda/keda")


def test_the_pods_of_a_chart_wait_for_nodes_and_add_ons(graph: Graph) -> None:
    assert {"Addon coredns", "Addon aws-ebs-csi-driver"} <= waits_for(graph, "keda/keda")
    assert any(one.startswith("NodeGroup ") for one in waits_for(graph, "keda/keda"))


def test_a_chart_that_nodes_need_waits_for_none() -> None:
    assert not [one for one in waits_for(planned(needsNodes=False), "keda/keda") if one.startswith("NodeGroup ")]


def test_the_namespace_of_a_chart_has_a_policy_before_its_first_pod(graph: Graph) -> None:
    [policy] = [one for one in graph.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy") if "keda" in one.name]
    assert policy.props["metadata"]["namespace"] == "keda"
    assert policy.props["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "NetworkPolicy keda.nightowl-charts" in waits_for(graph, "keda/keda")
