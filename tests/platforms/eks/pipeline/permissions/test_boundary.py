from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from infra.addons.aws_load_balancer_controller import CLUSTER_TAG
from infra.iam import Document
from infra.platforms.eks.names import identity_provider_arn, role_path
from infra.platforms.eks.pipeline.boundary import boundary_document, pipeline_boundary_document
from infra.platforms.eks.pipeline.permissions.deploy import deploy_documents
from infra.platforms.eks.pipeline.permissions.documents import MOST_CHARACTERS, size
from infra.platforms.eks.pipeline.permissions.ephemeral import ephemeral_documents
from infra.platforms.eks.pipeline.permissions.preview import preview_documents
from infra.platforms.eks.pipeline.permissions.scope import Scope
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph, Made, run
from tests.platforms.eks.iam_evaluator import Call, Value, all_allow
from tests.platforms.eks.pipeline.permissions.managed_policies import MANAGED
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import BUCKET, scope, types_of_everything
from tests.platforms.eks.pipeline.test_runner import make_runner
from tests.platforms.eks.stacks import EKS_STACKS, run_shipped, shipped
from tests.platforms.eks.stacks import account_of as account_in

NEEDLESS = {"ec2:CreateRoute", "ec2:DeleteRoute"}
"""What a policy of AWS allows for clusters with another network than the VPC CNI."""
ADMINISTRATOR: Mapping[str, Any] = {
    "Statement": [{"Sid": "All", "Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]
}
VOLUME_VERBS = ("Attach", "Create", "Delete", "Detach", "Modify")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
PULUMI = {"kms:ResourceAliases": ["alias/nightowl-pulumi"]}


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_no_role_of_a_stack_loses_anything_that_its_policies_give_it_on_what_is_its_own(stack: str) -> None:
    graph, of_stack = run_shipped(stack).graph, scope(stack, account_id=account_in(shipped(stack)))
    # The pipeline's own roles have fixed names, and a test of their own below.
    roles = [role for role in graph.all("Role") if "name" not in role.props]
    assert len(roles) >= 7
    for role in roles:
        policies = list(policies_of(graph, role))
        assert policies, role.name
        assert lost(of_stack, role_arn(of_stack, role.name), policies) == []


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_the_roles_of_a_stack_lie_where_the_pipeline_may_make_them(stack: str) -> None:
    roles = [role for role in run_shipped(stack).graph.all("Role") if "name" not in role.props]
    assert {role.props.get("path") for role in roles} == {role_path("nightowl", stack)}


@pytest.mark.parametrize("kind", ["deploy", "preview", "ephemeral"])
def test_the_roles_of_the_pipeline_lose_nothing(kind: str) -> None:
    of_dev = scope("dev", promotes_from="base", guests=True, file_systems=True)
    made = {
        "deploy": deploy_documents(types_of_everything(), of_dev),
        "preview": preview_documents(types_of_everything(), of_dev),
        "ephemeral": ephemeral_documents(of_dev),
    }[kind]
    assert lost(of_dev, f"arn:aws:iam::{ACCOUNT}:role/nightowl-dev-{kind}", list(made.values())) == []


def test_the_role_that_deploys_loses_nothing_of_what_its_builds_take() -> None:
    made = json.loads(run(make_runner).one("RolePolicy").props["policy"])
    assert lost(scope("test"), f"arn:aws:iam::{ACCOUNT}:role/nightowl-test-deploy", [made]) == []


def test_a_role_for_pull_requests_may_read_its_secrets_through_the_boundary() -> None:
    of_dev = scope("dev")
    guest = f"arn:aws:iam::{ACCOUNT}:role{role_path('nightowl', 'dev')}guest-web-1a2b3c4"
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:dev/web-AbCdEf"
    assert may(of_dev, guest, "secretsmanager:GetSecretValue", secret)
    assert may(of_dev, guest, "kms:Decrypt", KEY, {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"})


@pytest.mark.parametrize(
    "action",
    [
        "kms:Decrypt",
        "ec2:DeleteVolume",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "elasticloadbalancing:RegisterTargets",
        "codeconnections:GetConnectionToken",
    ],
)
def test_whatever_policies_a_role_for_pull_requests_gets_it_reads_secrets_and_does_nothing_else(action: str) -> None:
    guest = f"arn:aws:iam::{ACCOUNT}:role{role_path('nightowl', 'dev')}guest-web-1a2b3c4"
    assert not may(scope("dev"), guest, action, "*" if action != "kms:Decrypt" else KEY)


WORKLOAD_MAY_NOT: tuple[tuple[str, str, Mapping[str, Value]], ...] = (
    ("iam:CreateRole", "*", {"iam:PermissionsBoundary": scope().boundary_arn}),
    ("iam:CreateUser", "*", {}),
    ("iam:PutRolePolicy", "*", {"iam:PermissionsBoundary": scope().boundary_arn}),
    ("iam:PassRole", "*", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:CreateServiceLinkedRole", "*", {"iam:AWSServiceName": "autoscaling.amazonaws.com"}),
    ("sts:AssumeRole", "*", {}),
    ("organizations:ListAccounts", "*", {}),
    ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/.pulumi/stacks/nightowl/dev.json", {}),
    ("kms:Decrypt", KEY, PULUMI),
    ("kms:ScheduleKeyDeletion", KEY, {}),
    ("secretsmanager:PutSecretValue", "*", {}),
    ("secretsmanager:GetSecretValue", "*", {"aws:RequestedRegion": "us-east-1"}),
    ("ec2:RunInstances", "*", {}),
    ("ec2:DeleteVpc", "*", {}),
    ("ec2:AuthorizeSecurityGroupIngress", "*", {}),
    ("elasticloadbalancing:DeleteLoadBalancer", "*", {}),
    ("eks:DeleteCluster", "*", {}),
    ("eks:CreateAccessEntry", "*", {}),
    ("ecr:PutImage", "*", {}),
    ("route53:ChangeResourceRecordSets", "*", {}),
    ("logs:DeleteLogGroup", "*", {}),
    ("rds:CreateDBInstance", "*", {}),
    ("lambda:InvokeFunction", "*", {}),
)
PIPELINE_MAY_NOT: tuple[tuple[str, str, Mapping[str, Value]], ...] = (
    ("iam:CreateUser", "*", {}),
    ("iam:CreateAccessKey", "*", {}),
    ("iam:CreateRole", "*", {}),
    ("iam:CreatePolicy", "*", {}),
    ("iam:CreatePolicyVersion", scope().boundary_arn, {}),
    ("iam:DeletePolicy", scope().boundary_arn, {}),
    ("iam:DeleteRolePermissionsBoundary", scope().pipeline_roles[0], {"iam:PermissionsBoundary": scope().boundary_arn}),
    ("iam:PutRolePolicy", scope().pipeline_roles[0], {"iam:PermissionsBoundary": scope().boundary_arn}),
    ("iam:AttachRolePolicy", scope().pipeline_roles[1], {"iam:PermissionsBoundary": scope().boundary_arn}),
    ("iam:UpdateAssumeRolePolicy", scope().pipeline_roles[2], {}),
    ("iam:UpdateOpenIDConnectProviderThumbprint", identity_provider_arn(ACCOUNT), {}),
    ("sts:AssumeRole", "*", {}),
    ("organizations:LeaveOrganization", "*", {}),
    ("account:CloseAccount", "*", {}),
    ("billing:GetBillingData", "*", {}),
    ("ec2:RunInstances", "*", {"aws:RequestedRegion": "us-east-1"}),
    ("rds:CreateDBInstance", "*", {}),
    ("kms:ScheduleKeyDeletion", KEY, PULUMI),
    ("secretsmanager:PutSecretValue", "*", {}),
)


@pytest.mark.parametrize(("action", "resource", "context"), WORKLOAD_MAY_NOT)
@pytest.mark.parametrize("stack", ["dev", "pr-7"])
def test_a_role_of_pods_may_not_whatever_its_policies_say(
    stack: str, action: str, resource: str, context: Mapping[str, Value]
) -> None:
    principal = f"arn:aws:iam::{ACCOUNT}:role{role_path('nightowl', stack)}app-web-1a2b3c4"
    assert not may(scope("dev"), principal, action, resource, context)


@pytest.mark.parametrize("principal", scope().pipeline_roles)
@pytest.mark.parametrize(("action", "resource", "context"), PIPELINE_MAY_NOT)
def test_a_role_of_the_pipeline_may_not_whatever_its_policies_say(
    principal: str, action: str, resource: str, context: Mapping[str, Value]
) -> None:
    assert not may(scope("dev"), principal, action, resource, context)


def test_iam_takes_the_boundary_even_with_long_names() -> None:
    long = scope("a-rather-long-name", region="ap-southeast-2", guests=True, shared_secrets=("shared/",), runner=True)
    assert max(size(boundary_document(long)), size(pipeline_boundary_document(long))) <= MOST_CHARACTERS


def test_the_context_of_a_stack_and_its_scope_name_the_same() -> None:
    seen: list[str] = []
    run(lambda context: seen.append(context.name))
    assert seen == [scope("test").name]


def may(of: Scope, principal: str, action: str, resource: str, context: Mapping[str, Value] | None = None) -> bool:
    """Tell whether a role with every permission and the boundary may do something."""
    is_global = action.partition(":")[0] in {"iam", "organizations", "account", "billing"}
    sent = {
        "aws:RequestedRegion": "us-east-1" if is_global else of.region,
        "aws:PrincipalArn": principal,
        **(context or {}),
    }
    call = Call(action=action, resource=resource, context=sent)
    return all_allow([ADMINISTRATOR], call, boundary=boundary_of(of, principal))


def boundary_of(of: Scope, principal: str) -> Document:
    """Give the boundary that a role of a stack, or of its pull requests, carries."""
    return pipeline_boundary_document(of) if principal in of.pipeline_roles else boundary_document(of)


def lost(of: Scope, principal: str, policies: Iterable[Mapping[str, Any]]) -> list[str]:
    """Tell what `policies` allow and the boundary does not."""
    return [
        f"{action} on {resource}"
        for action, resource, context in granted(policies)
        if action not in NEEDLESS
        and not may(of, principal, action, _own(of, action, resource), {**own_marks(of), **context})
    ]


def own_marks(of: Scope) -> dict[str, Value]:
    """Give the tags by which the stack, EKS and the controllers mark what is the stack's."""
    return {
        "aws:ResourceTag/stack": of.stack,
        f"aws:ResourceTag/kubernetes.io/cluster/{of.name}": "owned",
        f"aws:ResourceTag/k8s.io/cluster-autoscaler/{of.name}": "owned",
        "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
        f"aws:ResourceTag/{CLUSTER_TAG}": of.name,
        "ec2:ResourceTag/ebs.csi.aws.com/cluster-name": of.name,
        "aws:RequestTag/ebs.csi.aws.com/cluster-name": of.name,
        "elasticloadbalancing:CreateAction": "CreateLoadBalancer",
    }


def _own(of: Scope, action: str, resource: str) -> str:
    """Name something of the stack where a policy names everything."""
    here = f"{of.region}:{of.account_id}"
    own = {
        "eks-auth:AssumeRoleForPodIdentity": f"arn:aws:eks:{here}:cluster/{of.name}",
        "ec2:CreateTags": f"arn:aws:ec2:{here}:network-interface/eni-1",
        **{f"ec2:{verb}Volume": f"arn:aws:ec2:{here}:volume/vol-1" for verb in VOLUME_VERBS},
    }
    return own.get(action, resource) if resource in {"*", "arn:aws:ec2:x:x:network-interface/x"} else resource


def granted(policies: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, dict[str, Value]]]:
    """Give one call for each action and resource that policies allow, under which their conditions hold."""
    for policy in policies:
        for statement in policy["Statement"]:
            if statement["Effect"] == "Allow":
                for action in _listed(statement["Action"]):
                    for resource in _listed(statement["Resource"]):
                        yield _example(action), _example(resource), _meeting(statement.get("Condition", {}))


def policies_of(graph: Graph, role: Made) -> Iterator[Mapping[str, Any]]:
    """Give the documents of a role: its own, and those of AWS."""
    made = f"{role.name}-1a2b3c4"
    for policy in graph.all("RolePolicy"):
        if policy.props["role"] == made:
            yield json.loads(policy.props["policy"])
    for attachment in graph.all("RolePolicyAttachment"):
        if attachment.props["role"] == made and attachment.props["policyArn"].startswith("arn:aws:iam::aws:"):
            yield MANAGED[attachment.props["policyArn"].rpartition("/")[2]]


def role_arn(of: Scope, name: str) -> str:
    """Tell the ARN of a role that the program calls `name`."""
    return f"arn:aws:iam::{of.account_id}:role{role_path(of.project, of.stack)}{name}-1a2b3c4"


def _meeting(conditions: Mapping[str, Mapping[str, Any]]) -> dict[str, Value]:
    return {
        key: [_example(value) for value in _listed(values)][:1] if "ForA" in operator else _example(_listed(values)[0])
        for operator, keys in conditions.items()
        if operator != "Null"
        for key, values in keys.items()
    }


def _example(pattern: str) -> str:
    return pattern.replace("*", "x").replace("?", "x") if pattern != "*" else pattern


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_no_role_mounts_a_file_system_where_no_apps_share_a_volume() -> None:
    for made in (boundary_document, pipeline_boundary_document):
        assert "elasticfilesystem" not in json.dumps(made(scope("dev", guests=True)))
        assert "elasticfilesystem" in json.dumps(made(scope("dev", guests=True, file_systems=True)))
