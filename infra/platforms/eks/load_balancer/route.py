"""The way from a load balancer to the pods of one app."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra.platforms.eks.load_balancer.binding import make_binding
from infra.platforms.eks.load_balancer.target import make_target_group
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.ports import ServedPort
from infra.settings.eks.listener_rules import AddressRule

Forward = Callable[[aws.lb.TargetGroup], Sequence[pulumi.Resource]]
"""Makes what sends requests to a target group: listener rules, or a listener."""


@dataclass(frozen=True, kw_only=True)
class AppRouteArgs:
    """A public address of an app, and what sends requests to it.

    `public` is whether the load balancer faces the internet. `wait_for` is what must stand before the app's pods are
    registered: the controller, and the way to the pods. `prefix` begins the name of its target group.
    """

    address: PublicAddress
    forward: Forward
    public: bool
    vpc_id: pulumi.Input[str]
    cluster_name: str
    service: k8s.core.v1.Service
    wait_for: Sequence[pulumi.Resource]
    prefix: str = ""


class AppRoute(pulumi.ComponentResource):
    """A target group, the listener or rules that send to it (`forward`) and the binding that fills it.

    The app's pods wait for `ready`. Their readiness gate is given to them only while a binding refers to their Service,
    and opens only once a listener refers to the group: an unused group checks nobody's health.
    """

    ready: Sequence[pulumi.Resource]
    forward: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: AppRouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:AppRoute", name, None, opts)
        group = make_target_group(
            args.address,
            vpc_id=args.vpc_id,
            cluster_name=args.cluster_name,
            parent=self,
            prefix=args.prefix,
            public=args.public,
        )
        self.forward = args.forward(group)
        binding = make_binding(
            args.address,
            target_group=group,
            public=args.public,
            vpc_id=args.vpc_id,
            service=args.service,
            wait_for=args.wait_for,
            parent=self,
        )
        self.ready = [*self.forward, binding]
        self.register_outputs({"target_group": group.arn})


def rules_for(
    app: str,
    rules: Sequence[tuple[int, AddressRule]],
    *,
    listener_arn: pulumi.Input[str],
    parent: pulumi.Resource,
) -> Forward:
    """Send the HTTP requests for an app by rules of a listener; `parent` is the component of the rules of all apps."""
    return lambda group: [
        aws.lb.ListenerRule(
            # A listener has each priority once. Named by it, a rule that one app leaves and another takes over changes
            # in place, where a second one would be refused.
            f"priority-{priority}",
            listener_arn=listener_arn,
            priority=priority,
            conditions=rule_conditions(rule),
            actions=[_action(rule, group)],
            tags={"app": app},
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for priority, rule in rules
    ]


def listener_for(
    app: str, port: ServedPort, *, load_balancer_arn: pulumi.Input[str], parent: pulumi.Resource
) -> Forward:
    """Send what arrives on a port to an app by a listener; `parent` is the component of the listeners of all."""
    return lambda group: [
        aws.lb.Listener(
            # A load balancer has each port once: an app that takes over another's port takes over its listener.
            f"{port.protocol.lower()}-{port.service_port}",
            load_balancer_arn=load_balancer_arn,
            port=port.service_port,
            protocol=port.protocol,
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=group.arn)],
            tags={"app": app},
            opts=pulumi.ResourceOptions(parent=parent),
        )
    ]


def rule_conditions(rule: AddressRule) -> list[aws.lb.ListenerRuleConditionArgs]:
    """Return which requests a rule takes: those for its hosts, if it has some, and its path with all that is below."""
    conditions: list[aws.lb.ListenerRuleConditionArgs] = []
    if rule.hosts:
        conditions.append(
            aws.lb.ListenerRuleConditionArgs(
                host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(values=list(rule.hosts))
            )
        )
    if rule.patterns != ["/*"] or not conditions:
        conditions.append(
            aws.lb.ListenerRuleConditionArgs(
                path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=rule.patterns)
            )
        )
    return conditions


def _action(rule: AddressRule, group: aws.lb.TargetGroup) -> aws.lb.ListenerRuleActionArgs:
    if rule.redirect_to is None:
        return aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)
    # What is not given stays as it was asked for.
    return aws.lb.ListenerRuleActionArgs(
        type="redirect",
        redirect=aws.lb.ListenerRuleActionRedirectArgs(host=rule.redirect_to, status_code="HTTP_301"),
    )
