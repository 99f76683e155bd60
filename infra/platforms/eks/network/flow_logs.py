"""A record of all traffic of the VPC."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.roles import PermittedRole, make_role
from infra.platforms.eks.names import flow_log_group
from infra.platforms.eks.network.flow_log_permissions import flow_logs_policy, flow_logs_trust


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """Which VPC to record, under which key, and for how long."""

    context: AwsContext
    vpc_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    retention_days: int


class FlowLogs(pulumi.ComponentResource):
    """Flow logs of accepted and rejected traffic, in an encrypted log group that expires."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:FlowLogs", name, None, opts)
        self._args = args
        group = self._make_group()
        role = self._make_role()
        self._make_flow_log(group, role)
        self.register_outputs({"log_group": group.name})

    def _make_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            "flow-logs",
            name=flow_log_group(self._args.context.name),
            retention_in_days=self._args.retention_days,
            kms_key_id=self._args.key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_role(self) -> PermittedRole:
        context = self._args.context
        where = {"partition": context.partition, "account_id": context.account_id, "region": context.region}
        return make_role(
            "flow-logs",
            context=context,
            description=f"Writes the flow logs of {context.name}",
            trust=flow_logs_trust(**where),
            policies={"write": flow_logs_policy(**where, log_group=flow_log_group(context.name))},
            parent=self,
        )

    def _make_flow_log(self, group: aws.cloudwatch.LogGroup, role: PermittedRole) -> aws.ec2.FlowLog:
        return aws.ec2.FlowLog(
            "vpc",
            vpc_id=self._args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags={"Name": self._args.context.name},
            # A flow log whose role may not write starts in an error state and drops what it saw until then.
            opts=pulumi.ResourceOptions(parent=self, depends_on=role.policies),
        )
