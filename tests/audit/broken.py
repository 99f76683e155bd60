"""Deliberately broken copies, which prove in the same run that each checker sees what it is there for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

BROKEN = "broken"
"""The name of the broken stack and of the broken repository."""

EXPECTED: Mapping[str, frozenset[str]] = {
    "checkov": frozenset(
        {
            # Of the Kubernetes objects.
            "CKV_K8S_14",  # image tag
            "CKV_K8S_16",  # privileged container
            "CKV_K8S_19",  # host network
            "CKV_K8S_20",  # privilege escalation
            "CKV_K8S_22",  # writable root file system
            "CKV_K8S_38",  # service account token
            # Of the AWS resources.
            "CKV_AWS_37",  # control plane logs
            "CKV_AWS_38",  # endpoint open to the world
            "CKV_AWS_58",  # secrets encryption
            "CKV_AWS_79",  # instance metadata without a token
            "CKV_AWS_130",  # public addresses on launch
            "CKV2_AWS_11",  # flow logs: found only if the links between resources are read
        }
    ),
    "kubernetes-validate": frozenset({"schema"}),
    "parliament": frozenset({"UNKNOWN_ACTION", "RESOURCE_MISMATCH"}),
    "actionlint": frozenset({"events", "expression", "job-needs", "syntax-check"}),
    "zizmor": frozenset({"artipacked", "dangerous-triggers", "template-injection", "unpinned-uses"}),
}
"""The rules that each checker must name."""

WORKFLOW = """\
on:
  pull_request_target:
    types: [labelled]
jobs:
  build:
    runs-on: ubuntu-latest
    timeout: 5
    needs: nothing
    steps:
      - uses: actions/checkout@v4
        with: { ref: "${{ github.event.pull_request.head.sha }}" }
      - run: echo "${{ github.event.pull_request.title }}"
"""


def write_broken_stack(clean: Path, folder: Path) -> None:
    """Copy what was written of an EKS stack, and break it in as many respects as there are expected rules."""
    shutil.copytree(clean, folder)
    deployment = next(iter(sorted((folder / "objects").glob("*_deployment_*.yaml"))))
    deployment.write_text(yaml.safe_dump(_broken_deployment(yaml.safe_load(deployment.read_text()))))
    plan = folder / "plan.json"
    plan.write_text(json.dumps(_broken_plan(json.loads(plan.read_text()))))
    mismatch = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::bucket"]}
    unknown = {"Effect": "Allow", "Action": ["s3:GetObjects"], "Resource": ["*"]}
    (folder / "iam" / "broken.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [mismatch, unknown]}))


def write_broken_repository(folder: Path) -> None:
    """Write a repository whose only workflow can be taken over by anybody's pull request."""
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "build.yml").write_text(WORKFLOW)


def _broken_deployment(deployment: Any) -> Any:
    deployment["spec"]["stratgy"] = {}
    pod = deployment["spec"]["template"]["spec"]
    pod["hostNetwork"] = True
    pod["automountServiceAccountToken"] = True
    container = pod["containers"][0]
    container["image"] = "nginx"
    container["securityContext"] = {"privileged": True, "allowPrivilegeEscalation": True}
    return deployment


def _broken_plan(plan: Any) -> Any:
    planned = cast("list[dict[str, Any]]", plan["planned_values"]["root_module"]["resources"])
    for resource in planned:
        values = resource["values"]
        match resource["type"]:
            case "aws_eks_cluster":
                values["vpc_config"][0].update(endpoint_public_access=True, public_access_cidrs=["0.0.0.0/0"])
                values["enabled_cluster_log_types"] = ["api"]
                del values["encryption_config"]
            case "aws_launch_template":
                values["metadata_options"][0]["http_tokens"] = "optional"
            case "aws_subnet":
                values["map_public_ip_on_launch"] = True
            case _:
                pass
    kept = [resource for resource in planned if resource["type"] != "aws_flow_log"]
    plan["planned_values"]["root_module"]["resources"] = kept
    changes = {resource["address"]: resource["values"] for resource in kept}
    plan["resource_changes"] = [
        {**change, "change": {**change["change"], "after": changes[change["address"]]}}
        for change in plan["resource_changes"]
        if change["address"] in changes
    ]
    return plan
