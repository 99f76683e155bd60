"""What AWS allows once, and what it does not delete: the errors are those of its APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.echo.account import Account, Limit, Object, RefusedError
from tests.echo.journal import Verb

WRITTEN_OVER = {
    # AssociateAccessPolicy, AttachRolePolicy and PutRolePolicy succeed for what is there already.
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
}


@dataclass(frozen=True, kw_only=True)
class Once:
    """Of a type, one object per combination of these inputs or outputs."""

    type: str
    keys: Sequence[str]
    error: str


ONCE = (
    Once(type="aws:ec2/route:Route", keys=("routeTableId", "destinationCidrBlock"), error="RouteAlreadyExists"),
    Once(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        keys=("subnetId",),
        error="Resource.AlreadyAssociated",
    ),
    Once(type="aws:ec2/launchTemplate:LaunchTemplate", keys=("name",), error="AlreadyExistsException"),
    Once(type="aws:ec2/securityGroup:SecurityGroup", keys=("vpcId", "name"), error="InvalidGroup.Duplicate"),
    Once(type="aws:ec2/subnet:Subnet", keys=("vpcId", "cidrBlock"), error="InvalidSubnet.Conflict"),
    Once(
        type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
        keys=("clusterName", "namespace", "serviceAccount"),
        error="ResourceInUseException",
    ),
    Once(type="aws:iam/policy:Policy", keys=("name",), error="EntityAlreadyExists"),
    Once(type="aws:iam/role:Role", keys=("name",), error="EntityAlreadyExists"),
    Once(type="aws:lb/listener:Listener", keys=("loadBalancerArn", "port"), error="DuplicateListener"),
    Once(type="aws:lb/listenerRule:ListenerRule", keys=("listenerArn", "priority"), error="PriorityInUse"),
    Once(type="aws:lb/loadBalancer:LoadBalancer", keys=("name",), error="DuplicateLoadBalancerName"),
    Once(type="aws:lb/targetGroup:TargetGroup", keys=("name",), error="DuplicateTargetGroupName"),
    Once(type="aws:wafv2/webAcl:WebAcl", keys=("name",), error="WAFDuplicateItemException"),
    *(
        Once(
            type=f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule",
            keys=(
                "securityGroupId",
                "ipProtocol",
                "fromPort",
                "toPort",
                "cidrIpv4",
                "prefixListId",
                "referencedSecurityGroupId",
            ),
            error="InvalidPermission.Duplicate",
        )
        for way in ("Ingress", "Egress")
    ),
)

IN_USE = {
    "aws:ec2/securityGroup:SecurityGroup": "DependencyViolation",
    "aws:ec2/subnet:Subnet": "DependencyViolation",
    "aws:ec2/vpc:Vpc": "DependencyViolation",
    "aws:lb/targetGroup:TargetGroup": "ResourceInUse",
}
"""Types that AWS does not delete while another object names them."""

PROTECTED = {
    "aws:eks/cluster:Cluster": ("deletionProtection", "InvalidRequestException"),
    "aws:lb/loadBalancer:LoadBalancer": ("enableDeletionProtection", "OperationNotPermitted"),
}
"""Types that AWS does not delete while this input is true."""


def unique_ids(account: Account, verb: Verb, one: Object) -> None:
    """What has a name for its id is there once, unless it may be written over."""
    written_over = one.type in WRITTEN_OVER or one.inputs.get("allowOverwrite")
    if verb == "create" and not written_over and (one.type, one.id) in account.objects:
        raise RefusedError(f"AlreadyExists: {one.type} {one.id}")


def unique_inputs(account: Account, verb: Verb, one: Object) -> None:
    """What `ONCE` says."""
    for once in ONCE:
        if verb == "delete" or one.type != once.type:
            continue
        own = [one.outputs.get(key) for key in once.keys]
        for other in account.all(once.type):
            if other.id != one.id and [other.outputs.get(key) for key in once.keys] == own:
                what = ", ".join(f"{key} {value}" for key, value in zip(once.keys, own, strict=True) if value)
                raise RefusedError(f"{once.error}: {what} is that of {other.urn.rpartition('::')[2]}")


def one_load_balancer_per_target_group(account: Account, verb: Verb, one: Object) -> None:
    """A target group is reached through one load balancer (TargetGroupAssociationLimit)."""
    if verb == "delete" or one.type not in {"aws:lb/listener:Listener", "aws:lb/listenerRule:ListenerRule"}:
        return
    for other in [*account.all("Listener"), *account.all("ListenerRule")]:
        shared = set(_groups(one)) & set(_groups(other))
        if other.id != one.id and shared and _balancer(account, one) != _balancer(account, other):
            raise RefusedError(f"TargetGroupAssociationLimit: {min(shared)} is used by another load balancer")


def not_in_use(account: Account, verb: Verb, one: Object) -> None:
    """What others name stays."""
    if verb != "delete" or one.type not in IN_USE:
        return
    names = {one.id, one.outputs.get("arn")}
    for other in account.objects.values():
        if other.id != one.id and names & set(_texts(other.inputs)):
            raise RefusedError(f"{IN_USE[one.type]}: {one.id} is used by {other.type} {other.id}")


def not_protected(account: Account, verb: Verb, one: Object) -> None:
    """What is protected in AWS stays, whoever asks."""
    key, error = PROTECTED.get(one.type, ("", ""))
    if verb == "delete" and key and one.inputs.get(key) is True:
        raise RefusedError(f"{error}: {one.id} has {key}")


LIMITS: Sequence[Limit] = (
    unique_ids,
    unique_inputs,
    one_load_balancer_per_target_group,
    not_in_use,
    not_protected,
)


def _groups(one: Object) -> list[str]:
    actions = [*(one.inputs.get("actions") or []), *(one.inputs.get("defaultActions") or [])]
    return [text for action in actions for text in _texts(action) if ":targetgroup/" in text]


def _balancer(account: Account, one: Object) -> Any:
    if "loadBalancerArn" in one.inputs:
        return one.inputs["loadBalancerArn"]
    found = [other for other in account.all("Listener") if other.outputs["arn"] == one.inputs["listenerArn"]]
    return found[0].inputs["loadBalancerArn"] if found else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
