"""What a rule knows of a resource under the engine: what is declared, not what came of it, and never a default."""

from __future__ import annotations

from typing import Any

import pytest

from policies.facts import pods
from policies.facts.objects import DEPLOYMENT, HPA, SERVICE_ACCOUNT
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import UnknownFactError, guarded, is_set
from policies.levels import Level, Levels
from policies.rule import Scope
from policies.rules import RULES
from tests.policies.engine import SCALED_REPLICAS, UNKNOWN, Moment
from tests.policies.harness import (
    RULE_BY_NAME,
    Analyzer,
    Draft,
    add_what_the_eks_component_makes,
    judge,
    shipped,
    started_analyzer,
)

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
IDENTITY = "kubernetes-provider-keeps-its-identity"
COMPONENT_PROVIDER = "cluster-eks-k8s"


def test_what_belongs_to_a_workload_is_found_without_going_through_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(scaler: Resource, workload: Resource, _: Stack) -> bool:
        asked.append(scaler.name)
        return scaler.name == workload.name

    monkeypatch.setattr(pods, "_scales", counted)
    names = [f"app{number}" for number in range(20)]
    workloads = [made(DEPLOYMENT, name) for name in names]
    scaled = [made(HPA, name, {"scaleTargetRef": {"kind": "Deployment", "name": name}}) for name in names]
    stack = Stack(resources=(*workloads, *scaled))
    assert [pods.scalers(workload, stack) for workload in workloads] == [[scaler] for scaler in scaled]
    assert len(asked) == 2 * len(names)


def made(type_: str, name: str, spec: dict[str, Any] | None = None) -> Resource:
    props = {"metadata": {"name": name, "namespace": "apps"}, "spec": spec or {}}
    return Resource(urn=f"urn:{type_}::{name}", type=type_, name=name, props=props)


def without_replicas(draft: Draft) -> None:
    draft.of(DEPLOYMENT, "web")["spec"].pop("replicas", None)
    draft.get(DEPLOYMENT, "web").ignore_changes = []


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.value)
def test_replicas_that_the_autoscaler_has_set_are_not_held_against_the_program(
    analyzer: Analyzer, moment: Moment
) -> None:
    draft = shipped("prod")
    without_replicas(draft)
    analyzer.only("hpa-owns-replicas")
    assert [one for one in analyzer.run(draft, moment) if one.urn == draft.get(DEPLOYMENT, "web").urn] == []


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.value)
def test_replicas_that_the_program_sets_beside_an_autoscaler_are_refused(analyzer: Analyzer, moment: Moment) -> None:
    draft = shipped("prod")
    without_replicas(draft)
    draft.of(DEPLOYMENT, "web")["spec"]["replicas"] = 3
    analyzer.only("hpa-owns-replicas")
    (found,) = (one for one in analyzer.run(draft, moment) if one.urn == draft.get(DEPLOYMENT, "web").urn)
    assert not found.is_undecided
    assert "spec.replicas is 3 beside HorizontalPodAutoscaler web" in found.message
    assert str(SCALED_REPLICAS) not in found.message


@pytest.mark.parametrize("ignored", ["spec.replicas", "spec", "*"])
def test_replicas_that_no_update_sets_back_are_where_a_workload_starts(analyzer: Analyzer, ignored: str) -> None:
    draft = shipped("prod")
    draft.of(DEPLOYMENT, "web")["spec"]["replicas"] = 3
    draft.get(DEPLOYMENT, "web").ignore_changes = [ignored]
    analyzer.only("hpa-owns-replicas")
    assert [one for one in analyzer.run(draft, Moment.LATER) if one.urn == draft.get(DEPLOYMENT, "web").urn] == []


def test_a_stack_rule_knows_what_is_declared_whatever_other_rules_are_off(analyzer: Analyzer) -> None:
    draft = shipped("prod")
    off = {rule.name: Level.DISABLED for rule in RULES if rule.scope is Scope.RESOURCE}
    analyzer.configure(Levels(by_rule=off))
    assert [one for one in analyzer.run(draft, Moment.FIRST_PREVIEW) if one.is_undecided] == []


def test_what_this_run_does_not_declare_leaves_a_rule_undecided_and_is_named() -> None:
    draft = shipped("prod")
    with started_analyzer() as fresh:
        fresh.only("service-account-mounts-no-token", "one-disruption-budget")
        found = fresh.analyze_stack(draft, Moment.LATER)
    assert found
    assert all(one.is_undecided and not one.mandatory for one in found)
    account = draft.get(SERVICE_ACCOUNT)
    assert (
        f"ServiceAccount {account.name}: undecided, as what is declared for ServiceAccount {account.name} is not known"
        in {one.message.partition(", as this run")[0] for one in found}
    )


def test_a_fact_that_is_missing_is_named_by_its_resource_and_path(analyzer: Analyzer) -> None:
    draft = shipped("prod")
    without_replicas(draft)
    draft.of(HPA, "web")["spec"]["minReplicas"] = UNKNOWN
    analyzer.only("disruption-budget")
    (found,) = (one for one in analyzer.run(draft) if one.urn == draft.get(DEPLOYMENT, "web").urn)
    assert not found.mandatory
    assert found.message == (
        "Deployment web: undecided, as spec.minReplicas of HorizontalPodAutoscaler web is not known yet"
    )


def test_a_key_that_is_made_in_the_same_update_is_a_key(analyzer: Analyzer) -> None:
    draft = shipped("prod")
    for group in draft.all(LOG_GROUP):
        group.inputs["kmsKeyId"] = UNKNOWN
    analyzer.only("log-group-has-own-key")
    assert analyzer.run(draft, Moment.FIRST_PREVIEW) == []


def test_a_fact_below_one_that_is_not_known_is_not_taken_for_set() -> None:
    with pytest.raises(UnknownFactError, match="encryptionConfig of Cluster eks is not known yet"):
        is_set(guarded({"encryptionConfig": UNKNOWN}, "Cluster eks"), "encryptionConfig", "provider", "keyArn")


def test_a_target_whose_name_is_not_known_yet_is_found_by_dependency() -> None:
    draft = shipped("prod")
    scaler, deployment = draft.get(HPA, "web"), draft.get(DEPLOYMENT, "web")
    scaler.inputs["spec"]["scaleTargetRef"]["name"] = UNKNOWN
    scaler.property_dependencies["spec"] = {deployment.urn}
    deployment.ignore_changes = []
    found = judge(draft, [RULE_BY_NAME["hpa-owns-replicas"]])
    assert [one.urn for one in found.violations] == [deployment.urn]
    assert found.undecided == []


def test_a_plan_says_the_same_of_a_missing_fact() -> None:
    draft = shipped("prod")
    draft.of(HPA, "web")["spec"]["minReplicas"] = UNKNOWN
    undecided = judge(draft, [RULE_BY_NAME["disruption-budget"]]).undecided
    assert [(one.resource, one.message) for one in undecided] == [
        ("Deployment web", "spec.minReplicas of HorizontalPodAutoscaler web is not known yet")
    ]


def test_the_provider_that_the_eks_component_makes_for_itself_is_not_the_programs() -> None:
    draft = shipped("prod")
    add_what_the_eks_component_makes(draft)
    rules = [RULE_BY_NAME[name] for name in (IDENTITY, "kubernetes-provider-waits-for-access")]
    assert judge(draft, rules).violations == []


def test_a_program_that_uses_the_eks_components_provider_is_told_of_its_identity() -> None:
    draft = shipped("prod")
    add_what_the_eks_component_makes(draft)
    provider = draft.get("pulumi:providers:kubernetes", COMPONENT_PROVIDER)
    draft.get(DEPLOYMENT, "web").provider = provider.urn
    assert [one.urn for one in judge(draft, [RULE_BY_NAME[IDENTITY]]).violations] == [provider.urn]
