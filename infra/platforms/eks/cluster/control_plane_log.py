"""The log group of the control plane, made before EKS would make one that never expires."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.names import control_plane_log_group

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""Everything that an EKS control plane can log (EKS user guide, "Send control plane logs to CloudWatch Logs")."""


def make_control_plane_log(
    context: AwsContext, *, key_arn: pulumi.Input[str], retention_days: int, parent: pulumi.Resource
) -> aws.cloudwatch.LogGroup:
    """Make the group under the fixed name to which EKS writes, encrypted and with an end to what it keeps.

    It holds the audit trail, so it is protected together with the cluster.
    """
    return aws.cloudwatch.LogGroup(
        "control-plane-log",
        name=control_plane_log_group(context.name),
        kms_key_id=key_arn,
        retention_in_days=retention_days,
        opts=pulumi.ResourceOptions(parent=parent, protect=context.protect),
    )
