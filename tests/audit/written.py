"""Writes what a stack would make as files that the checkers read."""

from __future__ import annotations

import json
from pathlib import Path

from infra.plan.manifests import write_manifests
from infra.plan.plan import plan_of_file
from tests.audit.terraform_plan import terraform_plan

IDENTITY_POLICIES = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")


def write_stack(file: Path, stack: str, folder: Path) -> None:
    """Write the objects to `folder/objects`, the AWS resources to `folder/plan.json`, IAM policies to `folder/iam`."""
    graph = plan_of_file(file, stack).graph
    write_manifests(graph, folder / "objects")
    plan = terraform_plan(graph)
    if plan["planned_values"]["root_module"]["resources"]:
        (folder / "plan.json").write_text(json.dumps(plan, indent=1))
    for policy in graph.of_type(*IDENTITY_POLICIES):
        (folder / "iam").mkdir(exist_ok=True)
        (folder / "iam" / f"{policy.name}.json").write_text(policy.props["policy"])
