"""Who can reach what: the table of docs/delivery.md, made from the registered trust, policies and access.

`python -m tests.platforms.eks.pipeline.actors` writes it into the page.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.platforms.eks.names import identity_provider_arn, role_name
from infra.platforms.eks.pipeline.ephemeral_admission import MOST_OF_A_GUEST
from infra.settings.eks.delivery import ROLE_KINDS
from tests.platforms.eks.pipeline.oidc_simulator import AUDIENCE, ISSUER, Provider, may_assume
from tests.platforms.eks.pipeline.permissions.reach import reachable
from tests.platforms.eks.stacks import account_of, run_shipped, shipped
from tests.workflows.runs import JobRun, claims
from tests.workflows.test_jobs import RUNS

PAGE = Path(__file__).parents[4] / "docs" / "delivery.md"
BEGIN, END = "<!-- actors: python -m tests.platforms.eks.pipeline.actors -->", "<!-- /actors -->"
STACKS = ("dev", "prod")
NOTHING = "-"

COLUMNS: Mapping[str, Sequence[str]] = {
    "state": ("state", "lock of the state"),
    "secrets": ("secret",),
    "network, machines": (
        "vpc",
        "subnet",
        "security-group",
        "cluster's security group",
        "node group",
        "Auto Scaling group",
    ),
    "keys": ("key",),
    "load balancer, DNS": ("load balancer", "listener", "target group", "certificate", "DNS record"),
    "images": ("image repository",),
    "roles": ("role", "role for guests"),
    "builds in the VPC": ("CodeBuild project", "what a build runs"),
    "the pipeline's rights": ("role of the pipeline", "boundary", "identity provider"),
}
"""What an actor may reach of the stack, by column: kinds of `tests.platforms.eks.pipeline.permissions.other_stack`."""
HANDED_ON = {("iam:PassRole", "role of the pipeline")}
"""The deploy role goes to its own builds and nowhere else (`permissions/test_decisions.py`): that changes no right."""
CLUSTER, OTHERS = "objects of the cluster", "another stack of the account"
GIVES = "gives those for guests to pods"
MACHINES, REPOSITORY = "machines it starts", "writes in the repository"
ACCESS = {
    "AmazonEKSClusterAdminPolicy": "administers",
    "AmazonEKSViewPolicy": "looks, not at Secrets",
    "nightowl:ephemeral": "namespaces `pr-*`",
}
"""What the cluster gives, by access policy or group of the access entry."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody or something, and the roles of dev and prod that it gets."""

    name: str
    roles: Mapping[str, frozenset[str]]
    """By stack."""
    in_repository: str = NOTHING


def actors() -> list[Actor]:
    """List who acts, from who has the least to the roles of the machines."""
    return [
        Actor(name="a stranger, by a pull request from a fork", roles=_taken([])),
        Actor(
            name="somebody who can push a branch",
            roles=_taken(_tokens_of_a_branch()),
            # What a workflow of a branch asks for, its token gets; a fork's reads only (GitHub, "GITHUB_TOKEN").
            in_repository="all that a job can ask for",
        ),
        Actor(
            name="a reviewer, by what he merges and releases",
            roles=_taken(_tokens_of_deployments()),
            in_repository="[as a person](github.md#what-reviewed-is-worth)",
        ),
        *_of_workflows(),
        *(
            Actor(name=name, roles={"dev": frozenset({role})})
            for name, role in {
                "a node": "node",
                "a pod of an app, by its role": "app",
                "a pod of a pull request, by its role": "made-nightowl/dev/guest",
                "any role that dev's deployment can make": "made-nightowl/dev/control-plane",
            }.items()
        ),
    ]


def cell(actor: Actor, column: str) -> str:
    """Return what an actor reaches in a column: `changes`, `reads`, gives away, or nothing but looks."""
    if column == REPOSITORY:
        return actor.in_repository
    if column == "roles it gets":
        gets = [f"{role} of {stack}" for stack, given in actor.roles.items() for role in ROLE_KINDS if role in given]
        return ", ".join(gets) or NOTHING
    roles = {role for of_stack in actor.roles.values() for role in of_stack}
    if column == CLUSTER:
        given = _access()
        return (
            ", ".join(dict.fromkeys(given[role] for role in ROLE_KINDS if role in roles and role in given)) or NOTHING
        )
    if column == OTHERS:
        kinds = {kind for role in roles for _, kind in reachable(role)} - {"DNS zone"}
        return ", ".join(sorted(kinds)) or NOTHING
    if column == MACHINES:
        return _machines(roles)
    found = {one for role in roles for one in reachable(role, "its own")} - HANDED_ON
    reached = {action for action, kind in found if kind in COLUMNS[column]}
    if reached == {"iam:PassRole"}:
        return GIVES
    if any(not _reads(action) for action in reached):
        return "changes"
    return "reads" if reached else NOTHING


def columns() -> tuple[str, ...]:
    """List the columns from the left."""
    return ("roles it gets", *COLUMNS, CLUSTER, MACHINES, OTHERS, REPOSITORY)


def table() -> str:
    """Write the table as Markdown."""
    rows = [("who", *columns()), ("---",) * (len(columns()) + 1)]
    rows += [(actor.name, *(cell(actor, column) for column in columns())) for actor in actors()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(page: str) -> str:
    """Put the table into the page."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _of_workflows() -> Iterator[Actor]:
    """One per workflow that gives a job a role, as if that job were taken over."""
    runs: dict[str, list[JobRun]] = {}
    for run in RUNS.values():
        runs.setdefault(run.workflow.removesuffix(".yml"), []).append(run)
    for workflow, of_workflow in sorted(runs.items()):
        with_token = [run for run in of_workflow if run.role() is not None]
        yield Actor(
            name=f"a job of `{workflow}`",
            roles=_taken([claims(run) for run in with_token]),
            in_repository=", ".join(sorted(_written(of_workflow))) or NOTHING,
        )


def _tokens_of_deployments() -> list[dict[str, Any]]:
    return [claims(run) for run in RUNS.values() if (run.role() or ("", ""))[1] == "deploy"]


def _tokens_of_a_branch() -> list[dict[str, Any]]:
    """Make the tokens that workflows of a branch can ask for: any event of it, in any environment."""
    made = []
    for environment in (None, "dev", "staging", "prod", "ephemeral"):
        for ref, event in (("refs/heads/feature", "push"), ("refs/pull/7/merge", "pull_request")):
            what = "pull_request" if event == "pull_request" else f"ref:{ref}"
            made.append(
                {
                    "iss": f"https://{ISSUER}",
                    "aud": AUDIENCE,
                    "sub": f"repo:example/nightowl:{what if environment is None else f'environment:{environment}'}",
                    "repository": "example/nightowl",
                    "repository_id": "123456789",
                    "ref": ref,
                    **({} if environment is None else {"environment": environment}),
                }
            )
    return made


def _taken(tokens: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Return which roles of each stack somebody gets who holds tokens, by the registered trust."""
    return {
        stack: frozenset(
            kind
            for kind, trust in _trusts(stack).items()
            if any(may_assume(trust, token, _provider(stack)) for token in tokens)
        )
        for stack in STACKS
    }


@functools.cache
def _provider(stack: str) -> Provider:
    return Provider(account_id=account_of(shipped(stack)))


@functools.cache
def _trusts(stack: str) -> dict[str, Any]:
    names = {role_name(f"nightowl-{stack}", kind): kind for kind in ROLE_KINDS}
    roles = [role for role in run_shipped(stack).graph.all("Role") if role.props.get("name") in names]
    assert identity_provider_arn(_provider(stack).account_id)
    return {names[role.props["name"]]: json.loads(role.props["assumeRolePolicy"]) for role in roles}


@functools.cache
def _access() -> dict[str, str]:
    """Return what the cluster of dev gives to each role of the pipeline, by its registered access entry."""
    graph = run_shipped("dev").graph
    kinds = {role_name("nightowl-dev", kind): kind for kind in ROLE_KINDS}
    found: dict[str, str] = {}
    for entry in graph.all("AccessEntry"):
        kind = kinds.get(entry.props["principalArn"].rpartition("/")[2])
        policies = [
            made.props["policyArn"].rpartition("/")[2]
            for made in graph.all("AccessPolicyAssociation")
            if made.props["principalArn"] == entry.props["principalArn"]
        ]
        given = [ACCESS[name] for name in (*policies, *entry.props.get("kubernetesGroups", [])) if name in ACCESS]
        if kind is not None:
            found[kind] = ", ".join(given)
    return found


def _machines(roles: set[str]) -> str:
    """Return how many machines somebody can pay with the account's money for."""
    actions = {action for role in roles for action, _ in reachable(role, "its own")}
    if actions & {"ec2:RunInstances", "eks:CreateNodegroup"}:
        return "any"
    if "autoscaling:SetDesiredCapacity" in actions:
        return "up to the pools' `max`"
    if "ephemeral" in roles:
        return f"for {MOST_OF_A_GUEST['pods']} pods a guest, up to the pools' `max`"
    return NOTHING


def _written(runs: Sequence[JobRun]) -> set[str]:
    """Return what the tokens of jobs may write in the repository, besides asking for a token of AWS."""
    given = [dict(run.value("permissions") or {}) for run in runs]
    return {name for of_job in given for name, level in of_job.items() if level == "write"} - {"id-token"}


def _reads(action: str) -> bool:
    return action in {"kms:Decrypt", "s3:GetObject", "secretsmanager:GetSecretValue"} or action.startswith(
        ("ecr:Batch", "ecr:Get")
    )


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
