"""What in `permissions` is allowed, and yet likely not what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.app.aws_names import operations
from infra.settings.app.permissions import PermissionSettings
from infra.values import words

MOST_EDITS = 2
"""Letters by which a mistyped word differs: more of them, and actions that exist are taken for each other."""
NOT_OPERATIONS = frozenset(
    words(
        "appflow:DescribeFlows athena:GetQueryExecutions billing:PutContractInformation billing:PutResourcePolicy "
        "cloudhsm:ListTags connect:ListRealtimeContactAnalysisSegments detective:ListOrganizationAdminAccount "
        "dms:StartMetadataModelExportAsScripts es:AssociatePackages es:DissociatePackages glue:GetStage glue:GetStages "
        "kms:ReEncryptTo "
        "mpa:PutResourcePolicy rds:DescribeRecommendations rds:ModifyRecommendation "
        "route53-recovery-control-config:PutResourcePolicy s3:ListBucket s3tables:PutTableEncryption "
        "s3tables:PutTableStorageClass sagemaker:PutLineageGroupPolicy ssm:RegisterManagedInstance "
        "support:DescribeCommunication"
    )
)
"""Actions of IAM that no operation is called by, and that look like a mistyped one. `make audit` compares."""


def action_doubts(permissions: PermissionSettings) -> Iterator[str]:
    """List the actions that look mistyped: IAM takes an action that does not exist, and grants nothing."""
    for action in permissions.actions:
        near = near_operation(action)
        if near is not None and action not in NOT_OPERATIONS:
            yield f"{action} is no operation of the AWS SDK; did you mean {near}?"


def near_operation(action: str) -> str | None:
    """Return the operation that an action differs from by a letter or two; None where it is one itself."""
    service, _, name = action.partition(":")
    if name.endswith("*"):
        return None
    known = {one.lower(): one for one in operations(service)}
    # IAM tells no case of letters.
    if name.lower() in known:
        return None
    near = [one for lower, one in known.items() if _edits(name.lower(), lower) <= MOST_EDITS]
    return f"{service}:{min(near, key=lambda one: _edits(name.lower(), one.lower()))}" if near else None


def account_doubts(permissions: PermissionSettings, account_id: str) -> Iterator[str]:
    """List the resources, and the policy, that are another account's."""
    named = permissions.short_form
    for resource in [*permissions.resources, *([named[1]] if named else [])]:
        owner = resource.split(":")[4] if isinstance(resource, str) and resource.startswith("arn:") else ""
        if owner.isdigit() and owner != account_id:
            yield f"{resource} is in account {owner}, which must let the role of this stack in by a policy of its own"
    owner = permissions.policy.split(":")[4] if permissions.policy else ""
    if owner.isdigit() and owner != account_id:
        yield f"{permissions.policy} is in account {owner}, and a role takes policies of its own account only"


def _edits(one: str, other: str) -> int:
    """Return how many letters must be added, removed or exchanged; any more than `MOST_EDITS` where it is clear."""
    if abs(len(one) - len(other)) > MOST_EDITS:
        return MOST_EDITS + 1
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        above, row = row, [index]
        for column, facing in enumerate(other, 1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (letter != facing)))
    return row[-1]
