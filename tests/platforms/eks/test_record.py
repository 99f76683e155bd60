from __future__ import annotations

import logging

import pulumi
import pulumi_aws as aws
import pytest

from infra.platforms.eks.record import Record, record
from infra.settings.stack import StackSettings
from infra.stack import build
from tests.platforms.eks.answers import AwsAnswers
from tests.platforms.eks.harness_aws import Graph, run_bare
from tests.platforms.eks.stacks import account_of, deployer_of, shipped


class Box(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Box", name, None, opts)


def test_resources_of_components_and_of_their_components_are_seen() -> None:
    seen: list[Record] = []

    def program() -> None:
        seen.append(record())
        inner = Box("inner", pulumi.ResourceOptions(parent=Box("outer")))
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(parent=inner))
        aws.kms.Key("key")

    run_bare(program)
    assert seen[0].types == {"aws:ec2/vpc:Vpc", "aws:kms/key:Key"}


def test_what_was_made_before_the_recording_is_not_seen_and_what_comes_after_a_look_is() -> None:
    looks: list[frozenset[str]] = []

    def program() -> None:
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
        recorder = record()
        looks.append(frozenset(recorder.types))
        aws.kms.Key("key")
        looks.append(frozenset(recorder.types))

    run_bare(program)
    assert looks == [frozenset(), {"aws:kms/key:Key"}]


def test_two_programs_in_one_process_do_not_mix() -> None:
    seen: list[Record] = []

    def one() -> None:
        seen.append(record())
        aws.kms.Key("key")

    def other() -> None:
        seen.append(record())
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")

    run_bare(one)
    run_bare(other)
    assert [recorder.types for recorder in seen] == [{"aws:kms/key:Key"}, {"aws:ec2/vpc:Vpc"}]


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_a_whole_stack_is_recorded_and_nothing_is_warned_of(stack: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = shipped(stack)
    seen: list[Record] = []
    with caplog.at_level(logging.WARNING):
        graph = run_recorded(settings, seen, stack=stack)
    made = {resource.type for resource in graph.resources if resource.type.startswith("aws:")}
    assert seen[0].types == made | {"aws:eks/cluster:Cluster"}
    assert not caplog.records


def run_recorded(settings: StackSettings, seen: list[Record], *, stack: str = "test") -> Graph:
    def program() -> None:
        seen.append(record())
        build(settings)

    answers = AwsAnswers(account=account_of(settings), caller=deployer_of(settings))
    return run_bare(program, answers=answers, stack=stack)
