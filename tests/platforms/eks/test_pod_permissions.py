from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.settings.build import build_settings
from infra.settings.problems import SettingsError
from tests.apps.network_evaluator import Address, allowed, app_pod
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.iam_evaluator import Call, Value, all_allow, allows
from tests.platforms.eks.stacks import APP, run_stack, sections, with_apps

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
QUEUE, TABLE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:test/web/key-AbCdEf"
PERMISSIONS: list[dict[str, Any]] = [
    {"s3": "uploads", "access": "readWrite", "prefix": "in/", "kmsKey": KEY},
    {"s3": "arn:aws:s3:::assets"},
    {"sqs": "jobs", "access": "write"},
    {"sns": "news"},
    {"dynamodb": "orders", "access": "read"},
    {"secretsManager": "test/web/key"},
    {"ses": "example.com"},
    {"bedrock": "eu.amazon.nova-pro-v1:0"},
    {
        "actions": "cloudwatch:PutMetricData",
        "resources": "*",
        "conditions": {"StringEquals": {"cloudwatch:namespace": "shop"}},
    },
]
GITHUB = {
    "repository": "example/shop",
    "repositoryId": "1",
    "deploy": ["repo:example/shop:environment:test"],
    "preview": ["repo:example/shop:pull_request"],
}
APPS: Mapping[str, Mapping[str, Any]] = {
    "web": {**APP, "permissions": PERMISSIONS, "release": {"command": ["migrate"]}},
    "both": {**APP, "permissions": [{"s3": "uploads"}], "secrets": {"key": "test/both/key"}},
    "reads": {**APP, "secrets": {"key": "test/reads/key"}},
    "plain": APP,
    "worker": {"image": APP["image"], "kind": "worker", "permissions": [{"sqs": "jobs"}]},
    "db": {**APP, "kind": "stateful", "permissions": [{"sqs": "jobs"}]},
    "report": {"image": APP["image"], "kind": "cron", "schedule": "@daily", "permissions": [{"sqs": "jobs"}]},
    "seed": {"image": APP["image"], "kind": "job", "permissions": [{"sqs": "jobs"}]},
}
PERMITTED = ("web", "both", "worker", "db", "report", "seed")
NETWORK = {"interfaceEndpoints": ["sts"]}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return run_stack(build_settings(sections(apps=dict(APPS), delivery={"github": GITHUB}, network=NETWORK))).graph


def document(graph: Graph, app: str, part: str = "permissions") -> dict[str, Any]:
    return json.loads(graph.one("RolePolicy", f"app-{app}-{part}").props["policy"])


def boundary(graph: Graph) -> dict[str, Any]:
    return json.loads(graph.one("aws:iam/policy:Policy", "app-boundary").props["policy"])


def through(service: str) -> dict[str, Value]:
    return {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}


MAY: tuple[tuple[str, str, Mapping[str, Value]], ...] = (
    ("s3:GetObject", "arn:aws:s3:::uploads/in/photo", {}),
    ("s3:PutObject", "arn:aws:s3:::uploads/in/photo", {}),
    ("s3:ListBucket", "arn:aws:s3:::uploads", {"s3:prefix": "in/"}),
    ("kms:GenerateDataKey", KEY, through("s3")),
    ("s3:ListBucket", "arn:aws:s3:::assets", {}),
    ("s3:GetObject", "arn:aws:s3:::assets/logo", {}),
    ("sqs:SendMessage", QUEUE, {}),
    ("sns:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:news", {}),
    ("dynamodb:Query", f"{TABLE}/index/by-date", {}),
    ("secretsmanager:GetSecretValue", SECRET, {}),
    ("ses:SendEmail", f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com", {}),
    ("bedrock:InvokeModel", f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/eu.amazon.nova-pro-v1:0", {}),
    ("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-3::foundation-model/amazon.nova-pro-v1:0", {}),
    ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "shop"}),
)
MAY_NOT: tuple[tuple[str, str, Mapping[str, Value]], ...] = (
    ("s3:GetObject", "arn:aws:s3:::uploads/out/photo", {}),
    ("s3:ListBucket", "arn:aws:s3:::uploads", {"s3:prefix": "out/"}),
    ("s3:PutObject", "arn:aws:s3:::assets/logo", {}),
    ("s3:DeleteBucket", "arn:aws:s3:::uploads", {}),
    ("kms:Decrypt", KEY, through("sqs")),
    ("sqs:ReceiveMessage", QUEUE, {}),
    ("dynamodb:PutItem", TABLE, {}),
    ("secretsmanager:PutSecretValue", SECRET, {}),
    ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "other"}),
)


@pytest.mark.parametrize(("action", "resource", "context"), MAY)
def test_pods_may_what_is_permitted_them_inside_the_boundary(
    graph: Graph, action: str, resource: str, context: Mapping[str, Value]
) -> None:
    call = Call(action=action, resource=resource, context={"aws:RequestedRegion": REGION, **context})
    assert all_allow([document(graph, "web")], call, boundary=boundary(graph))


@pytest.mark.parametrize(("action", "resource", "context"), MAY_NOT)
def test_pods_may_nothing_else(graph: Graph, action: str, resource: str, context: Mapping[str, Value]) -> None:
    assert not allows(document(graph, "web"), Call(action=action, resource=resource, context=context))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", "arn:aws:s3:::other/object"),
        ("sqs:DeleteQueue", QUEUE),
        ("iam:PutRolePolicy", "*"),
        ("ec2:TerminateInstances", "*"),
    ],
)
def test_whatever_policy_a_pipeline_writes_the_boundary_lets_no_more_than_the_stack_file(
    graph: Graph, action: str, resource: str
) -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}
    assert not all_allow([everything], Call(action=action, resource=resource), boundary=boundary(graph))


@pytest.mark.parametrize("app", PERMITTED)
def test_each_kind_of_app_has_one_role_inside_the_boundary_for_its_service_account(graph: Graph, app: str) -> None:
    (association,) = [one for one in graph.all("PodIdentityAssociation") if one.props["serviceAccount"] == app]
    assert association.name == f"app-{app}"
    role = graph.one("aws:iam/role:Role", f"app-{app}")
    assert role.props["permissionsBoundary"] == f"arn:aws:iam::{ACCOUNT}:policy/nightowl-test-app-boundary"


def test_an_app_with_secrets_has_both_in_the_role_that_it_had(graph: Graph) -> None:
    both, reads = graph.one("aws:iam/role:Role", "app-both"), graph.one("aws:iam/role:Role", "app-reads")
    assert both.urn.replace("both", "reads") == reads.urn
    assert reads.props["permissionsBoundary"] == f"arn:aws:iam::{ACCOUNT}:policy/nightowl-test-boundary"
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:test/both/key-AbCdEf"
    documents = [document(graph, "both"), document(graph, "both", "secrets")]
    for action, resource in (("s3:GetObject", "arn:aws:s3:::uploads/a"), ("secretsmanager:GetSecretValue", secret)):
        assert all_allow(documents, Call(action=action, resource=resource), boundary=boundary(graph))


def test_pods_wait_for_their_role_and_those_that_ran_without_are_replaced(graph: Graph) -> None:
    for kind, name in (("Deployment", "worker"), ("StatefulSet", "db"), ("CronJob", "report")):
        made = graph.one(kind, name)
        assert graph.one("PodIdentityAssociation", f"app-{name}").urn in made.depends_on
    template = graph.one("Deployment", "web").props["spec"]["template"]
    assert template["metadata"]["annotations"] == {"nightowl/role": "app-web"}
    assert "annotations" not in graph.one("Deployment", "reads").props["spec"]["template"]["metadata"]


AGENT, AWS = Address("169.254.170.23"), Address("52.95.1.1")
ENDPOINT, OTHER_POD, METADATA = Address("10.20.228.5"), Address("10.20.1.7"), Address("169.254.169.254")


@pytest.mark.parametrize("app", ["web", "web.release", "both"])
@pytest.mark.parametrize(
    ("target", "port", "reached"),
    [
        (AGENT, 80, True),
        (AWS, 443, True),
        (ENDPOINT, 443, True),
        (AWS, 80, False),
        (OTHER_POD, 443, False),
        (METADATA, 80, False),
        (METADATA, 443, False),
    ],
    ids=["agent", "AWS", "endpoint", "another port", "private network", "metadata", "metadata by HTTPS"],
)
def test_pods_reach_the_agent_and_aws_and_nothing_more(
    graph: Graph, app: str, target: Address, port: int, reached: bool
) -> None:
    policies = [made.props for made in graph.all("NetworkPolicy")]
    assert allowed(policies, app_pod(app), target, port) is reached
    assert not allowed(policies, app_pod("plain"), target, port)


def test_the_pipeline_makes_roles_inside_one_of_the_two_boundaries_and_changes_neither(graph: Graph) -> None:
    deploy = [
        json.loads(policy.props["policy"])
        for policy in graph.all("aws:iam/policy:Policy")
        if policy.name.startswith("deploy-")
    ]
    role = f"arn:aws:iam::{ACCOUNT}:role/nightowl/test/app-web-1234567"

    def may(action: str, resource: str, bound: str = "nightowl-test-app-boundary") -> bool:
        context = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/{bound}", "aws:RequestedRegion": REGION}
        return all_allow(deploy, Call(action=action, resource=resource, context=context))

    assert may("iam:CreateRole", role)
    assert may("iam:CreateRole", role, "nightowl-test-boundary")
    assert may("iam:PutRolePolicy", role)
    assert not may("iam:CreateRole", role, "nightowl-test-pipeline-boundary")
    assert not may("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/nightowl-test-app-boundary")


def test_a_stack_without_permissions_has_neither_the_boundary_nor_its_name() -> None:
    graph = run_stack(with_apps({"reads": {"secrets": {"key": "test/key"}}}, delivery={"github": GITHUB})).graph
    assert "app-boundary" not in "".join(str(made.props) for made in graph.resources)


def test_the_pipeline_may_what_own_code_needs_and_previews_only_read_it() -> None:
    database = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:shop"
    more = [{"actions": ["rds:DescribeDBInstances", "rds:ModifyDBInstance"], "resources": database}]
    graph = run_stack(with_apps({"web": {}}, delivery={"github": GITHUB, "permissions": more})).graph
    policies = {made.name: json.loads(made.props["policy"]) for made in graph.all("aws:iam/policy:Policy")}

    def may(kind: str, action: str) -> bool:
        of_kind = [policy for name, policy in policies.items() if name.startswith(f"{kind}-")]
        call = Call(action=action, resource=database, context={"aws:RequestedRegion": REGION})
        return all_allow(of_kind, call, boundary=policies["pipeline-boundary"])

    assert [may("deploy", f"rds:{action}") for action in ("DescribeDBInstances", "ModifyDBInstance")] == [True, True]
    assert [may("preview", f"rds:{action}") for action in ("DescribeDBInstances", "ModifyDBInstance")] == [True, False]
    assert not may("deploy", "rds:DeleteDBInstance")


def test_a_policy_by_its_arn_is_attached_where_no_pipeline_deploys() -> None:
    arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    graph = run_stack(with_apps({"web": {"permissions": [{"policy": arn}]}})).graph
    assert graph.one("RolePolicyAttachment", "app-web-AmazonSQSReadOnlyAccess").props["policyArn"] == arn
    assert "permissionsBoundary" not in graph.one("aws:iam/role:Role", "app-web").props
    with pytest.raises(SettingsError, match=r"web\.permissions\[0\]\.policy: does not go with delivery\.github"):
        with_apps({"web": {"permissions": [{"policy": arn}]}}, delivery={"github": GITHUB})


def test_more_than_a_boundary_holds_is_refused_before_anything_is_made() -> None:
    many = [{"s3": f"bucket-{'x' * 40}-{number}"} for number in range(60)]
    with pytest.raises(SettingsError, match=r"apps\.\*\.permissions: all of them together make a permissions bound"):
        run_stack(with_apps({"web": {"permissions": many}}, delivery={"github": GITHUB}))


def test_an_output_that_nobody_returns_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"web\.permissions\[0\]\.s3: the stack's own code returns no output 'up"):
        run_stack(with_apps({"web": {"permissions": [{"s3": {"output": "uploads"}}]}}))
