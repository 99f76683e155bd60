"""A record of all traffic of the VPC, and what its role may do."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.iam import Document, allow, policy_document, service_trust
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.roles import make_role
from infra.platforms.eks.names import flow_log_group


def make_flow_logs(
    context: AwsContext,
    *,
    vpc_id: pulumi.Input[str],
    key_arn: pulumi.Input[str],
    retention_days: int,
    parent: pulumi.Resource,
) -> None:
    """Make flow logs of accepted and rejected traffic, in an encrypted log group that expires."""
    group = aws.cloudwatch.LogGroup(
        "flow-logs",
        name=flow_log_group(context.name),
        retention_in_days=retention_days,
        kms_key_id=key_arn,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    role = make_role(
        "flow-logs",
        context=context,
        description=f"Writes the flow logs of {context.name}",
        # The flow logs of this account and region, and no other's.
        trust=service_trust(
            "vpc-flow-logs.amazonaws.com",
            account_id=context.account_id,
            source_arn=context.arn("ec2", "vpc-flow-log/*"),
        ),
        policies={"write": flow_logs_policy(context)},
        parent=parent,
    )
    aws.ec2.FlowLog(
        "vpc",
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags={"Name": context.name},
        # A flow log whose role may not write starts in an error state and drops what it saw until then.
        opts=pulumi.ResourceOptions(parent=parent, depends_on=role.policies),
    )


def flow_logs_policy(context: AwsContext) -> Document:
    """Let the role write to the one log group (VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs").

    `logs:CreateLogGroup` is left out on purpose: the last records of a destroyed VPC would make the group anew, without
    an expiry, and the next creation would fail on its name.
    """
    group = context.arn("logs", f"log-group:{flow_log_group(context.name)}:*")
    return policy_document(
        allow("WriteRecords", "logs:CreateLogStream DescribeLogStreams PutLogEvents", group),
        # Listing groups takes no resource; it shows names only.
        allow("FindGroup", "logs:DescribeLogGroups"),
    )
