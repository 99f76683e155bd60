"""Every IAM policy of every EKS stack, read by an outside checker that knows AWS's actions and resources."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from tests.aws.stacks import run_shipped

with warnings.catch_warnings():
    # It imports pkg_resources and leaves files open; neither is ours to mend.
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string

EXCUSED = {
    # Attaching needs the volume and the instance, each under its own condition; parliament reads each statement alone.
    "ebs-csi-driver-volumes": ["RESOURCE_MISMATCH", "RESOURCE_MISMATCH"],
}


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_policies_name_only_actions_resources_and_conditions_that_aws_has(stack: str) -> None:
    policies = run_shipped(stack).graph.all("RolePolicy")
    assert len(policies) >= 5
    found = {policy.name: findings(json.loads(policy.props["policy"])) for policy in policies}
    assert {name: issues for name, issues in found.items() if issues} == EXCUSED


def test_the_checker_bites_on_an_action_that_aws_does_not_have() -> None:
    misspelt = {"Effect": "Allow", "Action": ["s3:GetObjekt"], "Resource": "arn:aws:s3:::bucket/*"}
    assert findings({"Version": "2012-10-17", "Statement": [misspelt]}) == ["UNKNOWN_ACTION"]


def findings(document: Any) -> list[str]:
    """The names of what parliament has to say against a policy."""
    return [finding.issue for finding in analyze_policy_string(json.dumps(document)).findings]
