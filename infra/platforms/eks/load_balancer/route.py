"""The way from a load balancer to the pods of one app."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra.platforms.eks.load_balancer.binding import make_binding
from infra.platforms.eks.load_balancer.target import make_target_group
from infra.settings.app.application import WebSettings
from infra.settings.app.traffic import TrafficSettings

Forward = Callable[[aws.lb.TargetGroup], pulumi.Resource]
"""Makes what sends requests to a target group: a listener rule, or a listener."""


@dataclass(frozen=True, kw_only=True)
class AppRouteArgs:
    """An app with `traffic`, and what sends requests to it.

    `public` is whether the load balancer faces the internet. `wait_for` is what must stand before its pods are
    registered: the controller, and the way to the pods. `prefix` begins the name of its target group.
    """

    settings: WebSettings
    forward: Forward
    public: bool
    vpc_id: pulumi.Input[str]
    cluster_name: str
    service: k8s.core.v1.Service
    wait_for: Sequence[pulumi.Resource]
    prefix: str = ""


class AppRoute(pulumi.ComponentResource):
    """A target group, the listener or rule that sends to it (`forward`) and the binding that fills it.

    The app's pods wait for `ready`. Their readiness gate is given to them only while a binding refers to their Service,
    and opens only once a listener refers to the group: an unused group checks nobody's health.
    """

    ready: Sequence[pulumi.Resource]
    forward: pulumi.Resource

    def __init__(self, app: str, args: AppRouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:AppRoute", app, None, opts)
        protocol = "TCP" if args.settings.traffic and args.settings.traffic.protocol == "tcp" else "HTTP"
        group = make_target_group(
            app,
            args.settings,
            protocol=protocol,
            vpc_id=args.vpc_id,
            cluster_name=args.cluster_name,
            parent=self,
            prefix=args.prefix,
            public=args.public,
        )
        self.forward = args.forward(group)
        binding = make_binding(
            app,
            target_group=group,
            protocol=protocol,
            public=args.public,
            vpc_id=args.vpc_id,
            service=args.service,
            wait_for=args.wait_for,
            parent=self,
        )
        self.ready = [self.forward, binding]
        self.register_outputs({"target_group": group.arn})


def rule_for(
    app: str, traffic: TrafficSettings, *, listener_arn: pulumi.Input[str], priority: int, parent: pulumi.Resource
) -> Forward:
    """Send the HTTP requests for an app by a rule of a listener; `parent` is the component of the rules of all apps."""
    return lambda group: aws.lb.ListenerRule(
        # A listener has each priority once. Named by it, a rule that one app leaves and another takes over changes in
        # place, where a second one would be refused.
        f"priority-{priority}",
        listener_arn=listener_arn,
        priority=priority,
        conditions=rule_conditions(traffic),
        actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
        tags={"app": app},
        opts=pulumi.ResourceOptions(parent=parent),
    )


def tcp_listener_for(app: str, port: int, *, load_balancer_arn: pulumi.Input[str], parent: pulumi.Resource) -> Forward:
    """Send the connections to a port to an app by a listener; `parent` is the component of the listeners of all."""
    return lambda group: aws.lb.Listener(
        # A load balancer has each port once: an app that takes over another's port takes over its listener.
        f"tcp-{port}",
        load_balancer_arn=load_balancer_arn,
        port=port,
        protocol="TCP",
        default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=group.arn)],
        tags={"app": app},
        opts=pulumi.ResourceOptions(parent=parent),
    )


def rule_conditions(traffic: TrafficSettings) -> list[aws.lb.ListenerRuleConditionArgs]:
    """Return which requests an app takes: those for its host, if it has one, and its path with all that is below it."""
    conditions: list[aws.lb.ListenerRuleConditionArgs] = []
    if traffic.host is not None:
        conditions.append(
            aws.lb.ListenerRuleConditionArgs(
                host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(values=[traffic.host])
            )
        )
    patterns = path_patterns(traffic.path)
    if patterns != ["/*"] or not conditions:
        conditions.append(
            aws.lb.ListenerRuleConditionArgs(path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=patterns))
        )
    return conditions


def path_patterns(path: str) -> list[str]:
    """Write a path prefix as a listener's patterns: `/api` is itself and what is below it, but not `/apis`."""
    prefix = path.rstrip("/")
    return [prefix, f"{prefix}/*"] if prefix else ["/*"]
