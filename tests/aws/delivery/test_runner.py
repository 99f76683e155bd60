"""The runner of GitHub Actions inside the VPC."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from infra.aws.context import AwsContext
from infra.aws.delivery.runner import Runner, RunnerArgs
from infra.settings.aws.delivery import RunnerSettings, runner_label
from tests.aws.answers import ACCOUNT, REGION
from tests.aws.harness_aws import Graph, run
from tests.aws.iam_evaluator import Call, allows

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
            started_by=["1001", "1002"],
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


@pytest.mark.parametrize(
    ("workflow", "actor", "starts"),
    [
        ("deploy", "1001", True),
        ("drift", "1002", True),
        ("preview", "1001", False),
        ("ephemeral", "1001", False),
        ("ci", "1001", False),
        ("not-deploy", "1001", False),
        ("deploy", "100", False),
        ("deploy", "10011", False),
        ("deploy", "41898282", False),
    ],
)
def test_a_machine_starts_for_the_workflows_that_deploy_in_runs_of_those_who_may(
    graph: Graph, workflow: str, actor: str, starts: bool
) -> None:
    [group] = graph.one("Webhook").props["filterGroups"]
    filters = {one["type"]: one["pattern"] for one in group["filters"]}
    assert not any(one.get("excludeMatchedPattern") for one in group["filters"])
    told = {"EVENT": "WORKFLOW_JOB_QUEUED", "WORKFLOW_NAME": workflow, "ACTOR_ACCOUNT_ID": actor}
    assert filters.keys() == told.keys()
    # CodeBuild searches; the patterns say themselves where they begin and end.
    assert all(re.search(pattern, told[type_]) for type_, pattern in filters.items()) is starts


def test_the_machines_of_github_start_nothing() -> None:
    with pytest.raises(ValidationError, match=r"github-actions\[bot\], in whose name every workflow can start others"):
        RunnerSettings.model_validate({"connection": CONNECTION, "startedBy": ["41898282"]})
    with pytest.raises(ValidationError, match="it would take no job"):
        RunnerSettings.model_validate({"connection": CONNECTION, "startedBy": []})


def test_no_commands_of_a_branch_run_before_its_job(graph: Graph) -> None:
    assert yaml.safe_load(graph.one("Project").props["source"]["buildspec"])["phases"] == {
        "build": {"commands": ["true"]}
    }


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


def test_the_source_is_the_repository_through_the_connection(graph: Graph) -> None:
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
    of_connection = [one for one in policy(graph) if one["Action"][0].startswith("codeconnections:")]
    assert len(of_connection) == 2
    assert all(one["Resource"] == [CONNECTION] for one in of_connection)
    document = json.loads(graph.one("RolePolicy").props["policy"])
    key = "codeconnections:FullRepositoryId"
    use = Call(action="codeconnections:UseConnection", resource=CONNECTION, context={key: "example/other"})
    assert not allows(document, use)
    assert allows(document, replace(use, context={key: "example/nightowl"}))


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
