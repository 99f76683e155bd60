"""The pipeline's roles as the program registers them: their bounds, their policies, and their way into the cluster."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any

import pytest

from infra.platforms.eks.names import boundary_name, pipeline_boundary_name, role_arn, role_name
from infra.settings.build import build_settings
from infra.settings.eks.delivery import ROLE_KINDS, RoleKind
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from tests.platforms.eks.answers import ACCOUNT
from tests.platforms.eks.harness_aws import Graph, Made
from tests.platforms.eks.stacks import APP, EKS_STACKS, Run, run_shipped, run_stack, sections

GITHUB = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": ["repo:example/nightowl:environment:test"],
    "preview": ["repo:example/nightowl:pull_request"],
    "ephemeral": ["repo:example/nightowl:environment:ephemeral"],
}
MOST_POLICIES_PER_ROLE = 10
"""IAM's quota (IAM user guide, "IAM and AWS STS quotas")."""
ROLE, POLICY, ATTACHMENT = (
    "aws:iam/role:Role",
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
)


def settings(**changes: Any) -> StackSettings:
    chosen = {"delivery": {"github": GITHUB}, "apps": {"web": APP}, **changes}
    return build_settings(sections(**chosen))


@functools.cache
def full() -> Graph:
    return run_stack(settings()).graph


@functools.cache
def by_hand() -> Graph:
    return run_stack(settings(delivery={})).graph


def role(graph: Graph, stack: str, kind: RoleKind) -> Made:
    [found] = [made for made in graph.all(ROLE) if made.props.get("name") == role_name(f"nightowl-{stack}", kind)]
    return found


def caller(kind: str) -> str:
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/nightowl-test-{kind}/GitHubActions"


def actions(graph: Graph, kind: RoleKind) -> set[str]:
    """What the policies of a role allow."""
    return {
        action
        for made in policies(graph, kind)
        for statement in json.loads(made.props["policy"])["Statement"]
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
    }


def policies(graph: Graph, kind: RoleKind, stack: str = "test") -> list[Made]:
    urn = role(graph, stack, kind).urn
    attached = [made for made in graph.all(ATTACHMENT) if urn in made.depends_on]
    return [made for made in graph.all(POLICY) if any(made.urn in one.depends_on for one in attached)]


def _listed(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("stack", EKS_STACKS)
def test_every_role_of_a_stack_is_bounded_and_made_after_its_bounds(stack: str) -> None:
    graph = run_shipped(stack).graph
    names = (boundary_name(f"nightowl-{stack}"), pipeline_boundary_name(f"nightowl-{stack}"))
    bounds = {made.props["name"]: made for made in graph.all(POLICY) if made.props["name"] in names}
    roles = graph.all(ROLE)
    assert len(roles) > 5
    for made in roles:
        own = bounds[names["name" in made.props]]  # the pipeline's roles have fixed names
        assert made.props["permissionsBoundary"].endswith(f":policy/{own.props['name']}"), made.name
        assert graph.waits_for(made, own), made.name


def test_a_stack_that_is_deployed_by_hand_has_neither_bounds_nor_roles_for_github() -> None:
    assert by_hand().all(POLICY) == []
    assert not any("name" in made.props or "permissionsBoundary" in made.props for made in by_hand().all(ROLE))
    assert by_hand().all("nightowl:eks:Delivery") == []


def test_nobody_has_the_bounds_as_a_permission() -> None:
    names = (boundary_name("nightowl-test"), pipeline_boundary_name("nightowl-test"))
    bounds = [made.urn for made in full().all(POLICY) if made.props["name"] in names]
    assert len(bounds) == len(names)
    assert not any(set(bounds) & made.depends_on for made in full().all(ATTACHMENT))


def test_only_a_deployment_may_take_longer_than_an_hour() -> None:
    kinds: tuple[RoleKind, ...] = ("deploy", "preview", "ephemeral")
    assert [role(full(), "test", kind).props["maxSessionDuration"] for kind in kinds] == [7200, 3600, 3600]


@pytest.mark.parametrize("kind", ["deploy", "preview", "ephemeral"])
def test_a_role_has_policies_of_its_own_with_fixed_names(kind: RoleKind) -> None:
    own = policies(full(), kind)
    assert 0 < len(own) <= MOST_POLICIES_PER_ROLE
    assert all(made.props["name"].startswith(f"{role_name('nightowl-test', kind)}-") for made in own)
    others: list[RoleKind] = [other for other in ROLE_KINDS if other != kind]
    assert not {made.urn for made in own} & {made.urn for other in others for made in policies(full(), other)}


def test_what_the_apps_bring_after_the_platform_is_permitted_too() -> None:
    apps = {"web": {**APP, "traffic": {"host": "app.example.com"}}}
    balancer = {"public": True, "allowFrom": ["203.0.113.0/24"], "domain": "example.com"}
    with_traffic = run_stack(settings(apps=apps, loadBalancer=balancer)).graph
    assert "elasticloadbalancing:CreateRule" in actions(with_traffic, "deploy")
    assert "elasticloadbalancing:CreateRule" not in actions(full(), "deploy")


def test_a_stack_without_requests_from_pull_requests_has_no_role_for_them() -> None:
    github = {key: value for key, value in GITHUB.items() if key != "ephemeral"}
    graph = run_stack(settings(delivery={"github": github})).graph
    assert not any("ephemeral" in str(made.props.get("name")) for made in graph.all(ROLE))
    assert not any("ephemeral" in made.props["principalArn"] for made in graph.all("AccessEntry"))


def test_all_that_the_pipeline_may_not_change_is_in_one_component() -> None:
    """By the types of its ancestors in the URN a preview tells that an administrator has to deploy."""
    [component] = full().all("nightowl:eks:Delivery")
    kinds: tuple[RoleKind, ...] = ("deploy", "preview", "ephemeral")
    own = {role(full(), "test", kind).urn for kind in kinds} | {made.urn for made in full().all(POLICY)}
    inside = {made.urn for made in full().below(component)}
    assert own <= inside
    assert all("nightowl:eks:Delivery$" in urn for urn in inside)


def entry(graph: Graph, kind: RoleKind) -> Made:
    [found] = [
        made
        for made in graph.all("AccessEntry")
        if made.props["principalArn"] == role_arn(ACCOUNT, "nightowl-test", kind)
    ]
    return found


def access_policies(graph: Graph, kind: RoleKind) -> dict[str, str]:
    return {
        made.props["policyArn"].rpartition("/")[2]: made.props["accessScope"]["type"]
        for made in graph.all("AccessPolicyAssociation")
        if made.props["principalArn"] == role_arn(ACCOUNT, "nightowl-test", kind)
    }


def test_each_role_gets_into_the_cluster_as_far_as_it_must() -> None:
    assert access_policies(full(), "deploy") == {"AmazonEKSClusterAdminPolicy": "cluster"}
    assert access_policies(full(), "preview") == {"AmazonEKSViewPolicy": "cluster"}
    assert access_policies(full(), "ephemeral") == {}
    assert entry(full(), "ephemeral").props["kubernetesGroups"] == ["nightowl:ephemeral"]
    assert entry(full(), "deploy").props["kubernetesGroups"] == []
    assert entry(full(), "preview").props["kubernetesGroups"] == ["nightowl:preview"]


@pytest.mark.parametrize("kind", ["deploy", "preview", "ephemeral"])
def test_eks_hears_of_a_role_after_it_was_made(kind: RoleKind) -> None:
    assert full().waits_for(entry(full(), kind), role(full(), "test", kind))
    assert full().deleted_before(entry(full(), kind), role(full(), "test", kind))


def test_objects_wait_for_the_access_of_the_deployer_and_not_for_that_of_the_others() -> None:
    storage_class = full().one("StorageClass")
    assert full().waits_for(storage_class, entry(full(), "deploy"))
    assert not full().waits_for(storage_class, entry(full(), "preview"))


def updated(kind: str) -> Run:
    return run_stack(settings(), caller=caller(kind))


def test_the_pipeline_deploys_and_previews_without_a_word() -> None:
    assert updated("deploy").warnings == ()
    for kind in ("deploy", "preview"):
        assert run_stack(settings(), preview=True, caller=caller(kind)).warnings == ()


@pytest.mark.parametrize("kind", ["preview", "ephemeral"])
def test_a_role_that_is_not_for_deployments_is_refused_before_anything_is_made(kind: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        updated(kind)
    assert str(refusal.value).startswith(f"nightowl:cluster.access.deployers: {caller(kind)} is no role that may ")
    assert role_arn(ACCOUNT, "nightowl-test", "deploy") in str(refusal.value)


def test_the_role_of_another_stack_is_refused() -> None:
    with pytest.raises(SettingsError, match="is no role that may deploy"):
        run_stack(settings(), caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/nightowl-other-deploy/GitHubActions")


def test_the_pipeline_s_name_opens_no_stack_that_is_deployed_by_hand() -> None:
    with pytest.raises(SettingsError, match="is no role that may deploy"):
        run_stack(settings(delivery={}), caller=caller("deploy"))


def test_somebody_must_be_able_to_make_the_pipeline() -> None:
    """The role for deployments is made by the first deployment, so that one is by somebody else."""
    with pytest.raises(SettingsError, match=r"^nightowl:cluster\.access\.deployers: is empty, and admins too"):
        run_stack(settings(cluster={}), caller=caller("deploy"))
