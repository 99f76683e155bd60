"""Reading IAM policy documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from policies.stack import Resource
from policies.values import document, mapping, mappings, text, texts

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
POLICY_TYPES = (POLICY, ROLE_POLICY, USER_POLICY, GROUP_POLICY, ROLE)

BOUNDARY_SUFFIX = "-boundary"
"""How the name of a permissions boundary ends."""

READING_VERBS = ("Describe", "Get", "List", "BatchGet", "Lookup", "Search", "View", "Check", "Simulate", "Test")
"""How the names of actions begin that change nothing (AWS Service Authorization Reference: access levels)."""


@dataclass(frozen=True, kw_only=True)
class Statement:
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
        """Whether it allows that action."""
        return self.allows and any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)

    @property
    def is_total(self) -> bool:
        """Whether it is about every action of every service."""
        return bool({"*", "*:*"} & set(self.actions))

    @property
    def on_everything(self) -> bool:
        """Whether it holds for any resource."""
        return "*" in self.resources

    def requires(self, key: str, *, operator: str = "StringEquals") -> tuple[str, ...]:
        """Give the values that a condition asks of `key`."""
        return self.conditions.get(operator, {}).get(key.lower(), ())


def is_boundary(policy: Resource) -> bool:
    """Whether a managed policy is a permissions boundary, by its name."""
    return policy.type == POLICY and text(policy.props, "name").endswith(BOUNDARY_SUFFIX)


def permissions(resource: Resource) -> Iterator[Statement]:
    """Give what the policies written at a resource allow: its own document, or inline ones of a role.

    A boundary allows nothing: it takes from what other policies allow.
    """
    if is_boundary(resource):
        return
    if resource.type == ROLE:
        for inline in mappings(resource.props, "inlinePolicies"):
            yield from statements(document(inline, "policy"))
    else:
        yield from statements(document(resource.props, "policy"))


def trust(role: Resource) -> Iterator[Statement]:
    """Give who may take a role."""
    yield from statements(document(role.props, "assumeRolePolicy"))


def statements(policy: Mapping[str, Any]) -> Iterator[Statement]:
    """Give the statements of a policy document."""
    written = policy.get("Statement")
    for one in [mapping(written)] if isinstance(written, Mapping) else mappings(policy, "Statement"):
        yield _statement(one)


def is_reading(action: str) -> bool:
    """Whether an action, or all that a pattern stands for, changes nothing."""
    return action.partition(":")[2].startswith(READING_VERBS)


def _statement(written: Mapping[str, Any]) -> Statement:
    return Statement(
        allows=written.get("Effect") == "Allow",
        actions=tuple(texts(written, "Action")) or (("*",) if "NotAction" in written else ()),
        everything_but=any(key in written for key in ("NotAction", "NotResource", "NotPrincipal")),
        resources=tuple(texts(written, "Resource")) or (("*",) if "NotResource" in written else ()),
        principals=_principals(written),
        conditions={
            operator: {key.lower(): tuple(texts({key: value}, key)) for key, value in mapping(asked).items()}
            for operator, asked in mapping(written.get("Condition")).items()
        },
    )


def _principals(written: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    if "NotPrincipal" in written:
        return {"AWS": ("*",)}
    principal = written.get("Principal")
    if isinstance(principal, str):
        return {"AWS": (principal,)}
    return {kind: tuple(texts(principal, kind)) for kind in mapping(principal)}
