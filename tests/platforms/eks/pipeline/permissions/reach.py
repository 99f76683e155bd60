"""What each role of a stack reaches, by its registered policies and its boundary, evaluated together.

What a request says of itself (the tags that it brings, the service that it comes through) is what the caller wants it
to be; what a resource is, the caller cannot choose. So each action is tried with every request that a statement asks
for, and with none.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.iam import Document
from infra.platforms.eks.pipeline.boundary import boundary_document, pipeline_boundary_document
from infra.platforms.eks.pipeline.permissions.deploy import deploy_documents
from infra.platforms.eks.pipeline.permissions.ephemeral import ephemeral_documents
from infra.platforms.eks.pipeline.permissions.preview import preview_documents
from infra.platforms.eks.secrets import secrets_policy
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import run
from tests.platforms.eks.iam_evaluator import Call, Value, all_allow
from tests.platforms.eks.pipeline.permissions.other_stack import Thing, things_of
from tests.platforms.eks.pipeline.permissions.stacks_of_all_kinds import scope, types_of_everything
from tests.platforms.eks.pipeline.permissions.test_boundary import ADMINISTRATOR, policies_of
from tests.platforms.eks.pipeline.test_runner import make_runner
from tests.platforms.eks.service_models import operations_of
from tests.platforms.eks.stacks import run_shipped

A = scope("dev", guests=True, runner=True, promotes_from="base")
B = scope("prod", domain="prod.example.com")
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
LOOKS = ("BatchGetProjects", "Describe", "Get", "List")
CONTENT = {
    "secretsmanager:GetSecretValue",
    "ecr:GetDownloadUrlForLayer",
    "s3:GetObject",
    "kms:Decrypt",
    "logs:GetLogEvents",
}
"""Reading these is no mere look."""

_INTERFACES = ("network-interface",)
_NEW = ()
TAKES: Mapping[str, tuple[str, ...]] = {
    "ec2:AssignPrivateIpAddresses": _INTERFACES,
    "ec2:AttachNetworkInterface": (*_INTERFACES, "instance"),
    "ec2:CreateNetworkInterface": (*_INTERFACES, "security-group", "subnet"),
    "ec2:CreateNetworkInterfacePermission": _INTERFACES,
    "ec2:CreateSecurityGroup": ("vpc",),
    "ec2:CreateVolume": _NEW,
    "ec2:DeleteNetworkInterface": _INTERFACES,
    "ec2:DetachNetworkInterface": (*_INTERFACES, "instance"),
    "ec2:ModifyNetworkInterfaceAttribute": (*_INTERFACES, "instance", "security-group"),
    "ec2:RunInstances": (*_INTERFACES, "launch-template", "security-group", "subnet"),
    "ec2:UnassignPrivateIpAddresses": _INTERFACES,
    "elasticloadbalancing:CreateLoadBalancer": _NEW,
    "elasticloadbalancing:CreateTargetGroup": _NEW,
    "iam:CreateServiceLinkedRole": _NEW,
    "kms:CreateGrant": ("key",),
    "kms:Decrypt": ("key",),
    "kms:GenerateDataKeyWithoutPlaintext": ("key",),
    "route53:AssociateVPCWithHostedZone": ("DNS zone",),
    "route53:ChangeResourceRecordSets": ("DNS record",),
}
"""What exists already of what an action is on, where that is less than everything of its service (Service Authorization
Reference): resource types of EC2, else kinds."""


@functools.cache
def identities() -> dict[str, tuple[str, tuple[Mapping[str, Any], ...], Mapping[str, Any]]]:
    """Each role of stack A: its ARN, its policies and its boundary.

    `made-...` are roles that its deployment could make inside the boundary, under any name and with every permission.
    """
    graph = run_shipped("dev").graph
    bounds, pipeline = boundary_document(A), pipeline_boundary_document(A)
    types = types_of_everything()
    of_builds: Document = json.loads(run(make_runner).one("RolePolicy").props["policy"])
    of_pipeline = {
        "deploy": {**deploy_documents(types, A), "builds": of_builds},
        "preview": preview_documents(types, A),
        "ephemeral": ephemeral_documents(A),
    }
    own = {
        role.name: (f"{ROLES}/nightowl/dev/{role.name}-1a2b3c4", tuple(policies_of(graph, role)), bounds)
        for role in graph.all("Role")
        if "name" not in role.props
    }
    of_app: list[Document] = []
    run(lambda context: of_app.append(secrets_policy(context, ["dev/web/key"], key_arn=KEY)))
    own["app"] = (f"{ROLES}/nightowl/dev/app-web-1a2b3c4", tuple(of_app), bounds)
    made = {
        f"made-{name.strip('/')}": (f"{ROLES}{name}-evil", (ADMINISTRATOR,), bounds)
        for name in (
            "/nightowl/dev/app",
            "/nightowl/dev/control-plane",
            "/nightowl/dev/guest",
        )
    }
    pipelines = {
        kind: (f"{ROLES}/nightowl-dev-{kind}", tuple(of.values()), pipeline) for kind, of in of_pipeline.items()
    }
    return {**own, **made, **pipelines}


@functools.cache
def reachable(role: str, whose: str = "another stack") -> frozenset[tuple[str, str]]:
    """Give action and kind of what a role of A reaches, but for mere looks: of B, or of A itself ("its own")."""
    return frozenset(_reachable(role, things_of(B if whose == "another stack" else A)))


def _reachable(role: str, things: list[Thing]) -> Iterator[tuple[str, str]]:
    principal, policies, bounds = identities()[role]
    given = (
        bounds if policies == (ADMINISTRATOR,) else {"Statement": [one for of in policies for one in of["Statement"]]}
    )
    requests = {action: [_sent(action, said) for said in _requests(given, action)] for action in _actions(given)}
    for thing in things:
        for action, contexts in requests.items():
            if _takes(action, thing) and any(
                all_allow(policies, call(principal, action, thing, context), boundary=bounds) for context in contexts
            ):
                yield action, thing.kind


def _actions(document: Mapping[str, Any]) -> set[str]:
    named = {action for one in document["Statement"] if one["Effect"] == "Allow" for action in _listed(one["Action"])}
    return {exact for action in named for exact in _expanded(action) if not _is_look(exact)}


def _expanded(action: str) -> list[str]:
    """Give the operations that a wildcard stands for."""
    service, _, name = action.partition(":")
    if "*" not in name:
        return [action]
    stem = name.removesuffix("*")
    return [f"{service}:{operation}" for operation in operations_of(service) if operation.startswith(stem)]


def _requests(document: Mapping[str, Any], action: str) -> Iterator[dict[str, Value]]:
    """Give what a caller may say of the request so that a statement allows it, and so that none refuses it."""
    past = {
        key: value
        for one in document["Statement"]
        if one["Effect"] == "Deny"
        for key, value in _said(one, lambda operator: "Not" in operator).items()
    }
    yield {}
    yield past
    for one in document["Statement"]:
        if one["Effect"] == "Allow" and any(
            pattern == action or (pattern.endswith("*") and action.startswith(pattern[:-1]))
            for pattern in _listed(one["Action"])
        ):
            said = _said(one, lambda operator: operator != "Null")
            yield said
            yield {**past, **said}


def _sent(action: str, said: Mapping[str, Value]) -> dict[str, Value]:
    """Leave out the tags of a request that has none: only what makes or tags something brings any."""
    makes = action.partition(":")[2].startswith(("Add", "Allocate", "Authorize", "Create", "Request", "Run", "Tag"))
    return {key: value for key, value in said.items() if makes or not key.startswith("aws:RequestTag/")}


def _said(statement: Mapping[str, Any], by: Callable[[str], bool]) -> dict[str, Value]:
    """Give the values that conditions name, of what the caller says himself."""
    return {
        key: [_listed(values)[0].replace("*", "7")] if "ForA" in operator else _listed(values)[0].replace("*", "7")
        for operator, keys in statement.get("Condition", {}).items()
        if by(operator)
        for key, values in keys.items()
        if not key.startswith(("aws:Principal", "ec2:CreateAction", "elasticloadbalancing:CreateAction"))
        and "ResourceTag/" not in key
        and key not in {"kms:ResourceAliases", "iam:PermissionsBoundary", "aws:RequestedRegion"}
    }


def call(principal: str, action: str, thing: Thing, context: Mapping[str, Value]) -> Call:
    is_global = thing.service in {"iam", "route53"}
    return Call(
        action=action,
        resource=thing.arn,
        context={
            "aws:RequestedRegion": "us-east-1" if is_global else REGION,
            "aws:PrincipalArn": principal,
            **context,
            **thing.truth,
        },
    )


def _takes(action: str, thing: Thing) -> bool:
    service, _, name = action.partition(":")
    if service == "s3":
        return thing.service == "s3" and ("Object" in name or "Multipart" in name) == ("/" in thing.arn)
    resource = thing.arn.split(":", 5)[5]
    kinds = TAKES.get(action, (thing.kind,))
    return thing.service == service.removesuffix("-auth") and (
        thing.kind in kinds or resource.partition("/")[0] in kinds
    )


def _is_look(action: str) -> bool:
    return action.partition(":")[2].startswith(LOOKS) and action not in CONTENT


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
