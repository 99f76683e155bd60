"""The runner of GitHub Actions inside the VPC."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.aws.context import AwsContext
from infra.aws.delivery.runner import Runner, RunnerArgs
from infra.settings.aws.delivery import runner_label
from tests.aws.answers import ACCOUNT, REGION
from tests.aws.harness_aws import Graph, run

CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0f0f0f0f-1111-2222-3333-444455556666"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return run(make_runner)


def make_runner(context: AwsContext) -> Runner:
    return Runner(
        "runner",
        RunnerArgs(
            context=context,
            repository="example/nightowl",
            connection_arn=CONNECTION,
            vpc_id="vpc-1",
            subnet_ids=["subnet-a", "subnet-b"],
            routes=[],
            cluster_security_group_id="sg-cluster",
            logs_key_arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs",
            log_retention_days=90,
        ),
    )


def policy(graph: Graph) -> list[dict[str, Any]]:
    return json.loads(graph.one("RolePolicy").props["policy"])["Statement"]


def test_a_job_of_the_repository_gets_a_machine_of_its_own(graph: Graph) -> None:
    filters = graph.one("Webhook").props["filterGroups"][0]["filters"]
    assert filters == [{"type": "EVENT", "pattern": "WORKFLOW_JOB_QUEUED"}]
    source = graph.one("Project").props["source"]
    assert source["location"] == "https://github.com/example/nightowl.git"
    assert source["auth"] == {"type": "CODECONNECTIONS", "resource": CONNECTION}


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


def test_only_codebuild_takes_the_role_and_only_for_this_project(graph: Graph) -> None:
    (statement,) = json.loads(graph.one("Role").props["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": ["codebuild.amazonaws.com"]}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    project = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/nightowl-test-runner"
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": project}


def test_the_runner_itself_may_deploy_nothing(graph: Graph) -> None:
    actions = {action for statement in policy(graph) for action in statement["Action"]}
    assert {action.partition(":")[0] for action in actions} == {"codeconnections", "ec2", "logs"}
    assert not any("*" in action for action in actions)


def test_it_asks_github_through_its_own_connection_only(graph: Graph) -> None:
    (statement,) = [one for one in policy(graph) if one["Sid"] == "AskGitHub"]
    assert statement["Resource"] == [CONNECTION]


def test_the_log_is_encrypted_and_ends(graph: Graph) -> None:
    log = graph.one("LogGroup").props
    assert log["name"] == "/aws/codebuild/nightowl-test-runner"
    assert log["kmsKeyId"].endswith("key/logs")
    assert log["retentionInDays"] == 90


def test_the_project_waits_for_the_permissions_that_it_takes_when_it_is_made(graph: Graph) -> None:
    project = graph.one("Project")
    assert graph.waits_for(project, graph.one("RolePolicy"))
    assert graph.waits_for(project, graph.one("SecurityGroupEgressRule"))


def test_the_label_of_its_jobs_begins_with_the_name_of_the_project(graph: Graph) -> None:
    assert runner_label("test") == f"codebuild-{graph.one('Project').props['name']}"
