"""What the stack allows to whom: the statements of every IAM and resource policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infra.plan.graph import Graph, Resource
from infra.values import document, mapping, mappings, sequence, texts
from policies.facts.iam import POLICY, ROLE, ROLE_POLICY

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
VERBS: Mapping[Sort, str] = {"trust": "is taken by", "permission": "may", "managed": "AWS policy", "resource": "lets"}
"""What each sort of statement does, in the order in which a role's are listed."""


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
    """Return what a statement does: `may`, `is taken by`, `never lets`."""
    return f"{'never ' if statement.effect == 'Deny' else ''}{VERBS[statement.sort]}"


def statements(graph: Graph) -> list[PolicyStatement]:
    """List every statement of every policy, by holder."""
    found = [*_of_roles(graph), *_of_resources(graph)]
    order = list(VERBS)
    return sorted(found, key=lambda item: (item.sort == "resource", item.holder, order.index(item.sort), item.actions))


def _of_roles(graph: Graph) -> Iterator[PolicyStatement]:
    for role in graph.of_type(ROLE):
        name = role_name(graph, role)
        yield from _parsed(role.props, "assumeRolePolicy", name, "trust")
        for policy in mappings(role.props, "inlinePolicies"):
            yield from _parsed(policy, "policy", name, "permission")
        for arn in texts(role.props, "managedPolicyArns"):
            yield PolicyStatement(holder=name, sort="managed", effect="Allow", actions=(arn,))
    for policy in graph.of_type(ROLE_POLICY):
        for role in graph.dependencies(policy, "role", ROLE):
            yield from _parsed(policy.props, "policy", role_name(graph, role), "permission")
    for attachment in graph.of_type(ATTACHMENT):
        own = graph.dependencies(attachment, "policyArn", POLICY)
        for role in graph.dependencies(attachment, "role", ROLE):
            name = role_name(graph, role)
            for policy in own:
                yield from _parsed(policy.props, "policy", name, "permission")
            if not own:
                arn = str(attachment.props.get("policyArn"))
                yield PolicyStatement(holder=name, sort="managed", effect="Allow", actions=(arn,))


def _of_resources(graph: Graph) -> Iterator[PolicyStatement]:
    for type_, key in RESOURCE_POLICIES.items():
        for resource in graph.of_type(type_):
            yield from _parsed(resource.props, key, resource.label, "resource")


def role_name(graph: Graph, role: Resource) -> str:
    """Name a role with the component that it belongs to, as names repeat: `autoscaler/role`."""
    parent = graph.by_urn.get(role.parent)
    return role.name if parent is None or parent.name == role.name else f"{parent.name}/{role.name}"


def _parsed(props: Mapping[str, Any], key: str, holder: str, sort: Sort) -> Iterator[PolicyStatement]:
    written = document(props, key)
    for statement in mappings(written, "Statement") or [mapping(written.get("Statement"))] if written else []:
        principal = statement.get("Principal")
        named = [f"{kind} {name}" for kind, names in mapping(principal).items() for name in _listed(names)]
        left_out = [f"not {action}" for action in _listed(statement.get("NotAction"))]
        yield PolicyStatement(
            holder=holder,
            sort=sort,
            effect=str(statement.get("Effect", "Allow")),
            principals=tuple(named or _listed(principal)),
            actions=tuple(_listed(statement.get("Action")) or left_out),
            resources=tuple(_listed(statement.get("Resource"))),
            conditions=tuple(
                f"{operator} {key} = {' or '.join(_listed(values))}"
                for operator, pairs in mapping(statement.get("Condition")).items()
                for key, values in mapping(pairs).items()
            ),
        )


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in sequence(value)] if isinstance(value, list | tuple) else [str(value)]
