"""Who is given which policies: attached one by one, all at once, by a list at the role, or written into it."""

from __future__ import annotations

from collections.abc import Iterator

from infra.values import text, texts
from policies.facts.iam import GROUP, GROUP_POLICY, POLICY, POLICY_TYPES, ROLE, ROLE_POLICY, USER, USER_POLICY
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import UnknownFactError

HOLDERS = (ROLE, USER, GROUP)
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


_ATTACHING: dict[str, tuple[str, dict[str, str]]] = {
    ROLE_ATTACHMENT: ("policyArn", {ROLE: "role"}),
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": ("policyArn", {USER: "user"}),
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": ("policyArn", {GROUP: "group"}),
    "aws:iam/policyAttachment:PolicyAttachment": ("policyArn", {ROLE: "roles", USER: "users", GROUP: "groups"}),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": ("policyArns", {ROLE: "roleName"}),
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": ("policyArns", {USER: "userName"}),
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": ("policyArns", {GROUP: "groupName"}),
    ROLE: ("managedPolicyArns", {}),
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": ("managedPolicyArn", {}),
}
"""For each type: the property with the ARNs of policies, and the one that names the holder, by the holder's type."""
ATTACHING_TYPES = tuple(_ATTACHING)
"""All that gives managed policies: by ARN, one or several."""

_WRITTEN = {ROLE: (ROLE_POLICY, "role"), USER: (USER_POLICY, "user"), GROUP: (GROUP_POLICY, "group")}
_BOUNDARY = "permissionsBoundary"


def given_arns(resource: Resource) -> list[str]:
    """Return the ARNs of the policies that a resource of ATTACHING_TYPES gives."""
    return texts(resource.props, _ATTACHING[resource.type][0])


def given_policies(resource: Resource, stack: Stack) -> list[Resource]:
    """Return the policies of the stack that a resource of ATTACHING_TYPES gives."""
    return _made(resource, _ATTACHING[resource.type][0], stack)


def attachments(holder: Resource, stack: Stack) -> Iterator[Resource]:
    """Return what gives managed policies to a role, user or group, itself included."""
    if holder.type in _ATTACHING:
        yield holder
    for type_, (_, holders) in _ATTACHING.items():
        if key := holders.get(holder.type):
            yield from (one for one in stack.of_type(type_) if _means(one, key, holder))


def documents(holder: Resource, stack: Stack) -> list[Resource]:
    """Return the resources of the stack in which it is written what a role, user or group may do."""
    written_by, key = _WRITTEN[holder.type]
    own = [one for one in stack.of_type(written_by) if _means(one, key, holder)]
    managed = [policy for one in attachments(holder, stack) for policy in given_policies(one, stack)]
    inline = [holder] if holder.type in POLICY_TYPES else []
    return [*inline, *own, *managed]


def is_boundary(policy: Resource, stack: Stack) -> bool:
    """Return whether a managed policy only bounds: roles or users have it as their boundary, and nobody is given it."""
    return policy.type == POLICY and bounds(policy, stack) and not is_given(policy, stack)


def bounds(policy: Resource, stack: Stack) -> bool:
    """Return whether a role or user of the stack has a policy as its permissions boundary."""
    return policy.urn in stack.once(_bounding)


def is_given(policy: Resource, stack: Stack) -> bool:
    """Return whether a policy is given to anybody in the stack."""
    return policy.urn in stack.once(_given)


def _bounding(stack: Stack) -> set[str]:
    return {policy.urn for holder in stack.of_type(ROLE, USER) for policy in _made(holder, _BOUNDARY, stack)}


def _given(stack: Stack) -> set[str]:
    return {policy.urn for one in stack.of_type(*ATTACHING_TYPES) for policy in given_policies(one, stack)}


def _made(resource: Resource, key: str, stack: Stack) -> list[Resource]:
    """Return the policies of the stack that a property means: by dependency, or by the name in an ARN."""
    taken = stack.dependencies(resource, key, POLICY)
    try:
        names = [arn.rpartition("/")[2] for arn in texts(resource.props, key) if ":policy/" in arn]
    except UnknownFactError:
        return taken
    found = {policy.urn: policy for policy in taken}
    by_name = stack.once(_policies_by_name)
    return list((found | {by_name[name].urn: by_name[name] for name in names if name in by_name}).values())


def _policies_by_name(stack: Stack) -> dict[str, Resource]:
    return {name: policy for policy in stack.of_type(POLICY) if (name := _own_name(policy))}


def _means(resource: Resource, key: str, holder: Resource) -> bool:
    """Return whether a property means a role, user or group: by dependency, or by its name."""
    if holder.urn in resource.property_dependencies.get(key, ()):
        return True
    try:
        return bool(_own_name(holder)) and _own_name(holder) in texts(resource.props, key)
    except UnknownFactError:
        return False


def _own_name(resource: Resource) -> str:
    try:
        return text(resource.props, "name")
    except UnknownFactError:
        return ""
