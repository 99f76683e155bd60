"""What the models of the AWS SDK say of a value: its pattern, its length, its choices."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import botocore.session
from botocore.model import Shape

CALLS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "aws:acm/certificate:Certificate": ("acm", "RequestCertificate", {}),
    "aws:autoscaling/tag:Tag": ("autoscaling", "CreateOrUpdateTags", {}),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "CreateLogGroup", {"name": "logGroupName"}),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": ("logs", "PutResourcePolicy", {}),
    "aws:codebuild/project:Project": ("codebuild", "CreateProject", {"buildTimeout": "timeoutInMinutes"}),
    "aws:ec2/launchTemplate:LaunchTemplate": ("ec2", "CreateLaunchTemplate", {"description": "VersionDescription"}),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": ("ecr", "PutLifecyclePolicy", {"policy": "lifecyclePolicyText"}),
    "aws:ecr/repository:Repository": ("ecr", "CreateRepository", {"name": "repositoryName"}),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("ecr", "SetRepositoryPolicy", {"policy": "policyText"}),
    "aws:eks/accessEntry:AccessEntry": ("eks", "CreateAccessEntry", {"userName": "username"}),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": ("eks", "AssociateAccessPolicy", {}),
    "aws:eks/addon:Addon": ("eks", "CreateAddon", {}),
    "aws:eks/nodeGroup:NodeGroup": ("eks", "CreateNodegroup", {"nodeGroupName": "nodegroupName"}),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": ("eks", "CreatePodIdentityAssociation", {}),
    "aws:iam/policy:Policy": ("iam", "CreatePolicy", {"name": "PolicyName", "policy": "PolicyDocument"}),
    "aws:iam/role:Role": ("iam", "CreateRole", {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"}),
    "aws:iam/rolePolicy:RolePolicy": ("iam", "PutRolePolicy", {"policy": "PolicyDocument"}),
    "aws:kms/alias:Alias": ("kms", "CreateAlias", {"name": "AliasName"}),
    "aws:kms/key:Key": ("kms", "CreateKey", {}),
    "aws:lb/listener:Listener": ("elbv2", "CreateListener", {}),
    "aws:lb/listenerRule:ListenerRule": ("elbv2", "CreateRule", {}),
    "aws:lb/loadBalancer:LoadBalancer": ("elbv2", "CreateLoadBalancer", {"loadBalancerType": "Type"}),
    "aws:lb/targetGroup:TargetGroup": (
        "elbv2",
        "CreateTargetGroup",
        {
            "healthCheck.path": "HealthCheckPath",
            "healthCheck.interval": "HealthCheckIntervalSeconds",
            "healthCheck.timeout": "HealthCheckTimeoutSeconds",
            "healthCheck.healthyThreshold": "HealthyThresholdCount",
            "healthCheck.unhealthyThreshold": "UnhealthyThresholdCount",
        },
    ),
    "aws:wafv2/webAcl:WebAcl": ("wafv2", "CreateWebACL", {}),
}
"""By type the service, the operation that makes it, and the inputs that the operation calls otherwise.

All other inputs are found by their own names; what an operation does not know goes into another one, and is not judged.
"""


def operations_of(prefix: str) -> Sequence[str]:
    """List the operations of the services whose IAM actions begin with `prefix`; most are actions by the same name."""
    services = {"elasticloadbalancing": ("elb", "elbv2")}.get(prefix, (prefix,))
    return sorted({operation for service in services for operation in _model(service).operation_names})


def refusals(type_: str, inputs: Mapping[str, Any]) -> list[str]:
    """Tell which inputs of a resource the operation that makes it would refuse, and why."""
    if type_ not in CALLS:
        return []
    service, operation, renamed = CALLS[type_]
    shape = _model(service).operation_model(operation).input_shape
    return list(_of_structure(type_.rpartition(":")[2], shape, {**inputs, **_renamed(inputs, renamed)}))


def tag_refusals(service: str, operation: str, tags: Mapping[str, str]) -> list[str]:
    """Tell which tags the operation would refuse; IAM takes keys for the same whatever their case."""
    shape = _members(_model(service).operation_model(operation).input_shape)["tag"]
    if shape.type_name == "map":
        return list(_of_value("tags", shape, dict(tags)))
    key, value = (name for name in shape.member.members if name.lower() in {"key", "tagkey", "value", "tagvalue"})
    found = list(_of_value("tags", shape, [{key: name, value: text} for name, text in tags.items()]))
    if service == "iam" and len({name.casefold() for name in tags}) < len(tags):
        found.append("tags: Duplicate tag keys found")
    return found


def tagging_calls() -> set[tuple[str, str]]:
    """The services and operations of `CALLS` that take tags."""
    calls = {(service, operation) for service, operation, _ in CALLS.values()}
    return {
        (service, operation)
        for service, operation in calls
        if "tag" in _members(_model(service).operation_model(operation).input_shape) and service != "autoscaling"
    }


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _renamed(inputs: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, name in names.items():
        value: Any = inputs
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            found[name] = value
    return found


def _members(shape: Any) -> dict[str, Any]:
    """The members by their names in small letters, without the `s` of a plural."""
    return {_plain(name): member for name, member in shape.members.items()}


def _plain(name: str) -> str:
    return name.lower().rstrip("s")


def _of_structure(place: str, shape: Shape, values: Mapping[str, Any]) -> Iterator[str]:
    members = _members(shape)
    for key, value in values.items():
        if _plain(key) in members:
            yield from _of_value(f"{place}.{key}", members[_plain(key)], value)


def _of_value(place: str, shape: Any, value: Any) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        yield from _of_structure(place, shape, value)
    elif shape.type_name == "list" and isinstance(value, Sequence) and not isinstance(value, str):
        yield from _of_length(place, shape, len(value))
        for index, item in enumerate(value):
            yield from _of_value(f"{place}[{index}]", shape.member, item)
    elif shape.type_name == "map" and isinstance(value, Mapping):
        yield from _of_length(place, shape, len(value))
        for key, item in value.items():
            yield from _of_value(f"{place}.{key}", shape.key, key)
            yield from _of_value(f"{place}.{key}", shape.value, item)
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _of_length(place, shape, len(value))
        pattern = shape.metadata.get("pattern")
        if pattern and not _compiled(pattern).fullmatch(value):
            yield f"{place}: {value!r} does not match {pattern}"
        choices = getattr(shape, "enum", [])
        if choices and value not in choices:
            yield f"{place}: {value!r} is not one of {choices}"
    elif shape.type_name in {"integer", "long"} and isinstance(value, int):
        yield from _of_length(place, shape, value)


def _of_length(place: str, shape: Any, size: int) -> Iterator[str]:
    if not shape.metadata.get("min", size) <= size <= shape.metadata.get("max", size):
        yield f"{place}: {size} is not between {shape.metadata.get('min')} and {shape.metadata.get('max')}"


SPACES = " \u00a0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the models, which are written for Java: Python has no Unicode classes by name.

    Its word characters are letters, digits of all kinds and the underscore, which these patterns allow as well.
    """
    written = pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\w").replace(r"\p{Z}", SPACES)
    # A surrogate pair is one character here, and none of them is in a stack file.
    return re.compile(written.replace(r"\uD800\uDC00-\uDBFF\uDFFF", ""))
