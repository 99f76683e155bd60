"""The targets of one app: the group that a load balancer sends to, and how it recognizes a healthy pod."""

from __future__ import annotations

import hashlib
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.addons.aws_load_balancer_controller import CLUSTER_TAG
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.application import ServingSettings
from infra.settings.app.traffic import TrafficSettings
from infra.settings.eks.health_check import HealthCheck, health_check

LONGEST_NAME = 24
"""Target groups take 32 characters, of which the engine's suffix is 8."""

PLACEHOLDER_PORT = 80
"""The port of the group, which pods do not use: each is registered with its own. A group cannot change its port, so
with the app's here a new port would replace the group and leave the rule without healthy targets for a while."""

CHECK_INTERVAL_SECONDS = 10
CHECK_TIMEOUT_SECONDS = 5
CHECK_THRESHOLD = 2
"""Twice 10 s to be found well or ill; the controller's own default is twice 15 s (its page on ingress annotations)."""

HTTP_DEREGISTRATION_SECONDS = 30
TCP_DEREGISTRATION_SECONDS = 120
"""How long a load balancer lets requests to a stopping pod end. Never longer than the pod goes on serving."""


TargetProtocol = Literal["HTTP", "TCP", "UDP"]


def target_protocol(traffic: TrafficSettings) -> TargetProtocol:
    """Return what a target group speaks to the pods."""
    return "HTTP" if traffic.is_http else traffic.transport


def sticky(seconds: int) -> aws.lb.TargetGroupStickinessArgs:
    """Keep a browser at one pod, by a cookie of the load balancer."""
    return aws.lb.TargetGroupStickinessArgs(type="lb_cookie", enabled=True, cookie_duration=seconds)


def with_scheme(address: str, *, public: bool) -> str:
    """Name what belongs to an address's load balancer, so that its successor with the other scheme has its own.

    No address has a name that ends so, so this is never the name of another's.
    """
    return f"{address}.public" if public else address


def target_group_name(name: str) -> str:
    """Return a name that a target group can have: no longer than there is room for, and without dots.

    A name that is changed ends in a hash of what it was, so that no two become the same.
    """
    if len(name) <= LONGEST_NAME and "." not in name:
        return name
    begin = name.replace(".", "-")[: LONGEST_NAME - 7].rstrip("-")
    return f"{begin}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def health_check_args(check: HealthCheck) -> aws.lb.TargetGroupHealthCheckArgs:
    """Ask a pod as its settings say, as often as a readiness probe would."""
    return aws.lb.TargetGroupHealthCheckArgs(
        protocol=check.protocol,
        path=check.path,
        matcher=check.matcher,
        port="traffic-port" if check.port is None else str(check.port),
        interval=CHECK_INTERVAL_SECONDS,
        timeout=CHECK_TIMEOUT_SECONDS,
        healthy_threshold=CHECK_THRESHOLD,
        unhealthy_threshold=CHECK_THRESHOLD,
    )


def deregistration_seconds(settings: ServingSettings, protocol: TargetProtocol) -> int:
    """Return how long requests to a stopping pod may go on: the protocol's time, but not beyond the app's own drain."""
    longest = HTTP_DEREGISTRATION_SECONDS if protocol == "HTTP" else TCP_DEREGISTRATION_SECONDS
    return longest if settings.rollout.drain is None else min(longest, settings.rollout.drain)


def make_target_group(
    address: PublicAddress,
    *,
    vpc_id: pulumi.Input[str],
    cluster_name: str,
    parent: pulumi.Resource,
    public: bool,
    prefix: str = "",
) -> aws.lb.TargetGroup:
    """Make the group of the pods behind an address. It starts empty: the controller fills it.

    By its tag `cluster` the controller's role distinguishes it from the groups of other clusters. `prefix` begins its
    name. A group serves one load balancer, and turning that to the internet or away from it makes another: so `public`
    is part of the name, and the new load balancer gets a new group.
    """
    traffic = address.traffic
    protocol, check = target_protocol(traffic), health_check(address)
    return aws.lb.TargetGroup(
        target_group_name(f"{prefix}{with_scheme(address.name, public=public)}"),
        target_type="ip",
        protocol=protocol,
        protocol_version={"http2": "HTTP2", "grpc": "GRPC"}.get(traffic.protocol),
        port=PLACEHOLDER_PORT,
        vpc_id=vpc_id,
        deregistration_delay=deregistration_seconds(address.settings, protocol),
        health_check=None if check is None else health_check_args(check),
        stickiness=None if traffic.sticky is None else sticky(traffic.sticky),
        # With the clients' own addresses the network policies would have to admit the whole internet to the pods. For
        # UDP they are always kept.
        preserve_client_ip="false" if protocol == "TCP" else None,
        tags={"app": address.app, CLUSTER_TAG: cluster_name},
        opts=pulumi.ResourceOptions(parent=parent),
    )
