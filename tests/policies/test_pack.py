"""The pack as a whole, and what holds for every rule in it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policies.evaluation import findings
from policies.facts.iam import POLICY, ROLE, ROLE_POLICY
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import guarded
from policies.levels import Level, Levels, default_level
from policies.pack import NAME
from policies.rule import Rule, Scope
from policies.rules import ALL_RULES, RULES
from tests.policies.changes import replaced, statement
from tests.policies.engine import UNKNOWN
from tests.policies.harness import POLICIES, RULE_BY_NAME, Analyzer, Draft, judge, shipped
from tests.policies.mutations import MUTATIONS

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
SUBNET = "aws:ec2/subnet:Subnet"
ODD_VALUES: tuple[Any, ...] = (None, "", "odd", 0, True, [], ["odd"], [{}], {}, {"odd": {}}, UNKNOWN)


def test_no_module_hides_one_of_the_standard_library() -> None:
    # The engine starts the pack in its folder, which Python then looks into first.
    found = {entry.stem for entry in POLICIES.iterdir() if entry.suffix == ".py" or entry.is_dir()}
    names = found - {"__init__", "__main__", "__pycache__"}
    assert not names & sys.stdlib_module_names


def test_every_rule_tells_all_that_a_reader_needs() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name), rule.name
        assert rule.types, rule.name
        assert rule.url.startswith("https://"), rule.name
        for sentence in (rule.protects_from, rule.remediation):
            assert sentence.endswith("."), (rule.name, sentence)
            assert len(sentence) > 15, (rule.name, sentence)


def test_families_and_facts_know_nothing_of_a_family_and_of_how_rules_are_run() -> None:
    own = {"policies.facts", "policies.rule", "policies.document_rule"}
    for file in (*POLICIES.glob("facts/*.py"), *POLICIES.glob("families/*.py")):
        imported = set(re.findall(r"^(?:from|import) (policies(?:\.\w+)?)", file.read_text(), re.M))
        assert imported <= (own if file.parent.name == "families" else {"policies.facts"}), file.name


def test_no_two_rules_share_a_name() -> None:
    names = [rule.name for rule in ALL_RULES]
    assert len(names) == len(set(names))


def test_no_rule_knows_nightowl() -> None:
    for file in POLICIES.rglob("*.py"):
        said = re.sub(r"docs/|`nightowl plan`|knows\nNightowl|nightowl plan -s prod", "", file.read_text())
        # What a violation says to whoever wrote a stack file is beside the rules.
        if file.name not in {"pack.py", "stack_keys.py"}:
            assert "nightowl" not in said.lower(), file.name


def test_the_engine_is_told_every_rule(analyzer: Analyzer) -> None:
    info = analyzer.info()
    told = {policy.name: policy for policy in info.policies}
    assert info.name == NAME
    assert told.keys() == {rule.name for rule in ALL_RULES}
    for rule in ALL_RULES:
        policy = told[rule.name]
        assert policy.description == rule.protects_from
        assert policy.remediation_steps == rule.remediation
        assert policy.url == rule.url
        assert policy.enforcementLevel == (1 if default_level(rule) is Level.MANDATORY else 0)


def test_an_unknown_value_leaves_a_resource_rule_undecided(analyzer: Analyzer) -> None:
    analyzer.only("cluster-endpoint-is-private")
    draft = shipped("prod")
    draft.of(CLUSTER)["vpcConfig"] = UNKNOWN
    found = analyzer.analyze(draft, [CLUSTER])
    assert [(one.rule, one.is_undecided, one.mandatory) for one in found] == [
        ("cluster-endpoint-is-private", True, False)
    ]


def test_an_unknown_value_does_not_hide_what_others_violate(analyzer: Analyzer) -> None:
    draft = shipped("prod")
    groups = draft.all(NODE_GROUP)
    groups[0].inputs["version"] = UNKNOWN
    groups[1].inputs["version"] = "1.37"
    analyzer.only("node-version-fits-the-control-plane")
    found = analyzer.run(draft)
    assert [one.urn for one in found if not one.is_undecided] == [groups[1].urn]
    assert [one.urn for one in found if one.is_undecided] == [groups[0].urn]


def test_without_the_engine_too_an_unknown_value_is_told_and_not_taken_for_good() -> None:
    draft = shipped("prod")
    draft.of(CLUSTER)["encryptionConfig"] = UNKNOWN
    undecided = judge(draft, [RULE_BY_NAME["cluster-encrypts-secrets"]]).undecided
    assert [(one.rule.name, one.resource) for one in undecided] == [
        ("cluster-encrypts-secrets", "Cluster cluster-eksCluster")
    ]


def test_a_link_that_is_known_only_by_its_id_is_found_by_dependency() -> None:
    draft = shipped("prod")
    for request in draft.requests:
        for key in ("subnetIds", "subnetId", "routeTableId", "gatewayId", "natGatewayId", "vpcId"):
            if key in request.inputs:
                request.inputs[key] = UNKNOWN
    group, public = draft.get(NODE_GROUP), draft.get(SUBNET, "public-eu-central-1a")
    group.property_dependencies["subnetIds"] = {public.urn}
    rule = RULE_BY_NAME["node-subnet-has-no-internet-gateway-route"]
    assert [one.urn for one in judge(draft, [rule]).violations] == [group.urn]


def test_a_violation_names_resource_and_remedy(analyzer: Analyzer) -> None:
    analyzer.only("cluster-logs-everything")
    draft = shipped("prod")
    draft.of(CLUSTER)["enabledClusterLogTypes"] = ["api"]
    (found,) = analyzer.analyze(draft, [CLUSTER])
    assert found.mandatory
    assert "Cluster cluster-eksCluster: enabledClusterLogTypes lacks audit" in found.message
    assert RULE_BY_NAME["cluster-logs-everything"].remediation in found.message


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_value_of_any_shape_crashes_no_rule(rule: Rule) -> None:
    mutation = next(one for one in MUTATIONS if one.rule == rule.name)
    draft = mutation.draft()
    judged = [request for type_ in rule.types for request in draft.all(type_)[:1]]
    neighbours = [] if rule.scope is Scope.RESOURCE else [_guarded(one.resource()) for one in draft.requests]
    for request in judged:
        others = [one for one in neighbours if one.urn != request.urn]
        for inputs in _odd_variants(request.inputs):
            request.inputs = inputs
            resource = _guarded(request.resource())
            findings(rule, resource, Stack(resources=(resource, *others)))


def test_unknown_neighbours_crash_no_stack_rule() -> None:
    draft = shipped("prod")
    for request in draft.requests:
        request.inputs = dict.fromkeys(request.inputs, UNKNOWN)
    found = judge(draft)
    assert found.undecided
    assert not [one for one in found.violations if one.rule.name == "cluster-logs-everything"]


def test_a_role_s_own_policy_is_refused_before_it_is_made_and_told_once(analyzer: Analyzer) -> None:
    draft = Draft([])
    own = draft.add(ROLE_POLICY, "own", {"role": "x", "policy": statement(Action="*", Resource="*")})
    analyzer.only("policy-allows-no-star")
    (before,) = analyzer.analyze(draft)
    assert (before.urn, before.mandatory) == (own.urn, True)
    assert analyzer.analyze_stack(draft) == []


def test_a_wide_managed_policy_is_decided_with_the_stack_as_it_may_be_a_boundary(analyzer: Analyzer) -> None:
    draft = Draft([])
    wide = draft.add(POLICY, "wide", {"policy": statement(Action="*", Resource="*")})
    role = draft.add(ROLE, "role", {"permissionsBoundary": UNKNOWN}, takes={"permissionsBoundary": wide})
    analyzer.only("policy-allows-no-star")
    assert analyzer.run(draft) == []
    role.inputs["managedPolicyArns"] = UNKNOWN
    role.property_dependencies["managedPolicyArns"] = {wide.urn}
    assert [one.urn for one in analyzer.run(draft)] == [wide.urn]


def test_an_empty_stack_violates_nothing() -> None:
    assert not judge(Draft([])).violations


def test_switching_a_rule_off_leaves_the_others_on(analyzer: Analyzer) -> None:
    draft = shipped("prod")
    draft.of(CLUSTER).update(enabledClusterLogTypes=[], encryptionConfig=None)
    analyzer.configure(Levels(by_rule={"cluster-logs-everything": Level.DISABLED}))
    rules = {one.rule for one in analyzer.analyze(draft, [CLUSTER])}
    assert "cluster-encrypts-secrets" in rules
    assert "cluster-logs-everything" not in rules


def _guarded(resource: Resource) -> Resource:
    return replace(resource, props=guarded(resource.props, resource.label))


def _odd_variants(inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the inputs with each value, up to three levels down, taken away or replaced by an odd one."""
    yield {}
    for path in _paths(inputs, 3):
        for odd in ODD_VALUES:
            yield replaced(inputs, path, odd)


def _paths(value: Any, levels: int) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (key,)
        if levels > 1:
            yield from ((key, *rest) for rest in _paths(item, levels - 1))


def test_the_pack_file_names_the_interpreter_of_the_project() -> None:
    text = Path(POLICIES / "PulumiPolicy.yaml").read_text()
    assert "toolchain: uv" in text
