"""Deployments from inside the VPC: who starts them, as whom they work, and what they run."""

from __future__ import annotations

import functools
import json
from types import SimpleNamespace
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pytest
import yaml

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.network.network import Network
from infra.platforms.eks.pipeline.pipeline import Delivery
from infra.platforms.eks.pipeline.runner import Runner, RunnerArgs
from infra.settings.build import build_settings
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph, run
from tests.platforms.eks.iam_evaluator import Call, allows
from tests.platforms.eks.stacks import APP, run_stack, sections

GITHUB = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": ["repo:example/nightowl:environment:test"],
    "preview": ["repo:example/nightowl:pull_request", "repo:example/nightowl:ref:refs/heads/main"],
    "ephemeral": ["repo:example/nightowl:environment:ephemeral"],
}
PROJECT = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/nightowl-test-runner"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return run(make_runner)


@functools.cache
def of_stack() -> Graph:
    """A whole stack that is deployed from inside its VPC."""
    delivery = {"github": GITHUB, "backend": f"s3://nightowl-state?region={REGION}", "runner": True}
    return run_stack(build_settings(sections(delivery=delivery, apps={"web": APP}))).graph


class FakeDelivery(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__("nightowl:eks:Delivery", "delivery")
        trust = json.dumps({"Statement": []})
        self.roles = {"deploy": aws.iam.Role("deploy", name="nightowl-test-deploy", assume_role_policy=trust)}


def make_runner(context: AwsContext) -> Runner:
    network = SimpleNamespace(vpc_id="vpc-1", private_subnet_ids={"a": "subnet-a", "b": "subnet-b"}, private_routes=[])
    return Runner(
        "runner",
        RunnerArgs(
            context=context,
            bucket="nightowl-state",
            delivery=cast(Delivery, FakeDelivery()),
            network=cast(Network, network),
            cluster_security_group_id="sg-cluster",
            logs_key_arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs",
            log_retention_days=90,
        ),
    )


def trust_of(kind: str) -> dict[str, Any]:
    (role,) = [made for made in of_stack().all("Role") if made.props.get("name") == f"nightowl-test-{kind}"]
    return json.loads(role.props["assumeRolePolicy"])


def test_nothing_of_github_starts_a_machine_in_the_vpc() -> None:
    """A workflow of a branch can ask for any label: there is no webhook and no connection that would answer it."""
    types = {made.type for made in of_stack().resources}
    assert "aws:codebuild/project:Project" in types
    assert {kind for kind in types if kind.startswith("aws:code")} == {"aws:codebuild/project:Project"}
    assert of_stack().one("Project").props["source"]["type"] == "NO_SOURCE"
    assert "codeconnections" not in str([made.props for made in of_stack().resources])


@pytest.mark.parametrize("kind", ["deploy", "preview", "ephemeral"])
def test_a_build_works_as_the_role_that_deploys_and_no_other_role_lets_codebuild_in(kind: str) -> None:
    def enters(project: str, account: str = ACCOUNT) -> bool:
        sent = {"aws:SourceArn": project, "aws:SourceAccount": account}
        return allows(trust_of(kind), Call(action="sts:AssumeRole", principal="codebuild.amazonaws.com", context=sent))

    assert of_stack().one("Project").props["serviceRole"].endswith("-deploy") or kind != "deploy"
    assert enters(PROJECT) is (kind == "deploy")
    assert not enters(PROJECT.replace("test-runner", "test-other"))
    assert not enters(PROJECT.replace("test-runner", "prod-runner"))
    assert not enters(PROJECT, "999999999999")


def test_what_the_role_gets_for_its_builds_is_a_right_of_the_pipeline_which_no_pipeline_changes() -> None:
    (rights,) = [made for made in of_stack().all("RolePolicy") if made.name == "runner"]
    assert "nightowl:eks:Delivery$aws:iam/rolePolicy:RolePolicy" in rights.urn


def test_a_build_runs_what_the_project_says_of_one_version_of_the_source(graph: Graph) -> None:
    spec = yaml.safe_load(graph.one("Project").props["source"]["buildspec"])
    fetch, *_, install, tools, command = spec["phases"]["build"]["commands"]
    assert "--bucket nightowl-state --key runner/nightowl-test/source.tar --version-id " in fetch
    assert (install, tools) == ("make install", ".venv/bin/nightowl ci tools")
    assert "nightowl ci deploy -s test" in command
    assert "nightowl ci recover -s test" in command
    assert "*) false" in command
    assert spec["env"]["variables"]["GITHUB_ACTIONS"] == "true", "the engine gets what a job's gets, and no more"


def test_a_machine_stands_in_its_own_subnets_with_its_own_group_only(graph: Graph) -> None:
    here = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
    document = json.loads(graph.one("RolePolicy").props["policy"])

    def may(action: str, resource: str, **context: str) -> bool:
        sent = {"aws:RequestedRegion": REGION, **{key.replace("_", ":"): value for key, value in context.items()}}
        return allows(document, Call(action=f"ec2:{action}", resource=f"{here}:{resource}", context=sent))

    own, other = f"{here}:subnet/subnet-a", f"{here}:subnet/subnet-z"
    group = graph.one("SecurityGroupIngressRule").props["referencedSecurityGroupId"]
    assert may("CreateNetworkInterface", "subnet/subnet-a")
    assert may("CreateNetworkInterface", f"security-group/{group}")
    assert not may("CreateNetworkInterface", "subnet/subnet-z")
    assert not may("CreateNetworkInterface", "security-group/sg-cluster")
    assert may("DeleteNetworkInterface", "network-interface/eni-1", ec2_Subnet=own)
    assert not may("DeleteNetworkInterface", "network-interface/eni-1", ec2_Subnet=other)
    lend = {"ec2_AuthorizedService": "codebuild.amazonaws.com"}
    assert may("CreateNetworkInterfacePermission", "network-interface/eni-1", ec2_Subnet=own, **lend)
    assert not may("CreateNetworkInterfacePermission", "network-interface/eni-1", ec2_Subnet=other, **lend)
    assert not may("CreateNetworkInterfacePermission", "network-interface/eni-1", ec2_Subnet=own)


def test_nothing_reaches_the_runner_and_it_speaks_https_only(graph: Graph) -> None:
    own = graph.one("SecurityGroup")
    ways_in = [made for made in graph.all("SecurityGroupIngressRule") if own.name in made.props["securityGroupId"]]
    assert ways_in == []
    assert "ingress" not in own.props
    rule = graph.one("SecurityGroupEgressRule")
    assert (rule.props["fromPort"], rule.props["toPort"], rule.props["ipProtocol"]) == (443, 443, "tcp")


def test_the_api_server_admits_the_runner(graph: Graph) -> None:
    rule = graph.one("SecurityGroupIngressRule")
    assert rule.props["securityGroupId"] == "sg-cluster"
    assert rule.props["referencedSecurityGroupId"].startswith("sg-")
    assert (rule.props["fromPort"], rule.props["toPort"]) == (443, 443)


def test_the_runner_stands_in_the_private_subnets(graph: Graph) -> None:
    placed = graph.one("Project").props["vpcConfig"]
    assert placed["subnets"] == ["subnet-a", "subnet-b"]
    assert placed["vpcId"] == "vpc-1"


def test_the_log_is_encrypted_and_ends(graph: Graph) -> None:
    log = graph.one("LogGroup").props
    assert log["name"] == "/aws/codebuild/nightowl-test-runner"
    assert log["kmsKeyId"].endswith("key/logs")
    assert log["retentionInDays"] == 90


def test_the_project_waits_for_the_permissions_that_it_takes_when_it_is_made(graph: Graph) -> None:
    project = graph.one("Project")
    assert graph.waits_for(project, graph.one("RolePolicy"))
    assert graph.waits_for(project, graph.one("SecurityGroupEgressRule"))
