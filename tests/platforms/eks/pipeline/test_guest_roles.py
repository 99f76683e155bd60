"""Roles for pods of pull requests: who makes them, whose pods take them, and what these read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.platforms.eks.pipeline.boundary import boundary_document
from infra.settings.build import build_settings
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.iam_evaluator import Call, Value, all_allow, allows
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import scope
from tests.platforms.eks.pipeline.permissions.test_boundary import policies_of, role_arn
from tests.platforms.eks.pipeline.test_delivery import policies
from tests.platforms.eks.service_models import operations_of
from tests.platforms.eks.stacks import APP, Run, run_stack, sections
from tests.platforms.guest.test_guest import GITHUB, WEB, guest, run_guest

IAM = f"arn:aws:iam::{ACCOUNT}"
SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
CLUSTER = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/nightowl-dev"
PODS = "pods.eks.amazonaws.com"
APPS: dict[str, Any] = {
    "web": {**APP, "secrets": {"session-key": "dev/web/session-key", "password": "dev/db"}},
    "api": {**APP, "secrets": {"token": "dev/api/token"}},
    "plain": APP,
}


@pytest.fixture(scope="module")
def base() -> Run:
    """A stack that invites pull requests."""
    delivery = {"github": {**GITHUB, "ephemeral": ["repo:example/nightowl:environment:ephemeral"]}}
    return run_stack(build_settings(sections(apps=APPS, delivery=delivery)), stack="dev")


@pytest.fixture(scope="module")
def graph(base: Run) -> Graph:
    return base.graph


@pytest.fixture(scope="module")
def association(base: Run) -> Mapping[str, Any]:
    """What a guest with the app `web` gives its pods."""
    settings = guest(apps={"web": {**APP, "secrets": {"session-key": "dev/web/session-key"}}})
    made = run_guest(settings, sharing=base.outputs["sharing"])
    return made.graph.one("PodIdentityAssociation").props


def takes(graph: Graph, name: str, association: Mapping[str, Any], cluster: str = CLUSTER) -> bool:
    """Decide whether STS gives a role to the pods of an association, as EKS asks for it.

    The tags are those of the EKS user guide, "List of session tags added by EKS Pod Identity".
    """
    tags = {
        "eks-cluster-arn": cluster,
        "eks-cluster-name": cluster.rpartition("/")[2],
        "kubernetes-namespace": association["namespace"],
        "kubernetes-service-account": association["serviceAccount"],
        "kubernetes-pod-name": "web-0",
        "kubernetes-pod-uid": "0",
    }
    sent: dict[str, Value] = {"aws:SourceAccount": cluster.split(":")[4], "aws:SourceArn": cluster}
    if not association.get("disableSessionTags"):
        sent |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    trust = json.loads(graph.one("Role", name).props["assumeRolePolicy"])
    actions = ("sts:AssumeRole", "sts:TagSession")
    return all(allows(trust, Call(action=action, principal=PODS, context=sent)) for action in actions)


def test_each_app_with_secrets_has_one_role_for_guests_within_the_boundary(graph: Graph) -> None:
    made = [role for role in graph.all("Role") if role.name.startswith("guest-")]
    assert sorted(role.name for role in made) == ["guest-api", "guest-web"]
    for role in made:
        assert role.props["path"] == "/nightowl/dev/"
        assert role.props["permissionsBoundary"].endswith(":policy/nightowl-dev-boundary")


def test_the_pods_of_a_guest_take_the_role_that_its_stack_gives_them(base: Run, association: Mapping[str, Any]) -> None:
    assert association["roleArn"] == base.outputs["sharing"]["guestRoles"]["web"]["arn"]
    assert takes(base.graph, "guest-web", association)


@pytest.mark.parametrize(
    "namespace", ["apps", "kube-system", "default", "pr", "pr7", "xpr-7", "apps-pr-7", "PR-7", "spr-7", ""]
)
def test_no_pod_outside_the_namespaces_of_pull_requests_takes_the_role(
    graph: Graph, association: Mapping[str, Any], namespace: str
) -> None:
    assert not takes(graph, "guest-web", {**association, "namespace": namespace})


@pytest.mark.parametrize("role", ["app-web", "control-plane", "cluster-autoscaler", "node"])
def test_no_pod_of_a_guest_takes_another_role_of_the_stack(
    graph: Graph, association: Mapping[str, Any], role: str
) -> None:
    assert not takes(graph, role, association)


@pytest.mark.parametrize(
    ("changes", "cluster"),
    [
        ({"serviceAccount": "api"}, CLUSTER),
        ({"serviceAccount": "*"}, CLUSTER),
        ({"disableSessionTags": True}, CLUSTER),
        ({}, CLUSTER.replace("-dev", "-prod")),
        ({}, CLUSTER.replace(ACCOUNT, "999999999999")),
        ({}, CLUSTER.replace(REGION, "us-east-1")),
    ],
    ids=["another app", "any app", "no tags", "another cluster", "another account", "another region"],
)
def test_no_other_association_gives_it(
    graph: Graph, association: Mapping[str, Any], changes: dict[str, Any], cluster: str
) -> None:
    assert not takes(graph, "guest-web", {**association, **changes}, cluster)


@pytest.mark.parametrize(
    "principal",
    [f"{IAM}:role/nightowl-dev-ephemeral", f"{IAM}:root", "arn:aws:iam::999999999999:root", "ec2.amazonaws.com"],
)
def test_nobody_else_takes_it_whatever_tags_they_send(graph: Graph, principal: str) -> None:
    said = {
        "aws:SourceAccount": ACCOUNT,
        "aws:RequestTag/eks-cluster-arn": CLUSTER,
        "aws:RequestTag/kubernetes-namespace": "pr-7",
        "aws:RequestTag/kubernetes-service-account": "web",
    }
    trust = json.loads(graph.one("Role", "guest-web").props["assumeRolePolicy"])
    assert not allows(trust, Call(action="sts:AssumeRole", principal=principal, context=said))


def pod_may(graph: Graph, action: str, resource: str, context: Mapping[str, Value]) -> bool:
    """Decide what the pods of `web` may do with the registered policies, inside the boundary."""
    of_dev = scope("dev", guests=True)
    sent = {"aws:RequestedRegion": REGION, "aws:PrincipalArn": role_arn(of_dev, "guest-web"), **context}
    documents = list(policies_of(graph, graph.one("Role", "guest-web")))
    assert documents
    call = Call(action=action, resource=resource, context=sent)
    return all_allow(documents, call, boundary=boundary_document(of_dev))


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("dev/web/session-key-AbC123", True),
        ("dev/db-AbC123", True),
        ("dev/api/token-AbC123", False),
        ("dev/db-master-AbC123", False),
        ("dev/anything-AbC123", False),
        ("prod/web/session-key-AbC123", False),
    ],
    ids=["its own", "its other one", "another app's", "one that begins alike", "the stack's", "another stack's"],
)
def test_the_pods_of_a_guest_read_what_the_app_of_the_base_has_and_nothing_else(
    graph: Graph, name: str, may: bool
) -> None:
    through = {
        "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": f"{SECRETS}:{name}",
    }
    [key] = {
        arn
        for document in policies_of(graph, graph.one("Role", "guest-web"))
        for statement in document["Statement"]
        if statement["Sid"] == "Decrypt"
        for arn in statement["Resource"]
    }
    assert pod_may(graph, "secretsmanager:GetSecretValue", f"{SECRETS}:{name}", {}) is may
    assert pod_may(graph, "kms:Decrypt", key, through) is may
    assert not pod_may(graph, "kms:Decrypt", key, {}), "what is no secret"


@pytest.mark.parametrize("service", ["secretsmanager", "kms", "iam", "sts", "eks", "s3"])
def test_the_pods_of_a_guest_do_nothing_but_read(graph: Graph, service: str) -> None:
    reads = {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
    resources = ("*", f"{SECRETS}:dev/db-AbC123", f"{IAM}:role/nightowl/dev/guest-web-1a2b3c4", CLUSTER)
    done = {
        action
        for action in (f"{service}:{operation}" for operation in operations_of(service))
        for resource in resources
        if pod_may(graph, action, resource, {})
    }
    assert done == {action for action in reads if action.startswith(f"{service}:")}


LOOKS = ("Generate", "Get", "List", "Simulate")
ROLES = {
    "for guests": f"{IAM}:role/nightowl/dev/guest-web-1a2b3c4",
    "for guests, not there yet": f"{IAM}:role/nightowl/dev/guest-evil",
    "of the stack": f"{IAM}:role/nightowl/dev/app-web-1a2b3c4",
    "of a pull request": f"{IAM}:role/nightowl/pr-7/app-web-1a2b3c4",
    "of another stack": f"{IAM}:role/nightowl/prod/app-web-1a2b3c4",
    "of the pipeline": f"{IAM}:role/nightowl-dev-ephemeral",
    "that deploys": f"{IAM}:role/nightowl-dev-deploy",
    "of nobody": f"{IAM}:role/admin",
    "any": "*",
}
SAID: tuple[Mapping[str, Value], ...] = (
    {},
    {
        "iam:PermissionsBoundary": f"{IAM}:policy/nightowl-dev-boundary",
        "iam:PassedToService": PODS,
        "aws:RequestTag/stack": "pr-7",
        "aws:ResourceTag/stack": "pr-7",
    },
    {"iam:PassedToService": "ec2.amazonaws.com", "aws:RequestTag/stack": "pr-7", "aws:ResourceTag/stack": "dev"},
)


def test_the_role_of_pull_requests_writes_no_role_and_gives_only_those_for_guests_to_pods(graph: Graph) -> None:
    """Every action of IAM that is no look, on every kind of role, however the request describes itself."""
    documents = [json.loads(made.props["policy"]) for made in policies(graph, "ephemeral", "dev")]
    writes = [one for one in (*operations_of("iam"), "PassRole") if not one.startswith(LOOKS)]
    assert {"CreateRole", "UpdateAssumeRolePolicy", "TagRole", "AttachRolePolicy", "DeleteRole"} <= set(writes)
    assert len(writes) > 100
    done = {
        (action, whose, said.get("iam:PassedToService"))
        for action in writes
        for whose, arn in ROLES.items()
        for said in SAID
        if all_allow(
            documents,
            Call(action=f"iam:{action}", resource=arn, context={"aws:RequestedRegion": "us-east-1", **said}),
        )
    }
    assert done == {("PassRole", "for guests", PODS), ("PassRole", "for guests, not there yet", PODS)}


def test_a_guest_with_everything_makes_no_role() -> None:
    apps = {"web": {**WEB, "secrets": {"session-key": "dev/web/session-key"}}}
    assert not [made for made in run_guest(guest(apps=apps)).graph.resources if made.type.startswith("aws:iam/")]
