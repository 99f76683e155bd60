"""Write policies/aws_managed.json: `python -m tests.policies.managed_policies`.

The documents are those of the test dependency moto, which keeps a copy of all managed policies of AWS.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from policies.facts.aws_managed import FILE
from policies.facts.escalation import allows_everything, escalations
from policies.facts.iam import PolicyStatement, statements

READ_ON = "2026-11-26"
SERVICE_ROLES = "/aws-service-role/"
"""The path of policies that nobody but AWS can attach."""


def wide_policies() -> dict[str, str]:
    """Return why each managed policy is too much, by path and name."""
    found: dict[str, str] = {}
    for name, policy in sorted(json.loads(aws_managed_policies_data).items()):
        path: str = policy["Path"]
        why = _why(list(statements(policy["Document"])))
        if why and not path.startswith(SERVICE_ROLES):
            found[f"{path}{name}".removeprefix("/")] = why
    return found


def content() -> dict[str, Any]:
    return {
        "source": "AWS's managed policies as moto keeps them (moto/iam/aws_managed_policies.py)",
        "read": READ_ON,
        "policies": wide_policies(),
    }


def _why(found: list[PolicyStatement]) -> str:
    if allows_everything(found):
        return "nearly every action on every resource"
    actions = sorted({action for one in found for action in escalations(one)})
    return f"{', '.join(actions)} on every resource" if actions else ""


if __name__ == "__main__":
    FILE.write_text(json.dumps(content(), indent=2) + "\n", encoding="utf-8")
