"""The web application firewall in front of a public load balancer."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.load_balancer.args import LoadBalancerArgs
from infra.platforms.eks.names import firewall_log_group

RATE_WINDOW_SECONDS = 300

MANAGED_RULE_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
)
"""In the order in which they are tried: the cheapest refusals first (AWS WAF developer guide, managed rule groups)."""

COUNTED_RULES = {"AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",)}
"""Rules that only count: this one refuses every body above 8 KiB, and with it every upload."""

REDACTED_HEADERS = ("authorization", "cookie")


class Firewall(pulumi.ComponentResource):
    """A web ACL with AWS's managed rules and a rate limit per address, on one load balancer, and its log."""

    def __init__(
        self,
        name: str,
        args: LoadBalancerArgs,
        *,
        load_balancer_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("nightowl:eks:Firewall", name, None, opts)
        acl = self._make_acl(name, args.settings.waf_rate_limit)
        self._make_log(name, args, acl)
        aws.wafv2.WebAclAssociation(
            name,
            web_acl_arn=acl.arn,
            resource_arn=load_balancer_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"acl": acl.arn})

    def _make_acl(self, name: str, rate_limit: int) -> aws.wafv2.WebAcl:
        return aws.wafv2.WebAcl(
            name,
            scope="REGIONAL",
            default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
            rules=[
                _rate_rule(rate_limit, priority=0),
                *(_managed_rule(group, priority=index + 1) for index, group in enumerate(MANAGED_RULE_GROUPS)),
            ],
            visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
                cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_log(self, name: str, args: LoadBalancerArgs, acl: aws.wafv2.WebAcl) -> None:
        context = args.context
        group = aws.cloudwatch.LogGroup(
            name,
            name=firewall_log_group(context.name),
            retention_in_days=args.settings.log_retention_days,
            kms_key_id=args.logs_key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Otherwise AWS WAF writes a policy of its own for the whole account, which outlives the stack.
        policy = aws.cloudwatch.LogResourcePolicy(
            name,
            policy_name=f"{context.name}-firewall-log",
            policy_document=pulumi.Output.json_dumps(firewall_log_policy(context, group.arn)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.wafv2.WebAclLoggingConfiguration(
            name,
            resource_arn=acl.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[
                aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs(
                    single_header=aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name=header)
                )
                for header in REDACTED_HEADERS
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )


def firewall_log_policy(context: AwsContext, log_group_arn: pulumi.Input[str]) -> Document:
    """Let log delivery write to one group, for this account only.

    The statement of the AWS WAF developer guide, "Sending protection pack (web ACL) traffic logs to a CloudWatch Logs
    log group", with its confused-deputy conditions.
    """
    return policy_document(
        Statement(
            sid="FirewallWrites",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            principals={"Service": ["delivery.logs.amazonaws.com"]},
            resources=[pulumi.Output.concat(log_group_arn, ":*")],
            conditions={
                "StringEquals": {"aws:SourceAccount": context.account_id},
                "ArnLike": {
                    "aws:SourceArn": context.arn("logs", "*"),
                },
            },
        )
    )


def _rate_rule(limit: int, *, priority: int) -> aws.wafv2.WebAclRuleArgs:
    return aws.wafv2.WebAclRuleArgs(
        name="rate-limit",
        priority=priority,
        action=aws.wafv2.WebAclRuleActionArgs(block=aws.wafv2.WebAclRuleActionBlockArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                aggregate_key_type="IP", limit=limit, evaluation_window_sec=RATE_WINDOW_SECONDS
            )
        ),
        visibility_config=_seen_as("rate-limit"),
    )


def _managed_rule(group: str, *, priority: int) -> aws.wafv2.WebAclRuleArgs:
    counted = [
        aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
            name=rule,
            action_to_use=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
                count=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
            ),
        )
        for rule in COUNTED_RULES.get(group, ())
    ]
    return aws.wafv2.WebAclRuleArgs(
        name=group,
        priority=priority,
        override_action=aws.wafv2.WebAclRuleOverrideActionArgs(none=aws.wafv2.WebAclRuleOverrideActionNoneArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            managed_rule_group_statement=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                vendor_name="AWS", name=group, rule_action_overrides=counted or None
            )
        ),
        visibility_config=_seen_as(group),
    )


def _seen_as(metric: str) -> aws.wafv2.WebAclRuleVisibilityConfigArgs:
    return aws.wafv2.WebAclRuleVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=True
    )
