from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from infra.plan.answers import Answers, UnknownCallError
from infra.plan.capture import ProgramError
from infra.plan.graph import Resource
from infra.plan.plan import Plan, plan_of_program
from infra.plan.values import HIDDEN
from tests.plan.sample import program


def only(plan: Plan, type_: str, name: str) -> Resource:
    found = [item for item in plan.graph.of_type(type_) if item.name == name]
    assert len(found) == 1
    return found[0]


def test_inputs_are_recorded_as_the_provider_gets_them(sample: Plan) -> None:
    group = only(sample, "aws:eks/nodeGroup:NodeGroup", "apps-b")
    assert group.props["scalingConfig"] == {"desiredSize": 1, "minSize": 1, "maxSize": 20}
    assert group.ignore_changes == ("scalingConfig.desiredSize",)
    assert only(sample, "aws:ec2/vpc:Vpc", "network").protect


def test_what_only_the_cloud_knows_reads_well(sample: Plan) -> None:
    subnet = only(sample, "aws:ec2/subnet:Subnet", "private-a")
    assert subnet.props["vpcId"] == "vpc-(network made at up)"
    assert sample.graph.outputs["vpc"] == "vpc-(network made at up)"


def test_dependencies_by_property_by_option_by_parent_and_by_provider_are_all_seen(sample: Plan) -> None:
    waits = {sample.graph.by_urn[urn].label for urn in only(sample, "aws:eks/addon:Addon", "coredns").waits_for}
    assert {"Cluster cluster", "NodeGroup apps-a", "EksPlatform platform", "aws aws"} <= waits


def test_a_component_waits_for_every_provider_that_it_is_given_and_so_does_all_that_is_in_it() -> None:
    def given() -> dict[str, Any]:
        slow = aws.s3.Bucket("slow")
        late = aws.Provider("late", region="eu-central-1", opts=pulumi.ResourceOptions(depends_on=[slow]))
        early = aws.Provider("early", region="eu-central-1")
        group = pulumi.ComponentResource("test:index:Group", "group", None, pulumi.ResourceOptions(providers=[late]))
        aws.ec2.Eip("inside", opts=pulumi.ResourceOptions(parent=group, provider=early))
        return {}

    plan = plan_of_program(given, Answers(stack="s"))
    bucket, inside = only(plan, "aws:s3/bucket:Bucket", "slow"), only(plan, "aws:ec2/eip:Eip", "inside")
    assert plan.schedule.steps[inside.urn].start == plan.schedule.steps[bucket.urn].end


def test_an_output_from_inside_the_cluster_component_leads_to_the_component(sample: Plan) -> None:
    addon = only(sample, "aws:eks/addon:Addon", "vpc-cni")
    assert [item.type for item in sample.graph.dependencies(addon, "clusterName", "eks:index:Cluster")] == [
        "eks:index:Cluster"
    ]
    assert addon.waits_for <= sample.graph.by_urn.keys()


def test_warnings_of_the_program_are_kept(sample: Plan) -> None:
    assert sample.graph.warnings == ("a warning of the program",)


def test_one_run_leaves_nothing_behind_for_the_next(sample: Plan) -> None:
    def small() -> dict[str, Any]:
        return {"other": pulumi.get_stack()}

    plan = plan_of_program(small, Answers(stack="other"))
    assert plan.graph.outputs == {"other": "other"}
    assert plan.graph.resources == ()
    again = plan_of_program(program, Answers(stack="sample"))
    assert again.graph.resources == sample.graph.resources


def test_a_look_up_without_an_answer_is_named() -> None:
    def asks() -> dict[str, Any]:
        provider = aws.Provider("aws", region="eu-central-1")
        return {"ip": aws.get_ip_ranges(services=["ec2"], opts=pulumi.InvokeOptions(provider=provider)).id}

    with pytest.raises(UnknownCallError, match="aws:index/getIpRanges:getIpRanges"):
        plan_of_program(asks, Answers(stack="s"))


def test_what_the_program_refuses_is_told_in_its_own_words() -> None:
    def refuses() -> dict[str, Any]:
        raise pulumi.RunError("nightowl:network.zones: 9 is too many")

    with pytest.raises(ProgramError, match=r"^nightowl:network.zones: 9 is too many$"):
        plan_of_program(refuses, Answers(stack="s"))


def test_two_resources_of_one_name_are_refused_as_the_engine_would() -> None:
    def twice() -> dict[str, Any]:
        provider = aws.Provider("aws", region="eu-central-1")
        for _ in range(2):
            aws.ec2.Vpc("same", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(provider=provider))
        return {}

    with pytest.raises(ProgramError, match="aws:ec2/vpc:Vpc are named 'same'"):
        plan_of_program(twice, Answers(stack="s"))


def test_secrets_are_never_shown() -> None:
    def secret() -> dict[str, Any]:
        provider = aws.Provider("aws", region="eu-central-1")
        tags = {"password": pulumi.Output.secret("hunter2")}
        aws.ec2.Vpc("network", cidr_block="10.0.0.0/16", tags=tags, opts=pulumi.ResourceOptions(provider=provider))
        return {"password": pulumi.Output.secret("hunter2")}

    plan = plan_of_program(secret, Answers(stack="s"))
    assert only(plan, "aws:ec2/vpc:Vpc", "network").props["tags"] in (HIDDEN, {"password": HIDDEN})
    assert plan.graph.outputs == {"password": HIDDEN}
