"""How permissions are written: a row grants what a resource type takes, a statement allows or refuses anything else.

Both are patterns. What stands in braces is one of the words of the scope, and filled in when a document is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from infra.iam import Conditions, Statement, actions
from infra.platforms.eks.pipeline.permissions.scope import Scope

IN_REGION: Conditions = {"StringEquals": {"aws:RequestedRegion": "{region}"}}
"""The most that can be asked of an action that takes no resource and no tag."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Actions on resources, by which a type is read or written."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions
    writes: bool


Table = Mapping[str, Sequence[Grant]]
"""What each type takes, by its name: `aws:ec2/vpc:Vpc`."""


def read(names: str, *resources: str, when: Conditions | None = None) -> Grant:
    """Allow what reads a type, on everything without `resources`: most `Describe` actions take none."""
    return Grant(actions=actions(names), resources=resources or ("*",), conditions=when or {}, writes=False)


def write(names: str, *resources: str, when: Conditions | None = None) -> Grant:
    """Allow what makes, changes and deletes a type, under the conditions `when`."""
    return Grant(actions=actions(names), resources=resources or ("*",), conditions=when or {}, writes=True)


def look_and_change(reads: str, writes: str, *resources: str) -> tuple[Grant, Grant]:
    """Allow what reads a type and what writes it, on the same resources."""
    return read(reads, *resources), write(writes, *resources)


def pass_role(*services: str) -> Grant:
    """Let a role of this stack be handed to services, which then act with its permissions."""
    return write("iam:PassRole", "{roles}", when={"StringEquals": {"iam:PassedToService": services}})


def service_linked_role(service: str) -> Grant:
    """Let the role be made with which a service acts in the account; the first who needs it makes it."""
    return write(
        "iam:CreateServiceLinkedRole",
        f"arn:aws:iam::{{account}}:role/aws-service-role/{service}/*",
        when={"StringEquals": {"iam:AWSServiceName": service}},
    )


def statements(grants: Iterable[Grant], *, sid: str) -> list[Statement]:
    """Write grants as statements, one for each set of resources and conditions, in a stable order."""
    merged: dict[str, list[Grant]] = {}
    for grant in grants:
        merged.setdefault(json.dumps([sorted(set(grant.resources)), grant.conditions], sort_keys=True), []).append(
            grant
        )
    return [
        Statement(
            sid=f"{sid}{number}",
            actions=sorted({action for grant in alike for action in grant.actions}),
            resources=sorted(set(alike[0].resources)),
            conditions=alike[0].conditions,
        )
        for number, (_, alike) in enumerate(sorted(merged.items()), start=1)
    ]


def filled(statement: Statement, scope: Scope) -> Statement:
    """Put what the scope says for the words in braces; `{boundary}` alone may stand for several."""

    def fill(pattern: str) -> str:
        return pattern.format_map(scope.words)

    def fill_values(values: str | Sequence[str]) -> str | list[str]:
        if values == "{boundary}":
            return scope.boundaries
        return fill(values) if isinstance(values, str) else [fill(value) for value in values]

    return replace(
        statement,
        resources=[fill(str(resource)) for resource in statement.resources],
        conditions={
            operator: {fill(key): fill_values(values) for key, values in keys.items()}
            for operator, keys in statement.conditions.items()
        },
    )
