"""The form of a row: which calls the provider makes for a resource type, and on which resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from infra.iam import Statement
from infra.platforms.eks.pipeline.permissions.scope import Scope

Conditions = Mapping[str, Mapping[str, Sequence[str]]]
"""Operator, key, values: `{"StringEquals": {"iam:PassedToService": ["eks.amazonaws.com"]}}`."""

EVERYTHING = ("*",)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Actions on resources. Resources and values are patterns whose words in braces the scope fills in."""

    actions: Sequence[str]
    resources: Sequence[str] = EVERYTHING
    conditions: Conditions = field(default_factory=dict[str, Mapping[str, Sequence[str]]])

    def within(self, scope: Scope) -> Grant:
        """Fill in the words of `scope`."""
        words = scope.words
        return Grant(
            actions=self.actions,
            resources=tuple(pattern.format_map(words) for pattern in self.resources),
            conditions={
                operator: {
                    key.format_map(words): tuple(value.format_map(words) for value in values)
                    for key, values in keys.items()
                }
                for operator, keys in self.conditions.items()
            },
        )


IN_REGION: Conditions = {"StringEquals": {"aws:RequestedRegion": ("{region}",)}}
"""The most that can be asked of an action that takes no resource and no tag."""


@dataclass(frozen=True, kw_only=True)
class TypeRights:
    """What a resource type needs: to be read, made, changed and deleted.

    `on` are the resources of what writes, `read_on` those of what reads (most `Describe` actions take none). `when` are
    the conditions of what writes. `also_read` and `also_write` are on other resources, or under other conditions.
    """

    read: Sequence[str]
    create: Sequence[str] = ()
    update: Sequence[str] = ()
    delete: Sequence[str] = ()
    on: Sequence[str] = EVERYTHING
    read_on: Sequence[str] = EVERYTHING
    when: Conditions = field(default_factory=dict[str, Mapping[str, Sequence[str]]])
    also_read: Sequence[Grant] = ()
    also_write: Sequence[Grant] = ()

    @property
    def reads(self) -> tuple[Grant, ...]:
        """What reading takes."""
        return (Grant(actions=self.read, resources=self.read_on), *self.also_read)

    @property
    def writes(self) -> tuple[Grant, ...]:
        """What making, changing and deleting take."""
        actions = (*self.create, *self.update, *self.delete)
        own = (Grant(actions=actions, resources=self.on, conditions=self.when),) if actions else ()
        return (*own, *self.also_write)


Table = Mapping[str, TypeRights]
"""Rows by type: `aws:ec2/vpc:Vpc`."""


def statements(grants: Iterable[Grant], scope: Scope, *, sid: str) -> list[Statement]:
    """Write grants as statements, one for each set of resources and conditions, in a stable order."""
    actions: dict[tuple[str, ...], set[str]] = {}
    shapes: dict[tuple[str, ...], Grant] = {}
    for grant in (grant.within(scope) for grant in grants):
        shape = _shape(grant)
        shapes.setdefault(shape, grant)
        actions.setdefault(shape, set()).update(grant.actions)
    return [
        Statement(
            sid=f"{sid}{number}",
            actions=sorted(actions[shape]),
            resources=sorted(set(shapes[shape].resources)),
            conditions={
                operator: {key: values[0] if len(values) == 1 else list(values) for key, values in keys.items()}
                for operator, keys in shapes[shape].conditions.items()
            },
        )
        for number, shape in enumerate(sorted(shapes), start=1)
    ]


def pass_role(service: str, *more: str) -> Grant:
    """Let a role of this stack be handed to a service, which then acts with its permissions."""
    return Grant(
        actions=("iam:PassRole",),
        resources=("{roles}",),
        conditions={"StringEquals": {"iam:PassedToService": (service, *more)}},
    )


def service_linked_role(service: str) -> Grant:
    """Let the role be made with which a service acts in the account; the first who needs it makes it."""
    return Grant(
        actions=("iam:CreateServiceLinkedRole",),
        resources=(f"arn:{{partition}}:iam::{{account}}:role/aws-service-role/{service}/*",),
        conditions={"StringEquals": {"iam:AWSServiceName": (service,)}},
    )


def _shape(grant: Grant) -> tuple[str, ...]:
    conditions = [
        f"{operator} {key} {value}"
        for operator, keys in grant.conditions.items()
        for key, values in keys.items()
        for value in values
    ]
    return (*sorted(set(grant.resources)), "", *sorted(conditions))
