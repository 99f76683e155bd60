"""With another name in Pulumi.yaml, boundaries, trust, permissions and commands name the same roles, builds and images.

The names are those that the program registers; what they are worth is decided by the registered documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.ci.actions_run import ActionsRun
from infra.ci.images import ImageStack, image_stack
from infra.ci.roles import run_role
from infra.platforms.eks.names import repository_name, runner_folder, runner_name
from infra.settings.eks.delivery import ROLE_KINDS, RoleKind
from tests.ci.test_actions_run import outputs
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph, Made
from tests.platforms.eks.iam_evaluator import Call, Value, all_allow, allows
from tests.platforms.eks.pipeline.oidc_simulator import Provider, may_assume
from tests.platforms.eks.pipeline.test_trust import token
from tests.platforms.eks.stacks import APP, run_stack, sections

IAM = f"arn:aws:iam::{ACCOUNT}"
BUCKET = f"nightowl-state-{ACCOUNT}"
BOUNDED = {"iam:PermissionsBoundary": f"{IAM}:policy/acme-dev-boundary"}
SECRETS = {"session-key": "dev/web/session-key"}
EVERYTHING: Mapping[str, Any] = {"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}
GITHUB = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": ["repo:example/nightowl:environment:dev"],
    "preview": ["repo:example/nightowl:pull_request"],
    "ephemeral": ["repo:example/nightowl:environment:ephemeral"],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the project `acme`, whose stack has all that has a name."""
    folder = tmp_path_factory.mktemp("acme")
    settings = sections(
        apps={"web": {**APP, "build": "apps/web", "secrets": SECRETS}},
        delivery={
            "backend": f"s3://{BUCKET}?region={REGION}&awssdk=v2",
            "github": GITHUB,
            "runner": True,
        },
    )
    config = {f"nightowl:{key}": value for key, value in settings.items()}
    (folder / "stacks").mkdir()
    (folder / "Pulumi.yaml").write_text("name: acme\n")
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    return folder


@pytest.fixture(scope="module")
def commands(project: Path) -> ImageStack:
    """The stack as the commands of the pipeline see it."""
    return image_stack(project, "dev")


@pytest.fixture(scope="module")
def graph(commands: ImageStack) -> Graph:
    """What the program makes of the same file."""
    return run_stack(commands.settings, stack="dev", project="acme").graph


def pipeline_role(graph: Graph, kind: RoleKind) -> Made:
    [role] = [made for made in graph.all("Role") if made.props.get("name", "").endswith(f"-{kind}")]
    return role


def registered(graph: Graph, name: str) -> dict[str, Any]:
    [policy] = [made for made in graph.all("Policy") if made.props["name"] == name]
    return json.loads(policy.props["policy"])


def may(graph: Graph, kind: RoleKind, action: str, resource: str, context: Mapping[str, Value] | None = None) -> bool:
    """Return whether the registered policies of a role of the pipeline, within its boundary, allow an action."""
    role = pipeline_role(graph, kind)
    own = [
        json.loads(made.props["policy"])
        for made in graph.all("Policy")
        if made.props["name"].startswith(f"{role.props['name']}-")
    ]
    boundary = registered(graph, role.props["permissionsBoundary"].rpartition("/")[2])
    sent = {
        "aws:RequestedRegion": "us-east-1" if action.startswith("iam:") else REGION,
        "aws:PrincipalArn": f"{IAM}:role/{role.props['name']}",
        **(context or {}),
    }
    return all_allow(own, Call(action=action, resource=resource, context=sent), boundary=boundary)


@pytest.mark.parametrize("kind", ROLE_KINDS)
def test_the_role_that_a_job_is_told_to_take_is_the_one_that_trusts_it(
    graph: Graph, commands: ImageStack, kind: RoleKind, tmp_path: Path
) -> None:
    run_role(commands, kind, ActionsRun(output=tmp_path / "output"))
    role = pipeline_role(graph, kind)
    assert outputs((tmp_path / "output").read_text())["role-arn"] == f"{IAM}:role/{role.props['name']}"
    what = {"deploy": "environment:dev", "preview": "pull_request", "ephemeral": "environment:ephemeral"}[kind]
    trust = json.loads(role.props["assumeRolePolicy"])
    assert may_assume(trust, token(what), Provider(account_id=ACCOUNT))
    entries = [made.props["principalArn"] for made in graph.all("AccessEntry")]
    assert f"{IAM}:role/{role.props['name']}" in entries


def test_everything_is_named_by_the_project(graph: Graph) -> None:
    named = [made for made in graph.resources if made.type.startswith("aws:") and made.props.get("name")]
    names = {made.props["name"] for made in named}
    assert {"acme-dev-boundary", "acme-dev-pipeline-boundary", "acme-dev-deploy", "acme-dev-runner"} <= names
    assert not [name for name in names if "nightowl" in name]


@pytest.mark.parametrize("kind", ROLE_KINDS)
@pytest.mark.parametrize("target", ROLE_KINDS)
def test_no_role_of_the_pipeline_changes_its_own_rights(graph: Graph, kind: RoleKind, target: RoleKind) -> None:
    arn = f"{IAM}:role/{pipeline_role(graph, target).props['name']}"
    boundary = registered(graph, "acme-dev-pipeline-boundary")
    context = {**BOUNDED, "aws:RequestedRegion": "us-east-1", "aws:PrincipalArn": arn}
    for action in ("iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:DeleteRole"):
        assert not may(graph, kind, action, arn, BOUNDED)
        assert not all_allow([EVERYTHING], Call(action=action, resource=arn, context=context), boundary=boundary)


def test_a_deployment_makes_roles_inside_the_boundary_only(graph: Graph) -> None:
    app = f"{IAM}:role/acme/dev/app-web-1a2b3c4"
    assert may(graph, "deploy", "iam:CreateRole", app, BOUNDED)
    other = {"iam:PermissionsBoundary": f"{IAM}:policy/nightowl-dev-boundary"}
    assert not may(graph, "deploy", "iam:CreateRole", app, other)
    assert not may(graph, "deploy", "iam:CreateRole", f"{IAM}:role/nightowl/dev/app-web-1a2b3c4", BOUNDED)


def test_the_build_that_the_command_starts_is_the_one_that_works_as_the_role(
    graph: Graph, commands: ImageStack
) -> None:
    project = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{runner_name(commands.cluster)}"
    source = f"arn:aws:s3:::{BUCKET}/{runner_folder(commands.cluster)}/source.tar"
    deploy = pipeline_role(graph, "deploy")
    assert graph.one("Project").props["name"] == runner_name(commands.cluster)
    assert may(graph, "deploy", "codebuild:StartBuild", project)
    assert may(graph, "deploy", "s3:PutObject", source)
    assert f"{runner_folder(commands.cluster)}/source.tar" in graph.one("Project").props["source"]["buildspec"]
    passed = {"iam:PassedToService": "codebuild.amazonaws.com"}
    assert may(graph, "deploy", "iam:PassRole", f"{IAM}:role/{deploy.props['name']}", passed)
    build = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": project}
    taken = Call(action="sts:AssumeRole", principal="codebuild.amazonaws.com", context=build)
    assert allows(json.loads(deploy.props["assumeRolePolicy"]), taken)


def test_images_go_where_the_registry_is(graph: Graph, commands: ImageStack) -> None:
    own = repository_name(commands.cluster, "web")
    guest = repository_name(commands.cluster, "web", pull_request=True)
    assert {made.props["name"] for made in graph.all("Repository")} == {own, guest}
    ecr = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository"
    assert may(graph, "deploy", "ecr:PutImage", f"{ecr}/{own}")
    assert may(graph, "ephemeral", "ecr:PutImage", f"{ecr}/{guest}")
    assert not may(graph, "ephemeral", "ecr:PutImage", f"{ecr}/{own}")
    assert not may(graph, "deploy", "ecr:PutImage", f"{ecr}/nightowl-dev/web")


def test_a_role_for_guests_is_given_by_their_deployment_and_reads_secrets_only(graph: Graph) -> None:
    [role] = [made for made in graph.all("Role") if made.name == "guest-web"]
    assert role.props["path"] == "/acme/dev/"
    arn = f"{IAM}:role{role.props['path']}guest-web-1a2b3c4"
    assert may(graph, "ephemeral", "iam:PassRole", arn, {"iam:PassedToService": "pods.eks.amazonaws.com"})
    boundary = registered(graph, role.props["permissionsBoundary"].rpartition("/")[2])
    sent = {"aws:RequestedRegion": REGION, "aws:PrincipalArn": arn}
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:dev/web/session-key-AbCdEf"
    reads = Call(action="secretsmanager:GetSecretValue", resource=secret, context=sent)
    assert all_allow([EVERYTHING], reads, boundary=boundary)
    for action in ("ec2:DescribeVpcs", "ecr:BatchGetImage"):
        assert not all_allow([EVERYTHING], Call(action=action, context=sent), boundary=boundary)


def test_the_state_is_that_of_the_project(graph: Graph) -> None:
    states = f"arn:aws:s3:::{BUCKET}/.pulumi/stacks"
    for kind in ("deploy", "preview"):
        assert may(graph, kind, "s3:GetObject", f"{states}/acme/dev.json")
        assert not may(graph, kind, "s3:GetObject", f"{states}/nightowl/dev.json")
