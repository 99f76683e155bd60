from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from infra.settings.build import build_settings
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph, Made
from tests.platforms.eks.iam_evaluator import Call, allows
from tests.platforms.eks.stacks import APP, run_stack, sections

GITHUB = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": ["repo:example/nightowl:environment:test"],
    "preview": ["repo:example/nightowl:pull_request"],
}
EPHEMERAL = {**GITHUB, "ephemeral": ["repo:example/nightowl:environment:ephemeral"]}
READER = "arn:aws:iam::444455556666:role/nightowl-staging-deploy"
PULLS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
COPIES = (*PULLS, "ecr:BatchCheckLayerAvailability", "ecr:DescribeImages")


def made(*, protect: bool = True, **delivery: Any) -> Graph:
    platform = {"kind": "eks", "region": REGION, "accountId": ACCOUNT, "protect": protect}
    chosen = sections(apps={"web": {**APP, "build": "apps/web"}}, platform=platform, delivery=delivery)
    return run_stack(build_settings(chosen)).graph


@functools.cache
def full() -> Graph:
    return made(github=EPHEMERAL, readers=[READER])


def repository(graph: Graph, name: str = "nightowl-test/web") -> Made:
    [found] = [one for one in graph.all("aws:ecr/repository:Repository") if one.props["name"] == name]
    return found


def policy(graph: Graph, name: str = "nightowl-test/web") -> Any:
    own = repository(graph, name).urn
    [found] = [one for one in graph.all("aws:ecr/repositoryPolicy:RepositoryPolicy") if own in one.depends_on]
    return json.loads(found.props["policy"])


def lifecycle(graph: Graph, name: str = "nightowl-test/web") -> Any:
    own = repository(graph, name).urn
    [found] = [one for one in graph.all("aws:ecr/lifecyclePolicy:LifecyclePolicy") if own in one.depends_on]
    return json.loads(found.props["policy"])["rules"]


def node_role(graph: Graph) -> str:
    name = graph.one("aws:iam/role:Role", "node").name
    [arn] = {
        one.props["nodeRoleArn"] for one in graph.all("aws:eks/nodeGroup:NodeGroup") if name in one.props["nodeRoleArn"]
    }
    return arn


def reads(document: Any, action: str, role_arn: str) -> bool:
    """Whether the repository's policy lets a role do something: by its name, or by its account and a condition."""
    root = f"{role_arn.partition(':role/')[0]}:root"
    calls = [Call(action=action, principal=who, context={"aws:PrincipalArn": role_arn}) for who in (role_arn, root)]
    return not denies(document, action, role_arn) and any(allows(document, call) for call in calls)


def denies(document: Any, action: str, role_arn: str) -> bool:
    """Whether it refuses what IAM allows, which decides within the account."""
    refusals = [
        {**one, "Effect": "Allow", "Principal": {"AWS": [role_arn]}}
        for one in document["Statement"]
        if one["Effect"] == "Deny" and one["Principal"] == {"AWS": ["*"]}
    ]
    call = Call(action=action, principal=role_arn, context={"aws:PrincipalArn": role_arn})
    return any(allows({"Statement": [one]}, call) for one in refusals)


def test_a_stack_without_images_keeps_none() -> None:
    graph = run_stack(build_settings(sections(apps={"web": APP}, delivery={"github": GITHUB}))).graph
    assert [one.type for one in graph.resources if ":ecr/" in one.type] == []


def test_tags_never_move_and_images_are_scanned_and_encrypted() -> None:
    for name in ("nightowl-test/web", "nightowl-test/pr/web"):
        props = repository(full(), name).props
        assert props["imageTagMutability"] == "IMMUTABLE"
        assert props["imageScanningConfiguration"] == {"scanOnPush": True}
        assert [one["encryptionType"] for one in props["encryptionConfigurations"]] == ["KMS"]


def test_images_of_pull_requests_lie_apart_and_only_where_there_are_such_stacks() -> None:
    names = {one.props["name"] for one in full().all("aws:ecr/repository:Repository")}
    assert names == {"nightowl-test/web", "nightowl-test/pr/web"}
    names = {one.props["name"] for one in made(github=GITHUB).all("aws:ecr/repository:Repository")}
    assert names == {"nightowl-test/web"}


def test_the_newest_images_are_kept_and_what_lost_its_tag_goes() -> None:
    untagged, newest = lifecycle(full())
    assert untagged["selection"] == {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 14,
    }
    assert newest["selection"] == {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 200}
    assert untagged["rulePriority"] < newest["rulePriority"], "ECR asks that `any` comes last"


def test_images_of_pull_requests_go_after_two_weeks_whatever_their_tag() -> None:
    [rule] = lifecycle(full(), "nightowl-test/pr/web")
    assert (rule["selection"]["tagStatus"], rule["selection"]["countNumber"]) == ("any", 14)
    assert rule["selection"]["countUnit"] == "days"


@pytest.mark.parametrize("protect", [True, False])
def test_only_a_stack_that_may_go_takes_its_images_with_it(protect: bool) -> None:
    graph = made(protect=protect, github=EPHEMERAL)
    own, of_pull_requests = repository(graph), repository(graph, "nightowl-test/pr/web")
    assert (own.props["forceDelete"], own.protect) == (not protect, protect)
    assert (of_pull_requests.props["forceDelete"], of_pull_requests.protect) == (True, False)


@pytest.mark.parametrize("action", PULLS)
@pytest.mark.parametrize("name", ["nightowl-test/web", "nightowl-test/pr/web"])
def test_the_nodes_pull(name: str, action: str) -> None:
    assert reads(policy(full(), name), action, node_role(full()))


@pytest.mark.parametrize("action", COPIES)
def test_the_next_environment_copies_images_but_none_of_pull_requests(action: str) -> None:
    assert reads(policy(full()), action, READER)
    assert not reads(policy(full(), "nightowl-test/pr/web"), action, READER)


def test_nobody_else_of_the_next_environment_copies() -> None:
    for other in ("arn:aws:iam::444455556666:role/admin", "arn:aws:iam::444455556666:role/nightowl-staging-preview"):
        assert not any(reads(policy(full()), action, other) for action in COPIES)


def test_a_reader_that_is_not_made_yet_is_no_principal() -> None:
    """ECR refuses a policy that names a role which does not exist, and dev is made before staging."""
    principals = [name for one in policy(full())["Statement"] for name in one["Principal"]["AWS"]]
    assert READER not in principals
    assert "arn:aws:iam::444455556666:root" in principals


@pytest.mark.parametrize("role", ["nightowl-test-preview", "admin", "nightowl/test/app-web-1234567"])
def test_nobody_else_of_the_account_pulls_whatever_iam_allows(role: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    assert all(denies(policy(full()), action, arn) for action in PULLS)


@pytest.mark.parametrize("kind", ["deploy", "ephemeral"])
def test_those_who_push_can_look_up_what_they_pushed(kind: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/nightowl-test-{kind}"
    assert not any(denies(policy(full()), action, arn) for action in PULLS)


def test_no_administrator_is_locked_out_of_the_policy_itself() -> None:
    refused = {action for one in policy(full())["Statement"] if one["Effect"] == "Deny" for action in one["Action"]}
    assert refused == set(PULLS)


def test_nobody_pushes_by_the_repository_s_own_policy() -> None:
    allowed = {action for one in policy(full())["Statement"] if one["Effect"] == "Allow" for action in one["Action"]}
    assert allowed == set(COPIES)
