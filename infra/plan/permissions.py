"""What the stack allows to whom: the statements of every IAM and resource policy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infra.plan.graph import Graph, Resource
from policies.facts.values import mapping, sequence, within

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
RESOURCE_POLICIES = {
    "aws:kms/key:Key": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
}
"""Types whose policy says who may use them, and the input that holds it."""

Sort = Literal["trust", "permission", "managed", "resource"]


@dataclass(frozen=True, kw_only=True)
class PolicyStatement:
    """One statement, with what it is attached to."""

    holder: str
    """The role, or the key or bucket that guards itself."""
    sort: Sort
    """Who may take the role, what the role may do, a policy that AWS keeps, or who may use a resource."""
    effect: str
    principals: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    """Each as `StringEquals aws:SourceAccount = 111122223333`."""


def verb(statement: PolicyStatement) -> str:
    """Return what a statement does, in words: `may`, `is taken by`, `never lets`."""
    text = {"trust": "is taken by", "permission": "may", "managed": "AWS policy", "resource": "lets"}[statement.sort]
    return f"never {text}" if statement.effect == "Deny" else text


def statements(graph: Graph) -> list[PolicyStatement]:
    """List every statement of every policy, by holder."""
    found = [*_of_roles(graph), *_of_resources(graph)]
    order = {"trust": 0, "permission": 1, "managed": 2, "resource": 3}
    return sorted(found, key=lambda item: (item.sort == "resource", item.holder, order[item.sort], item.actions))


def _of_roles(graph: Graph) -> Iterator[PolicyStatement]:
    for role in graph.of_type(ROLE):
        name = role_name(graph, role)
        yield from _parsed(role.props.get("assumeRolePolicy"), name, "trust")
        for policy in sequence(role.props.get("inlinePolicies")):
            yield from _parsed(policy.get("policy"), name, "permission")
        for arn in sequence(role.props.get("managedPolicyArns")):
            yield PolicyStatement(holder=name, sort="managed", effect="Allow", actions=(str(arn),))
    for policy in graph.of_type("aws:iam/rolePolicy:RolePolicy"):
        for role in graph.dependencies(policy, "role", ROLE):
            yield from _parsed(policy.props.get("policy"), role_name(graph, role), "permission")
    for attachment in graph.of_type(ATTACHMENT):
        own = graph.dependencies(attachment, "policyArn", POLICY)
        for role in graph.dependencies(attachment, "role", ROLE):
            name = role_name(graph, role)
            for policy in own:
                yield from _parsed(policy.props.get("policy"), name, "permission")
            if not own:
                arn = str(attachment.props.get("policyArn"))
                yield PolicyStatement(holder=name, sort="managed", effect="Allow", actions=(arn,))


def _of_resources(graph: Graph) -> Iterator[PolicyStatement]:
    for type_, key in RESOURCE_POLICIES.items():
        for resource in graph.of_type(type_):
            yield from _parsed(resource.props.get(key), resource.label, "resource")


def role_name(graph: Graph, role: Resource) -> str:
    """Name a role with the component that it belongs to, as names repeat: `autoscaler/role`."""
    parent = graph.by_urn.get(role.parent)
    return role.name if parent is None or parent.name == role.name else f"{parent.name}/{role.name}"


def _parsed(text: Any, holder: str, sort: Sort) -> Iterator[PolicyStatement]:
    if not text:
        return
    listed = within(json.loads(text) if isinstance(text, str) else text, "Statement")
    for statement in sequence(listed) or [listed]:
        yield _statement(mapping(statement), holder, sort)


def _statement(statement: Mapping[str, Any], holder: str, sort: Sort) -> PolicyStatement:
    principal = statement.get("Principal")
    named = [f"{kind} {name}" for kind, names in mapping(principal).items() for name in _listed(names)]
    principals = named or _listed(principal)
    actions = _listed(statement.get("Action")) or [f"not {action}" for action in _listed(statement.get("NotAction"))]
    return PolicyStatement(
        holder=holder,
        sort=sort,
        effect=str(statement.get("Effect", "Allow")),
        principals=tuple(principals),
        actions=tuple(actions),
        resources=tuple(_listed(statement.get("Resource"))),
        conditions=tuple(_conditions(mapping(statement.get("Condition")))),
    )


def _conditions(conditions: Mapping[str, Any]) -> Iterable[str]:
    for operator, pairs in conditions.items():
        for key, values in mapping(pairs).items():
            yield f"{operator} {key} = {' or '.join(_listed(values))}"


def _listed(value: Any) -> Sequence[str]:
    if value is None:
        return []
    return [str(item) for item in sequence(value)] if isinstance(value, list | tuple) else [str(value)]
