"""What a resource comes to, however it is spelled: the views of it that rules are asked about.

A rule names the types that it judges. The same thing can be made by an older API version, by a list, by a kind that
nobody here knows but that has a pod template, or, of AWS, by any resource with a policy in it that names principals.
Each of these is shown to the rules as the type that they know, beside the resource as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from infra.values import document, mapping, mappings, sequence, text, texts, within
from policies.facts.unknown import UnknownFactError

if TYPE_CHECKING:
    from policies.facts.stack import Resource

PATCH = "Patch"
"""How the types end by which a program changes single fields of an object that exists (server-side apply)."""
LIST = "List"
POD_TEMPLATE = "kubernetes:*:PodTemplate"
"""Pods that a kind makes which is none of Kubernetes' own workloads, such as a Rollout or a PodTemplate."""
RESOURCE_POLICY = "aws:*:ResourcePolicy"
"""A policy that says who may use a resource, whatever the resource."""

UNSEEN = "*:*:Unseen"
"""What makes things of which no rule knows the properties: code of the program's own, or another provider for AWS."""

_KUBERNETES = "kubernetes:"
_AWS = "aws:"
_PAST_THE_PACK = ("aws-native:", "awscc:", "pulumi-nodejs:dynamic/", "pulumi-python:dynamic/", "terraform:")
_OF_PROGRAMS = ("kubernetes:helm.sh/", "kubernetes:yaml", "kubernetes:kustomize", "kubernetes:apiextensions.k8s.io/")
"""Components and charts, whose objects are resources of their own or not shown at all; and schemas."""

_CURRENT_APIS = {
    "apps": ("apps/v1", ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
    "extensions": ("apps/v1", ("Deployment", "DaemonSet", "ReplicaSet")),
    "batch": ("batch/v1", ("Job", "CronJob")),
    "core": ("core/v1", ("Pod", "ReplicationController", "Namespace", "PersistentVolume")),
    "networking.k8s.io": ("networking.k8s.io/v1", ("NetworkPolicy",)),
    "rbac.authorization.k8s.io": (
        "rbac.authorization.k8s.io/v1",
        ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
    ),
    "storage.k8s.io": ("storage.k8s.io/v1", ("StorageClass",)),
}
_CURRENT = {
    (group, kind): f"{_KUBERNETES}{api}:{kind}" for group, (api, kinds) in _CURRENT_APIS.items() for kind in kinds
} | {("extensions", "NetworkPolicy"): "kubernetes:networking.k8s.io/v1:NetworkPolicy"}
"""The type of today of each kind whose older API versions had the same shape."""
_PLAIN_POD_MAKERS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob")
_POD_MAKERS = frozenset(type_ for (_, kind), type_ in _CURRENT.items() if kind in {"Pod", *_PLAIN_POD_MAKERS})

_NOT_WHO_MAY_USE_IT = (
    "aws:iam/",
    "aws:kms/key:Key",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:ec2/vpcEndpoint",
)
"""Policies that other rules read, and those of VPC endpoints, which only take away."""
_LAMBDA_PERMISSIONS = ("aws:lambda/permission:Permission", "aws:lambda/layerVersionPermission:LayerVersionPermission")
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read", "aws-exec-read")
_PUBLIC_GROUPS = ("/global/AllUsers", "/global/AuthenticatedUsers")
"""Lists and groups by which S3 lets the world in (Amazon S3 user guide, "Access control list (ACL) overview")."""
_ANYBODY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]}


def with_patches(*types: str) -> tuple[str, ...]:
    """Return the types, and those by which single fields of such objects are changed."""
    return (*types, *(f"{type_}{PATCH}" for type_ in types))


def is_patch(resource: Resource) -> bool:
    """Return whether a resource changes single fields only, so that what it leaves out is as it was."""
    return resource.type.endswith(PATCH)


def spellings(resource: Resource) -> Iterator[Resource]:
    """Return a resource as it is, and under each other type that it comes to."""
    yield resource
    if resource.type.startswith(_KUBERNETES) and not resource.type.startswith(_OF_PROGRAMS):
        yield from _others(_objects(resource), resource.type)
    elif resource.type.startswith(_PAST_THE_PACK):
        yield replace(resource, type=UNSEEN)
    elif resource.type.startswith(_AWS) and not resource.type.startswith(_NOT_WHO_MAY_USE_IT):
        yield from _others(_resource_policies(resource), resource.type)


def _others(found: Iterator[Resource], own_type: str) -> Iterator[Resource]:
    """Return what is found under other types, up to the first fact that is not known."""
    try:
        for view in found:
            if view.type != own_type:
                yield view
    except UnknownFactError:
        return


def _objects(resource: Resource) -> Iterator[Resource]:
    type_ = _current_type(resource)
    yield replace(resource, type=type_)
    if type_.endswith(LIST):
        for item in mappings(resource.props, "items"):
            yield from _objects(replace(resource, type=_item_type(item, type_), props=item))
    elif type_.removesuffix(PATCH) not in _POD_MAKERS:
        for template in _pod_templates(resource.props):
            yield replace(resource, type=POD_TEMPLATE, props=template)


def _current_type(resource: Resource) -> str:
    """Return the type that an object has today; its own kind and version count more than the resource's type."""
    _, _, rest = resource.type.partition(":")
    api, _, kind = rest.rpartition(":")
    written = text(resource.props, "kind")
    if written and written != kind.removesuffix(PATCH):
        return _item_type(resource.props, resource.type) + (PATCH if kind.endswith(PATCH) else "")
    return _type_of_today(api, kind)


def _type_of_today(api: str, kind: str) -> str:
    group, plain = api.partition("/")[0], kind.removesuffix(PATCH)
    today = _CURRENT.get((group, plain))
    return f"{_KUBERNETES}{api}:{kind}" if today is None else today + kind[len(plain) :]


def _item_type(item: Mapping[str, Any], list_type: str) -> str:
    api, kind = text(item, "apiVersion"), text(item, "kind")
    if not api or not kind:
        _, _, rest = list_type.partition(":")
        list_api, _, list_kind = rest.rpartition(":")
        return _type_of_today(api or list_api, kind or list_kind.removesuffix(LIST))
    return _type_of_today(api if "/" in api else f"core/{api}", kind)


def _pod_templates(value: Any) -> Iterator[Mapping[str, Any]]:
    """Return what looks like a pod template anywhere inside an object: something whose spec lists containers."""
    for inside in _mappings_within(value):
        spec = mapping(inside.get("spec"))
        if any(mappings(spec, key) for key in ("containers", "initContainers", "ephemeralContainers")):
            yield inside


def _mappings_within(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        held = cast("Mapping[str, Any]", value)
        yield held
        for key in held:
            try:
                yield from _mappings_within(held[key])
            except UnknownFactError:
                continue
    else:
        for item in sequence(value):
            yield from _mappings_within(item)


def _resource_policies(resource: Resource) -> Iterator[Resource]:
    if _is_public_otherwise(resource):
        yield replace(resource, type=RESOURCE_POLICY, props={"policy": _ANYBODY})
    if resource.type in _LAMBDA_PERMISSIONS:
        yield replace(resource, type=RESOURCE_POLICY, props={"policy": {"Statement": [_of_permission(resource.props)]}})
        return
    for key in resource.props:
        try:
            for policy in _policies_within(resource.props[key]):
                yield replace(resource, type=RESOURCE_POLICY, props={"policy": policy})
        except UnknownFactError:
            continue


def _is_public_otherwise(resource: Resource) -> bool:
    """Return whether a resource lets the world in without a policy: by an ACL, an address or a launch permission."""
    kind = resource.type.partition("/")[0]
    if kind == "aws:s3":
        grants = (
            inside for key in ("grants", "accessControlPolicy") for inside in _mappings_within(resource.props.get(key))
        )
        return text(resource.props, "acl") in _PUBLIC_ACLS or any(
            text(grant, "uri").endswith(_PUBLIC_GROUPS) for grant in grants
        )
    if kind == "aws:lambda":
        return text(resource.props, "authorizationType") == "NONE"
    if kind == "aws:rds":
        return "all" in texts(resource.props, "sharedAccounts")
    if kind == "aws:ssm":
        return text(resource.props, "permissions", "account_ids").lower() == "all"
    return kind == "aws:ec2" and "all" in (text(resource.props, "group"), text(resource.props, "accountId"))


def _policies_within(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, str):
        if value.lstrip().startswith("{"):
            yield from _policies_within(document({"policy": value}, "policy"))
    elif isinstance(value, Mapping):
        held = cast("Mapping[str, Any]", value)
        if "Statement" in held:
            yield held
        else:
            for key in held:
                yield from _policies_within(held[key])
    else:
        for item in sequence(value):
            yield from _policies_within(item)


def _of_permission(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statement that Lambda writes for a permission."""
    asked = (
        ("aws:SourceArn", "sourceArn"),
        ("aws:SourceAccount", "sourceAccount"),
        ("aws:PrincipalOrgID", "principalOrgId"),
        ("aws:PrincipalOrgID", "organizationId"),
    )
    given = {key: within(props, name) for key, name in asked if within(props, name)}
    return {
        "Effect": "Allow",
        "Principal": text(props, "principal"),
        "Action": text(props, "action"),
        **({"Condition": {"StringLike": given}} if given else {}),
    }
