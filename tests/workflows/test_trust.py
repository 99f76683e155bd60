"""Each job can take its role with the token that GitHub gives it, and no other, as the program makes the roles."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from infra.platforms.eks.names import role_arn, role_name
from infra.settings.build import build_settings
from infra.settings.stack import StackSettings
from tests.platforms.eks.stacks import Run, run_stack
from tests.workflows.delivering import ACCOUNTS, EACH, sections_of
from tests.workflows.runs import FORK, JobRun, claims
from tests.workflows.test_jobs import RUNS

ISSUER = "token.actions.githubusercontent.com"
KINDS = ("deploy", "preview", "ephemeral")
TAKING: Mapping[str, JobRun] = {name: run for name, run in RUNS.items() if run.role()}
OTHERS_ID = "987654321"
BY_ID = "repo:example@42/nightowl@123456789"
"""The beginning of the subjects of repositories made since July 2026."""


@functools.cache
def run_of(stack: str) -> Run:
    return run_stack(settings_of(stack), stack=stack)


def settings_of(stack: str) -> StackSettings:
    return build_settings(sections_of(stack))


def roles() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every role of the pipeline of every stack, with the document that says who may take it."""
    for stack in EACH:
        for role in run_of(stack).graph.all("aws:iam/role:Role"):
            for kind in KINDS:
                if role.props.get("name") == role_name(f"nightowl-{stack}", kind):
                    yield stack, kind, role.props


def taken_with(token: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(stack, kind) for stack, kind, role in roles() if trusts(json.loads(role["assumeRolePolicy"]), token)]


def trusts(document: Mapping[str, Any], token: Mapping[str, Any]) -> bool:
    """Whether a document lets the owner of a token take the role: issuer and each claim that it names are equal."""
    for statement in document["Statement"]:
        assert (statement["Effect"], statement["Action"]) == ("Allow", ["sts:AssumeRoleWithWebIdentity"])
        assert set(statement["Condition"]) == {"StringEquals"}
        (provider,) = statement["Principal"]["Federated"]
        wanted = statement["Condition"]["StringEquals"]
        if token["iss"] == f"https://{provider.partition('oidc-provider/')[2]}" and all(
            token.get(key.removeprefix(f"{ISSUER}:")) in ([value] if isinstance(value, str) else value)
            for key, value in wanted.items()
        ):
            return True
    return False


@pytest.mark.parametrize("name", TAKING)
def test_a_job_can_take_the_role_that_it_asks_for_and_no_other(name: str) -> None:
    run = TAKING[name]
    taken = taken_with(claims(run))
    wanted = run.role()
    assert wanted in taken
    # A preview's token says nothing of the stack: it reads each of them, in jobs of their own.
    assert taken == ([(stack, "preview") for stack in EACH] if wanted and wanted[1] == "preview" else [wanted])


@pytest.mark.parametrize("name", TAKING)
def test_the_same_workflow_in_a_fork_can_take_none(name: str) -> None:
    run = TAKING[name]
    own = replace(run, event=replace(run.event, repository=FORK))
    assert taken_with(claims(own, repository_id=OTHERS_ID)) == []


@pytest.mark.parametrize("name", TAKING)
def test_a_repository_that_is_made_anew_under_the_name_can_take_none(name: str) -> None:
    assert taken_with(claims(TAKING[name], repository_id=OTHERS_ID)) == []


@pytest.mark.parametrize("name", TAKING)
def test_a_job_that_deploys_can_do_so_from_main_only(name: str) -> None:
    run = TAKING[name]
    if (run.role() or ("", ""))[1] == "deploy":
        branch = replace(run, event=replace(run.event, ref="refs/heads/feature"))
        assert taken_with(claims(branch)) == []


@pytest.mark.parametrize("name", TAKING)
def test_subjects_with_ids_are_no_match_for_those_without(name: str) -> None:
    assert taken_with(claims(TAKING[name], prefix=BY_ID)) == []


def test_no_job_without_a_role_could_take_one_that_writes() -> None:
    without = [run for run in RUNS.values() if run.role() is None]
    kinds = {kind for run in without for _, kind in taken_with(claims(run))}
    assert kinds <= {"preview"}, "and these cannot even ask for a token"


@pytest.mark.parametrize("name", TAKING)
def test_the_role_lives_as_long_as_the_workflow_asks_for(name: str) -> None:
    run = TAKING[name]
    (longest,) = [role["maxSessionDuration"] for stack, kind, role in roles() if (stack, kind) == run.role()]
    assert run.role_seconds() <= longest


def test_the_roles_have_the_names_that_the_workflows_ask_for() -> None:
    assert {(stack, kind) for stack, kind, _ in roles()} >= {run.role() for run in TAKING.values()}
    assert role_arn(ACCOUNTS["dev"], "nightowl-dev", "deploy").endswith(":role/nightowl-dev-deploy")
