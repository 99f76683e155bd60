"""What the flow logs' role may do, and who takes it, as plain data."""

from __future__ import annotations

from infra.iam import Document, Statement, policy_document, service_trust


def flow_logs_trust(*, partition: str, account_id: str, region: str) -> Document:
    """Let the flow logs of this account and region, and no other's, take the role."""
    return service_trust(
        "vpc-flow-logs.amazonaws.com",
        account_id=account_id,
        source_arn=f"arn:{partition}:ec2:{region}:{account_id}:vpc-flow-log/*",
    )


def flow_logs_policy(*, partition: str, account_id: str, region: str, log_group: str) -> Document:
    """Let the role write to the one log group (VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs").

    `logs:CreateLogGroup` is left out on purpose: the last records of a destroyed VPC would make the group anew, without
    an expiry, and the next creation would fail on its name.
    """
    return policy_document(
        Statement(
            sid="WriteRecords",
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[f"arn:{partition}:logs:{region}:{account_id}:log-group:{log_group}:*"],
        ),
        # Listing groups takes no resource; it tells names only.
        Statement(sid="FindGroup", actions=["logs:DescribeLogGroups"], resources=["*"]),
    )
