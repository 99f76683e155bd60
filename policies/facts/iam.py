"""Reading IAM policy documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from infra.values import document, mapping, mappings, texts
from policies.facts import iam_scope
from policies.facts.stack import Resource

ROLE = "aws:iam/role:Role"
USER = "aws:iam/user:User"
GROUP = "aws:iam/group:Group"
POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
PERMISSION_SET_POLICY = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
INLINE_TYPES = (ROLE, ROLE_POLICY, USER_POLICY, GROUP_POLICY, PERMISSION_SET_POLICY)
"""What holds a document for one holder, who has it from the first moment."""
POLICY_TYPES = (POLICY, *INLINE_TYPES)

READING_VERBS = ("Describe", "Get", "List", "BatchGet", "Lookup", "Search", "View", "Check", "Simulate", "Test")
"""How the names of actions begin that change nothing (AWS Service Authorization Reference: access levels)."""


@dataclass(frozen=True, kw_only=True)
class PolicyStatement:
    """One statement of a policy document."""

    allows: bool
    actions: tuple[str, ...]
    everything_but: bool
    """Whether it names what it does not mean: NotAction, NotResource or NotPrincipal."""
    resources: tuple[str, ...]
    principals: Mapping[str, tuple[str, ...]]
    """By kind: AWS, Service or Federated."""
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Values by operator and key; the keys in lower case, as IAM does not tell them apart."""

    def may(self, action: str) -> bool:
        """Return whether it allows that action."""
        return self.allows and iam_scope.any_matches(self.actions, action)

    @cached_property
    def is_total(self) -> bool:
        """Whether it is about nearly every action of most services."""
        return iam_scope.is_total(frozenset(self.actions))

    @cached_property
    def on_everything(self) -> bool:
        """Whether it holds for resources of any kind."""
        return iam_scope.means_everything(self.resources)

    @cached_property
    def on_any_of_a_kind(self) -> bool:
        """Whether it leaves open which resources of a kind it holds for, such as `role/*`."""
        return iam_scope.leaves_open(self.resources)

    @cached_property
    def is_narrowed(self) -> bool:
        """Whether a condition takes away from what it is about."""
        return iam_scope.narrows(self.conditions)

    @cached_property
    def is_for_anybody(self) -> bool:
        """Whether it lets the whole world in: any principal, and no condition that tells callers apart."""
        anybody = any("*" in names for names in self.principals.values())
        return self.allows and anybody and not iam_scope.names_callers(self.conditions)

    def requires(self, key: str, *, operator: str = "StringEquals") -> tuple[str, ...]:
        """Return the values that a condition asks of `key`."""
        return self.conditions.get(operator, {}).get(key.lower(), ())


def permissions(resource: Resource) -> Iterator[PolicyStatement]:
    """Return the statements that are written at a resource: its own document, or inline ones of a role."""
    if resource.type == ROLE:
        for inline in mappings(resource.props, "inlinePolicies"):
            yield from statements(inline.get("policy"))
    else:
        key = "inlinePolicy" if resource.type == PERMISSION_SET_POLICY else "policy"
        yield from statements(resource.props.get(key))


def trust(role: Resource) -> Iterator[PolicyStatement]:
    """Return who may take a role."""
    yield from statements(role.props.get("assumeRolePolicy"))


def statements(policy: object) -> Sequence[PolicyStatement]:
    """Return the statements of a policy document, written as JSON or as an object."""
    return _statements_of_text(policy) if isinstance(policy, str) else tuple(_statements(mapping(policy)))


@lru_cache(maxsize=4096)
def _statements_of_text(policy: str) -> tuple[PolicyStatement, ...]:
    return tuple(_statements(document({"policy": policy}, "policy")))


def _statements(policy: Mapping[str, Any]) -> Iterator[PolicyStatement]:
    written = policy.get("Statement")
    for one in [mapping(written)] if isinstance(written, Mapping) else mappings(policy, "Statement"):
        yield _statement(one)


def is_reading(action: str) -> bool:
    """Return whether an action, or all that a pattern stands for, changes nothing."""
    return action.partition(":")[2].lower().startswith(tuple(verb.lower() for verb in READING_VERBS))


def _statement(written: Mapping[str, Any]) -> PolicyStatement:
    return PolicyStatement(
        allows=written.get("Effect") == "Allow",
        actions=tuple(texts(written, "Action")) or (("*",) if "NotAction" in written else ()),
        everything_but=any(key in written for key in ("NotAction", "NotResource", "NotPrincipal")),
        resources=tuple(texts(written, "Resource")) or (("*",) if "NotResource" in written else ()),
        principals=_principals(written),
        conditions={
            operator: {key.lower(): tuple(_values(asked_of[key])) for key in asked_of}
            for operator, asked in mapping(written.get("Condition")).items()
            for asked_of in [mapping(asked)]
        },
    )


def _values(asked: Any) -> list[str]:
    if isinstance(asked, bool):
        return [str(asked).lower()]
    return texts({"asked": asked}, "asked")


def _principals(written: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    if "NotPrincipal" in written:
        return {"AWS": ("*",)}
    principal = written.get("Principal")
    if isinstance(principal, str):
        return {"AWS": (principal,)}
    return {kind: tuple(texts(principal, kind)) for kind in mapping(principal)}
