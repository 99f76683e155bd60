"""Decides what a policy allows, for tests: the parts of IAM's evaluation that the policies of this repository use.

A deny wins over every allow, and what nobody allows is denied. Anything that this evaluator does not know fails the
test rather than being ignored. The rules are those of the IAM user guide, "Policy evaluation logic" and "IAM JSON
policy elements: Condition operators".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition"}
ARN_PARTS = 6
Value = str | Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request: `context` has the condition keys that AWS sends, `principal` the caller's ARN or service."""

    action: str
    resource: str = "*"
    principal: str | None = None
    context: Mapping[str, Value] = field(default_factory=dict[str, Value])


def allows(document: Mapping[str, Any], call: Call) -> bool:
    """Tell whether an identity policy, or a trust or resource policy by itself, allows `call`."""
    return _decides(document, call, _names_caller)


def all_allow(documents: Iterable[Mapping[str, Any]], call: Call, *, boundary: Mapping[str, Any] | None = None) -> bool:
    """Tell whether the policies of a role together allow `call`, and its permissions boundary as well."""
    together = {"Statement": [statement for document in documents for statement in document["Statement"]]}
    return allows(together, call) and (boundary is None or allows(boundary, call))


def key_allows(key_policy: Mapping[str, Any], call: Call, *, identity: Sequence[Mapping[str, Any]] = ()) -> bool:
    """Tell whether a key allows `call`: by naming the caller, or by naming the account whose IAM policies do."""
    if _decides(key_policy, call, _names_caller):
        return True
    by_iam = any(allows(document, call) for document in identity)
    return by_iam and _decides(key_policy, call, _names_account_of_caller)


def _decides(document: Mapping[str, Any], call: Call, names: Callable[[Mapping[str, Any], Call], bool]) -> bool:
    effects = {
        statement["Effect"]
        for statement in document["Statement"]
        if _applies(statement, call) and (statement.get("Principal") is None or names(statement["Principal"], call))
    }
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], call: Call) -> bool:
    unknown = set(statement) - ELEMENTS
    assert not unknown, f"the evaluator does not know {sorted(unknown)}"
    return (
        _covers_action(statement, call.action)
        and any(_matches(pattern, call.resource) for pattern in _listed(statement.get("Resource", "*")))
        and all(
            _holds(operator, key, _listed(wanted), call.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _covers_action(statement: Mapping[str, Any], action: str) -> bool:
    assert ("Action" in statement) != ("NotAction" in statement), "a statement has Action or NotAction, not both"
    named = tuple(_listed(statement.get("Action") or statement["NotAction"]))
    return _names_action(named, action) is ("Action" in statement)


@functools.cache
def _names_action(patterns: tuple[str, ...], action: str) -> bool:
    return any(_matches(pattern.lower(), action.lower()) for pattern in patterns)


def _names_caller(principal: Mapping[str, Any], call: Call) -> bool:
    assert principal != "*", "a principal is named"
    return any(call.principal == name for names in principal.values() for name in _listed(names))


def _names_account_of_caller(principal: Mapping[str, Any], call: Call) -> bool:
    account = re.match(r"(arn:[^:]+:iam::\d+):", call.principal or "")
    return account is not None and f"{account[1]}:root" in _listed(principal.get("AWS", ()))


def _holds(operator: str, key: str, wanted: list[str], context: Mapping[str, Value]) -> bool:
    present = {name.lower(): _listed(value) for name, value in context.items()}.get(key.lower())
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (present is None) == (wanted == ["true"])
    if name.endswith("IfExists"):
        if present is None:
            return True
        name = name.removesuffix("IfExists")
    assert name in _OPERATORS, f"the evaluator does not know the condition {operator}"
    negated, matches = _OPERATORS[name]
    if present is None:
        return negated or quantifier == "ForAllValues"
    results = [any(matches(pattern, value) for pattern in wanted) is not negated for value in present]
    return any(results) if quantifier == "ForAnyValue" else all(results)


def _arn_matches(pattern: str, arn: str) -> bool:
    """Match part by part, so that a wildcard does not reach over a colon (but for the last part, the resource)."""
    patterns, parts = pattern.split(":", ARN_PARTS - 1), arn.split(":", ARN_PARTS - 1)
    return len(patterns) == len(parts) == ARN_PARTS and all(map(_matches, patterns, parts))


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    assert "${" not in pattern, "the evaluator does not know policy variables"
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


_OPERATORS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "StringEquals": (False, str.__eq__),
    "StringNotEquals": (True, str.__eq__),
    "StringLike": (False, _matches),
    "StringNotLike": (True, _matches),
    "ArnEquals": (False, _arn_matches),
    "ArnLike": (False, _arn_matches),
    "ArnNotEquals": (True, _arn_matches),
    "ArnNotLike": (True, _arn_matches),
    "Bool": (False, lambda wanted, value: wanted.lower() == value.lower()),
}
