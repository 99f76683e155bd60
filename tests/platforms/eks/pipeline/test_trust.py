"""Whose tokens get a role: the documents that the program registers, against a table of tokens."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.platforms.eks.names import identity_provider_arn, role_name
from infra.settings.build import build_settings
from infra.settings.eks.delivery import ROLE_KINDS, RoleKind
from infra.settings.stack import StackSettings
from infra.settings.stack_file import stack_config
from tests.platforms.eks.iam_evaluator import Call, allows
from tests.platforms.eks.pipeline.oidc_simulator import AUDIENCE, ISSUER, OTHERS_AUDIENCE, Provider, may_assume
from tests.platforms.eks.stacks import STACKS, account_of, run_stack

REPOSITORY, REPOSITORY_ID, OWNER_ID = "example/nightowl", "123456789", "4242"
OTHERS_ID = "987654321"
OLD_PREFIX = f"repo:{REPOSITORY}"
NEW_PREFIX = f"repo:example@{OWNER_ID}/nightowl@{REPOSITORY_ID}"
FORMS = ("old", "new", "both")
"""How a stack file writes subjects: by names, with ids, or each in both ways while a repository moves."""
OLD, NEW = ("old", "both"), ("new", "both")
"""The forms of a stack file that take a token of the old and of the new form."""
EACH = ("dev", "prod")

Role = tuple[str, str, RoleKind]
"""Stack, form of the subjects in its file, and kind."""


@dataclass(frozen=True)
class Row:
    """A token, and who gets in with it: every role that it is good for, of all stacks and forms."""

    name: str
    token: Mapping[str, Any]
    takes: frozenset[Role] = frozenset()


def token(what: str, *, prefix: str = OLD_PREFIX, **claims: Any) -> dict[str, Any]:
    """A token as GitHub makes it for a job of the repository; claims that are None are left out."""
    environment = what.removeprefix("environment:") if what.startswith("environment:") else None
    made = {
        "iss": f"https://{ISSUER}",
        "aud": AUDIENCE,
        "sub": f"{prefix}:{what}",
        "repository": REPOSITORY,
        "repository_id": REPOSITORY_ID,
        "repository_owner": "example",
        "repository_owner_id": OWNER_ID,
        "environment": environment,
        "ref": "refs/pull/7/merge" if what == "pull_request" else "refs/heads/main",
        "event_name": "pull_request" if what == "pull_request" else "push",
        "workflow": "main",
        "job_workflow_ref": f"{REPOSITORY}/.github/workflows/main.yml@refs/heads/main",
        "actor": "octocat",
        **claims,
    }
    return {claim: value for claim, value in made.items() if value is not None}


def roles(kind: RoleKind, forms: tuple[str, ...], *stacks: str) -> frozenset[Role]:
    return frozenset((stack, form, kind) for stack in stacks for form in forms)


DEPLOY, PULL, MAIN = "environment:dev", "pull_request", "ref:refs/heads/main"
EPHEMERAL = "environment:ephemeral"
FORK = {"repository": "mallory/nightowl", "repository_id": OTHERS_ID, "repository_owner": "mallory"}

ROWS = (
    # who gets in
    Row("deployment of dev", token(DEPLOY), roles("deploy", OLD, "dev")),
    Row("deployment of prod", token("environment:prod"), roles("deploy", OLD, "prod")),
    Row("deployment of dev, with ids", token(DEPLOY, prefix=NEW_PREFIX), roles("deploy", NEW, "dev")),
    Row("deployment of prod, with ids", token("environment:prod", prefix=NEW_PREFIX), roles("deploy", NEW, "prod")),
    Row("pull request", token(PULL), roles("preview", OLD, *EACH)),
    Row("pull request, with ids", token(PULL, prefix=NEW_PREFIX), roles("preview", NEW, *EACH)),
    Row("drift check on main", token(MAIN, event_name="schedule"), roles("preview", OLD, *EACH)),
    Row("drift check on main, with ids", token(MAIN, prefix=NEW_PREFIX), roles("preview", NEW, *EACH)),
    Row("stack of a pull request", token(EPHEMERAL, ref="refs/pull/7/merge"), roles("ephemeral", OLD, "dev")),
    Row("nightly sweep", token(EPHEMERAL, event_name="schedule"), roles("ephemeral", OLD, "dev")),
    Row("stack of a pull request, with ids", token(EPHEMERAL, prefix=NEW_PREFIX), roles("ephemeral", NEW, "dev")),
    # other repositories
    Row("fork, pull request", token(PULL, prefix="repo:mallory/nightowl", **FORK)),
    Row("fork, environment of the same name", token(DEPLOY, prefix="repo:mallory/nightowl", **FORK)),
    Row("fork that claims the subject", token(DEPLOY, **FORK)),
    Row("fork that claims the name", token(DEPLOY, repository_id=OTHERS_ID)),
    Row("other repository of the owner", token(DEPLOY, prefix="repo:example/other", repository_id=OTHERS_ID)),
    Row("repository whose name goes on", token(DEPLOY, prefix=f"{OLD_PREFIX}-2", repository_id=OTHERS_ID)),
    Row("same name of another owner", token(DEPLOY, prefix="repo:examples/nightowl", repository_id=OTHERS_ID)),
    Row("owner in capitals", token(DEPLOY, prefix="repo:Example/nightowl")),
    Row("renamed repository", token(DEPLOY, prefix="repo:example/renamed", repository="example/renamed")),
    Row("made anew under the old name", token(PULL, repository_id=OTHERS_ID)),
    Row("made anew, with ids", token(PULL, prefix=f"repo:example@{OWNER_ID}/nightowl@{OTHERS_ID}")),
    Row("with the id of another owner", token(DEPLOY, prefix=f"repo:example@1/nightowl@{REPOSITORY_ID}")),
    Row("without the repository's id", token(DEPLOY, repository_id=None)),
    Row("reusable workflow run by another repository", token(DEPLOY, prefix="repo:mallory/app", **FORK)),
    # other places of the repository
    Row("branch that looks like a wildcard", token("ref:refs/heads/*", ref="refs/heads/*")),
    Row("branch that begins like main", token("ref:refs/heads/main2", ref="refs/heads/main2")),
    Row("branch that ends like main", token("ref:refs/heads/x/main", ref="refs/heads/x/main")),
    Row("tag called main", token("ref:refs/tags/main", ref="refs/tags/main")),
    Row("release tag", token("ref:refs/tags/v1.0.0", ref="refs/tags/v1.0.0")),
    Row("other environment", token("environment:playground")),
    Row("environment in capitals", token("environment:Dev")),
    Row("environment claim in capitals", token(DEPLOY, environment="Dev")),
    Row("environment claim of another", token(DEPLOY, environment="prod")),
    Row("environment claim left out", token(DEPLOY, environment=None)),
    Row("deployment from a branch", token(DEPLOY, ref="refs/heads/feature")),
    Row("deployment from a tag", token(DEPLOY, ref="refs/tags/v1.0.0")),
    Row("deployment from a pull request", token(DEPLOY, ref="refs/pull/7/merge", event_name="pull_request")),
    Row("deployment without a ref", token(DEPLOY, ref=None)),
    Row(
        "merge queue", token("ref:refs/heads/gh-readonly-queue/main/pr-7", ref="refs/heads/gh-readonly-queue/main/pr-7")
    ),
    # tokens that were tampered with, or are for others
    Row("no audience", token(DEPLOY, aud=None)),
    Row("GitHub's default audience", token(DEPLOY, aud=OTHERS_AUDIENCE)),
    Row("audience of another cloud", token(DEPLOY, aud="api://AzureADTokenExchange")),
    Row("audience in capitals", token(DEPLOY, aud="STS.amazonaws.com")),
    Row("list of audiences", token(DEPLOY, aud=[AUDIENCE, OTHERS_AUDIENCE])),
    Row("no subject", token(DEPLOY, sub=None)),
    Row("empty subject", token(DEPLOY, sub="")),
    Row("subject with a wildcard", token(DEPLOY, sub=f"{OLD_PREFIX}:*")),
    Row("subject that goes on", token(DEPLOY, sub=f"{OLD_PREFIX}:environment:dev:x")),
    Row("subject with a space behind", token(DEPLOY, sub=f"{OLD_PREFIX}:environment:dev ")),
    Row("subject with something in front", token(DEPLOY, sub=f"x{OLD_PREFIX}:environment:dev")),
    Row("subject made by another template", token(DEPLOY, sub="environment:dev")),
    Row("subject with dashes for ids", token(DEPLOY, prefix=f"repo:example-{OWNER_ID}/nightowl-{REPOSITORY_ID}")),
    Row("other issuer", token(DEPLOY, iss="https://gitlab.example.com")),
    Row("issuer of an enterprise", token(DEPLOY, iss=f"https://{ISSUER}/example")),
    Row("issuer without TLS", token(DEPLOY, iss=f"http://{ISSUER}")),
)


@functools.cache
def settings(stack: str, form: str) -> StackSettings:
    """A stack as shipped, but for its apps, whose subjects are written in one form or in both."""
    path: Path = STACKS / f"Pulumi.{stack}.yaml"
    config = stack_config(path)
    delivery: Any = config["nightowl:delivery"]
    github = delivery["github"]
    assert (github["repository"], github["repositoryId"]) == (REPOSITORY, REPOSITORY_ID)
    for kind in ROLE_KINDS:
        old: list[str] = github.get(kind, [])
        new = [subject.replace(OLD_PREFIX, NEW_PREFIX) for subject in old]
        github[kind] = {"old": old, "new": new, "both": [*old, *new]}[form]
    # The trust of the roles is the same whatever runs, and made sooner where nothing does.
    config["nightowl:apps"] = {}
    return build_settings({key.removeprefix("nightowl:"): value for key, value in config.items()})


@functools.cache
def documents() -> Mapping[Role, Mapping[str, Any]]:
    """The trust of every role of the pipeline, as the program registers it."""
    found: dict[Role, Mapping[str, Any]] = {}
    for stack in EACH:
        for form in FORMS:
            graph = run_stack(settings(stack, form), stack=stack).graph
            for kind in ROLE_KINDS:
                for made in graph.all("aws:iam/role:Role"):
                    if made.props.get("name") == role_name(f"nightowl-{stack}", kind):
                        found[stack, form, kind] = json.loads(made.props["assumeRolePolicy"])
    return found


def provider_of(role: Role) -> Provider:
    return Provider(account_id=account_of(settings(role[0], role[1])))


def taken_with(bearer: Mapping[str, Any]) -> set[Role]:
    return {role for role, trust in documents().items() if may_assume(trust, bearer, provider_of(role))}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_token_gets_exactly_the_roles_that_it_is_for(row: Row) -> None:
    assert taken_with(row.token) == row.takes


def test_every_role_of_the_pipeline_is_judged() -> None:
    assert documents().keys() == {
        *roles("deploy", FORMS, *EACH),
        *roles("preview", FORMS, *EACH),
        *roles("ephemeral", FORMS, "dev"),
    }


def test_the_table_lets_in_and_keeps_out() -> None:
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))
    assert sum(not row.takes for row in ROWS) >= 30
    assert frozenset().union(*(row.takes for row in ROWS)) == documents().keys()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("stack", EACH)
def test_only_the_identity_provider_of_the_own_account_is_trusted(stack: str, form: str) -> None:
    own = provider_of((stack, form, "deploy")).arn
    assert own == identity_provider_arn(account_of(settings(stack, form)))
    principals = {
        json.dumps(statement["Principal"])
        for role, trust in documents().items()
        if role[:2] == (stack, form)
        for statement in trust["Statement"]
    }
    assert principals == {json.dumps({"Federated": [own]})}


def test_the_provider_of_another_account_vouches_for_nobody() -> None:
    for role, trust in documents().items():
        stranger = Provider(account_id="999999999999")
        assert not may_assume(trust, token(f"environment:{role[0]}"), stranger)


def test_a_role_is_taken_by_a_token_and_in_no_other_way() -> None:
    for role, trust in documents().items():
        context = {f"{ISSUER}:{claim}": value for claim, value in token(f"environment:{role[0]}").items()}
        for action in ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:TagSession"):
            assert not allows(trust, Call(action=action, principal=provider_of(role).arn, context=context))


def test_each_claim_of_a_deployment_is_asked_for() -> None:
    """Taken away one by one, so that a condition that another one covers is still missed when it goes."""
    for role, trust in documents().items():
        asked = trust["Statement"][0]["Condition"]
        assert asked.keys() == {"StringEquals"}
        claims = {key.removeprefix(f"{ISSUER}:") for key in asked["StringEquals"]}
        always = {"aud", "sub", "repository_id"}
        assert claims == (always | {"environment", "ref"} if role[2] == "deploy" else always)
