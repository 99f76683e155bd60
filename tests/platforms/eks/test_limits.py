"""A name or a document that AWS would refuse is refused before anything is made."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.platforms.eks.names import stack_name_errors
from infra.platforms.eks.pipeline.boundary import boundary_document
from infra.platforms.eks.pipeline.permissions.documents import size
from infra.settings.eks import limits
from infra.settings.eks.delivery import DeliverySettings
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import scope
from tests.platforms.eks.stacks import run_stack, with_apps

GITHUB: dict[str, Any] = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": ["repo:example/nightowl:environment:dev"],
    "preview": ["repo:example/nightowl:pull_request"],
    "ephemeral": ["repo:example/nightowl:environment:ephemeral"],
}
EVERYTHING: dict[str, Any] = {
    "github": GITHUB,
    "backend": f"s3://nightowl-state?region={REGION}",
    "runner": True,
}
DELIVERY = DeliverySettings.model_validate(EVERYTHING)
BUILDS = ("web",)


def refusal(settings: StackSettings, *, stack: str = "test") -> str:
    with pytest.raises(SettingsError) as refused:
        run_stack(settings, stack=stack, preview=True)
    return str(refused.value)


@pytest.mark.parametrize(
    ("stack", "near"),
    [
        ("prod.eu", ", such as prod-eu"),
        ("Prod", ", such as prod"),
        ("prod_eu", ", such as prod-eu"),
        ("9lives", ""),
        ("a" * 41, ""),
        ("prod-", ", such as prod"),
    ],
)
def test_a_stack_whose_name_other_stack_files_could_not_write_is_refused(stack: str, near: str) -> None:
    assert refusal(with_apps({}), stack=stack) == (
        f"stack {stack}: the name is not a name: use lower-case letters, digits and dashes, start with a letter, at "
        f"most 40 characters{near}; make the stack under another name"
    )


@pytest.mark.parametrize("stack", ["pr-7", "pr-od"])
def test_a_stack_that_the_role_of_pull_requests_could_change_is_refused(stack: str) -> None:
    assert refusal(with_apps({}), stack=stack) == (
        f"stack {stack}: names that begin with pr- are for stacks of pull requests, whose role could change this one; "
        "make the stack under another name"
    )


def test_a_stack_that_no_repository_can_be_called_after_is_refused_only_with_images() -> None:
    assert list(stack_name_errors("nightowl", "my--stack")) == []
    assert refusal(with_apps({"web": {"build": "apps/web"}}, delivery=EVERYTHING), stack="my--stack") == (
        "stack my--stack: nightowl-my--stack/web is no name of an image repository, which has small letters and digits "
        "with single dashes, dots or underscores between them; make the stack under another name"
    )


@given(st.from_regex(r"\A[a-z](-?[a-z0-9]){0,39}\Z").filter(lambda name: len(name) <= 40 and name[:3] != "pr-"))
def test_every_stack_name_of_the_right_form_is_taken_by_all_services(stack: str) -> None:
    assert list(stack_name_errors("nightowl", stack, DELIVERY, BUILDS)) == []


@pytest.mark.parametrize(
    ("project", "name", "flaw"),
    [
        ("p" * 60, "prod", "has 65 characters, but the name of an IAM role has at most 64"),
        ("p.q", "prod", "is no name of an EKS cluster, which has letters, digits, dashes and underscores"),
        ("p" * 100, "prod", "has 105 characters, but the name of an EKS cluster has at most 100"),
    ],
)
def test_the_limits_hold_for_whatever_the_names_are_made_of(project: str, name: str, flaw: str) -> None:
    found = [*stack_name_errors(project, name), *_role_flaws(project, name)]
    assert any(flaw in str(line) for line in found), found


def _role_flaws(project: str, name: str) -> list[str]:
    return [flaw for flaw in [limits.IAM_ROLE.error(f"{project}-{name}")] if flaw]


def test_the_boundary_fits_into_one_policy_with_the_longest_name_of_a_stack_and_its_region() -> None:
    longest = scope("a" * 40, region="ap-southeast-2", domain=f"{'a' * 60}.com", backend_bucket="b" * 63)
    assert size(boundary_document(longest)) <= limits.MANAGED_POLICY_CHARACTERS


def secrets(count: int) -> dict[str, Any]:
    return {"web": {"secrets": {f"s{index}": f"prod/{index:03}/{'x' * 100}" for index in range(count)}}}


def test_secrets_that_no_role_could_be_allowed_are_refused_with_their_app() -> None:
    assert refusal(with_apps(secrets(28))) == (
        "nightowl:apps.web.secrets: 28 secrets make a policy of 10255 characters, but a role has at most 10240; give "
        "them shorter names in Secrets Manager, or keep several values in one"
    )


def test_as_many_secrets_as_fit_are_accepted_and_the_registered_policy_is_as_long_as_was_counted() -> None:
    (policy,) = [
        made for made in run_stack(with_apps(secrets(27))).graph.all("RolePolicy") if made.name == "app-web-secrets"
    ]
    registered = len("".join(policy.props["policy"].split()))
    assert 9_800 < registered <= limits.INLINE_POLICIES_CHARACTERS


def test_a_secret_that_the_boundary_would_keep_from_the_pods_is_refused_with_its_app() -> None:
    apps = {"web": {"secrets": {"own": "test/key", "shared": "shared/key", "other": "prod/key", "like": "test-2/key"}}}
    assert refusal(with_apps(apps, delivery={"github": GITHUB, "secrets": ["shared/"]})).splitlines() == [
        f"nightowl:apps.web.secrets.{name}: {ref} is not below test/ or shared/, and roles of this stack read no other "
        "secrets; name it so, or add the beginning of its name to nightowl:delivery.secrets"
        for name, ref in (("other", "prod/key"), ("like", "test-2/key"))
    ]


def test_credentials_that_the_boundary_would_keep_from_their_keeper_are_refused_with_the_app_that_names_them() -> None:
    apps = {"web": {"pullSecrets": ["test/ghcr", "prod/quay"]}}
    assert refusal(with_apps(apps, delivery={"github": GITHUB})) == (
        "nightowl:apps.web.pullSecrets[1]: prod/quay is not below test/, and roles of this stack read no other "
        "secrets; name it so, or add the beginning of its name to nightowl:delivery.secrets"
    )


def test_a_stack_without_a_pipeline_names_its_secrets_as_it_likes() -> None:
    run_stack(with_apps({"web": {"secrets": {"key": "anything"}}}), preview=True)


def test_subjects_that_no_trust_policy_could_name_are_refused() -> None:
    branches = [f"repo:example/nightowl:ref:refs/heads/{'x' * 50}{index}" for index in range(25)]
    delivery = {"github": {**GITHUB, "preview": branches}}
    line = refusal(with_apps({}, delivery=delivery))
    assert line.startswith("nightowl:delivery.github.preview: its subjects make a trust policy of ")
    assert line.endswith(" characters, but a role has at most 2048; name fewer")


def test_readers_that_no_repository_policy_could_name_are_refused() -> None:
    readers = [f"arn:aws:iam::{ACCOUNT}:role/{'r' * 55}{index:03}" for index in range(60)]
    line = refusal(with_apps({"web": {"build": "apps/web"}}, delivery={"readers": readers}))
    assert line.startswith("nightowl:delivery.readers: 60 roles make a policy of ")
    assert line.endswith(" characters, but a repository has at most 10240; name fewer")


def test_apps_whose_names_begin_like_those_of_pull_requests_get_repositories_of_their_own() -> None:
    apps = {app: {"build": f"apps/{app}"} for app in ("web", "pr-web")}
    run = run_stack(with_apps(apps, delivery={"github": GITHUB}))
    assert sorted(made.props["name"] for made in run.graph.all("Repository")) == [
        "nightowl-test/pr-web",
        "nightowl-test/pr/pr-web",
        "nightowl-test/pr/web",
        "nightowl-test/web",
    ]


def test_labels_that_differ_in_a_slash_only_make_two_hints() -> None:
    pools = {
        "system": {"instanceTypes": ["m7g.large"], "min": 2, "max": 4, "system": True},
        "apps": {"instanceTypes": ["m7g.xlarge"], "min": 0, "max": 3, "labels": {"a/b": "x", "a-b": "y"}},
    }
    tags = [made.props["tag"] for made in run_stack(with_apps({}, nodePools=pools)).graph.all("Tag")]
    assert {tag["value"] for tag in tags if tag["key"].endswith(("/a/b", "/a-b"))} == {"x", "y"}
