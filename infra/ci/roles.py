"""`nightowl ci stacks` and `nightowl ci role`: what a job has to know before it can take a role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from infra.ci.actions_run import ActionsRun
from infra.ci.images import ImageStack
from infra.errors import UsageError
from infra.platforms.eks.names import role_arn
from infra.project import stack_files
from infra.settings.build import PROJECT
from infra.settings.eks.delivery import RoleKind
from infra.settings.stack_file import stack_config
from infra.values import mapping


def run_stacks(project: Path, run: ActionsRun) -> None:
    """Write the output `stacks`: a JSON list of those that GitHub deploys, each after the one it promotes from.

    A stack without a backend is not among them: no account was prepared for it yet. Only `nightowl:delivery` of each
    file is read, so that a mistake elsewhere is reported by the preview of that stack.

    Raises:
        SettingsError: a stack file cannot be read.
    """
    sections = {stack: _delivery(file) for stack, file in stack_files(project).items()}
    delivered = [stack for stack, section in sections.items() if section.get("github") and section.get("backend")]
    run.set_output("stacks", json.dumps(sorted(delivered, key=lambda stack: (_distance(stack, sections), stack))))


def run_role(stack: ImageStack, kind: RoleKind, run: ActionsRun) -> None:
    """Write the outputs `role-arn`, `region`, `account-id`, and `environment`, which is empty for a preview.

    Raises:
        UsageError: the stack has no such role.
    """
    github = stack.delivery.github
    if github is None:
        raise UsageError(f"{stack.name} has no roles for GitHub; `nightowl github` writes {PROJECT}:delivery.github")
    if not github.subjects(kind):
        raise UsageError(
            f"{stack.name} has no role for {kind}; name its subjects under {PROJECT}:delivery.github.{kind}"
        )
    run.set_output("role-arn", role_arn(stack.account_id, stack.cluster, kind))
    run.set_output("region", stack.region)
    run.set_output("account-id", stack.account_id)
    run.set_output("environment", next(iter(github.environments(kind)), ""))


def _delivery(file: Path) -> Mapping[str, object]:
    return mapping(stack_config(file).get(f"{PROJECT}:delivery"))


def _distance(stack: str, sections: Mapping[str, Mapping[str, object]]) -> int:
    """How many stacks the images of a stack come through."""
    seen = {stack}
    before = sections[stack].get("promotesFrom")
    while isinstance(before, str) and before in sections and before not in seen:
        seen.add(before)
        before = sections[before].get("promotesFrom")
    return len(seen) - 1
