"""Compares what `permissions` know of IAM with the actions that parliament knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.plan.doubts import NOT_OPERATIONS, near_operation
from infra.platforms.eks.identity.pod_permissions import ACTIONS, KEY_ACTIONS, LIST_BUCKET
from infra.settings.app.aws_names import IAM_SERVICES
from infra.values import words
from tests.audit.checkers import CheckerError, Finding, Tools


def iam_names(tools: Tools) -> Iterator[Finding]:
    """Judge the services that are known, the actions of the short forms, and those that are no operations.

    Raises:
        CheckerError: parliament is not installed.
    """
    known = _actions_by_service(tools)
    for service in sorted(IAM_SERVICES ^ known.keys()):
        yield _finding("service", service, "stands in one list only: IAM_SERVICES or parliament's")
    for action in sorted(_of_short_forms()):
        service, _, name = action.partition(":")
        if name not in known.get(service, ()):
            yield _finding("short-form", action, "is no action of IAM")
    looking_so = {
        f"{service}:{name}"
        for service, names in known.items()
        for name in names
        if near_operation(f"{service}:{name}") is not None
    }
    for action in sorted(looking_so ^ NOT_OPERATIONS):
        yield _finding("operation", action, "belongs into NOT_OPERATIONS, or no longer does")


def _actions_by_service(tools: Tools) -> Mapping[str, set[str]]:
    files = list(tools.folder.parent.glob("lib/*/site-packages/parliament/iam_definition.json"))
    if not files:
        raise CheckerError(f"parliament: not installed in {tools.folder}; run `make audit`, which installs it")
    found: dict[str, set[str]] = {}
    services: Any = json.loads(files[0].read_text(encoding="utf-8"))
    for service in services:
        found.setdefault(service["prefix"], set()).update(one["privilege"] for one in service["privileges"])
    return found


def _of_short_forms() -> set[str]:
    found = {LIST_BUCKET}
    for text in (*ACTIONS.values(), *KEY_ACTIONS.values()):
        service, _, names = text.partition(":")
        found |= {f"{service}:{name}" for name in words(names)}
    return found


def _finding(rule: str, resource: str, message: str) -> Finding:
    return Finding(checker="iam-names", subject="repository", rule=rule, resource=resource, message=message)
