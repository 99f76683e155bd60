"""The way from a load balancer to the pods of one app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra.platforms.eks.load_balancer.binding import make_binding
from infra.platforms.eks.load_balancer.target import make_target_group
from infra.settings.app.application import WebSettings
from infra.settings.app.traffic import TrafficSettings


@dataclass(frozen=True, kw_only=True)
class HttpRouteArgs:
    """An app with `traffic` by HTTP, the listener that takes its requests, and the priority of its rule.

    `rules` is the component that holds the rules of all apps. `public` tells whether the load balancer faces the
    internet. `wait_for` is what must stand before its pods are registered: the controller, and the way to the pods.
    `prefix` begins the name of its target group.
    """

    settings: WebSettings
    traffic: TrafficSettings
    listener_arn: pulumi.Input[str]
    rules: pulumi.Resource
    priority: int
    public: bool
    vpc_id: pulumi.Input[str]
    cluster_name: str
    service: k8s.core.v1.Service
    wait_for: Sequence[pulumi.Resource]
    prefix: str = ""


class HttpRoute(pulumi.ComponentResource):
    """A target group, the listener rule that sends to it and the binding that fills it.

    The app's pods wait for `ready`. Their readiness gate is given to them only while a binding refers to their Service,
    and opens only once a rule refers to the group: an unused group checks nobody's health.
    """

    ready: Sequence[pulumi.Resource]
    rule: aws.lb.ListenerRule

    def __init__(self, app: str, args: HttpRouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:HttpRoute", app, None, opts)
        group = make_target_group(
            app,
            args.settings,
            protocol="HTTP",
            vpc_id=args.vpc_id,
            cluster_name=args.cluster_name,
            parent=self,
            prefix=args.prefix,
            public=args.public,
        )
        self.rule = self._make_rule(app, args, group)
        binding = make_binding(
            app,
            target_group=group,
            protocol="HTTP",
            public=args.public,
            vpc_id=args.vpc_id,
            service=args.service,
            wait_for=args.wait_for,
            parent=self,
        )
        self.ready = [self.rule, binding]
        self.register_outputs({"target_group": group.arn})

    def _make_rule(self, app: str, args: HttpRouteArgs, group: aws.lb.TargetGroup) -> aws.lb.ListenerRule:
        return aws.lb.ListenerRule(
            # A listener has each priority once. Named by it, a rule that one app leaves and another takes over changes
            # in place, where a second one would be refused.
            f"priority-{args.priority}",
            listener_arn=args.listener_arn,
            priority=args.priority,
            conditions=rule_conditions(args.traffic),
            actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
            tags={"app": app},
            opts=pulumi.ResourceOptions(parent=args.rules),
        )


@dataclass(frozen=True, kw_only=True)
class TcpRouteArgs:
    """An app with `traffic` by TCP, and the load balancer that it gets a listener on.

    `listeners` is the component that holds the listeners of all apps. `public` tells whether the load balancer faces
    the internet. `wait_for` is what must stand before its pods are registered: the controller, and the way to the pods.
    """

    settings: WebSettings
    load_balancer_arn: pulumi.Input[str]
    listeners: pulumi.Resource
    public: bool
    vpc_id: pulumi.Input[str]
    cluster_name: str
    service: k8s.core.v1.Service
    wait_for: Sequence[pulumi.Resource]


class TcpRoute(pulumi.ComponentResource):
    """A target group, the listener that sends to it and the binding that fills it; the app's pods wait for `ready`."""

    ready: Sequence[pulumi.Resource]

    def __init__(self, app: str, args: TcpRouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:TcpRoute", app, None, opts)
        group = make_target_group(
            app,
            args.settings,
            protocol="TCP",
            vpc_id=args.vpc_id,
            cluster_name=args.cluster_name,
            parent=self,
            public=args.public,
        )
        listener = self._make_listener(app, args, group)
        binding = make_binding(
            app,
            target_group=group,
            protocol="TCP",
            public=args.public,
            vpc_id=args.vpc_id,
            service=args.service,
            wait_for=args.wait_for,
            parent=self,
        )
        self.ready = [listener, binding]
        self.register_outputs({"target_group": group.arn})

    def _make_listener(self, app: str, args: TcpRouteArgs, group: aws.lb.TargetGroup) -> aws.lb.Listener:
        return aws.lb.Listener(
            # A load balancer has each port once: an app that takes over another's port takes over its listener.
            f"tcp-{args.settings.port}",
            load_balancer_arn=args.load_balancer_arn,
            port=args.settings.port,
            protocol="TCP",
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=group.arn)],
            tags={"app": app},
            opts=pulumi.ResourceOptions(parent=args.listeners),
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
