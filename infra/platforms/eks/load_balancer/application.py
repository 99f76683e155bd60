"""The load balancer for HTTP: one for all web apps of the stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.load_balancer.access_log import AccessLog
from infra.platforms.eks.load_balancer.args import LoadBalancerArgs
from infra.platforms.eks.load_balancer.certificate import Certificate
from infra.platforms.eks.load_balancer.firewall import Firewall
from infra.platforms.eks.load_balancer.security_group import Passage, make_passage
from infra.settings.app.ports import Protocol
from infra.settings.eks.addresses import http_addresses

HTTP_PORT = 80
HTTPS_PORT = 443

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.3, and 1.2 with forward secrecy; post-quantum key exchange where the client can. What AWS recommends (Elastic
Load Balancing user guide, "Security policies for your Application Load Balancer", read 2026-11-23)."""


class ApplicationLoadBalancer(pulumi.ComponentResource):
    """An ALB with its security group, access log, certificate and, if asked for, firewall.

    Apps hang their rules on `listener`; a request that fits none is answered 404. With a domain the listener speaks
    HTTPS and plain HTTP is redirected to it; without one it speaks plain HTTP, and warns of it. Each port has one
    listener, whose action changes with the domain: a second one on the same port would be refused.
    """

    listener: aws.lb.Listener
    dns_name: pulumi.Output[str]
    hosted_zone_id: pulumi.Output[str]
    """The zone of AWS that the load balancer's own name lies in."""
    domain_zone_id: str | None
    """The zone of the domain, where there is one."""
    to_pods: Sequence[pulumi.Resource]
    """What must stand before a pod is registered."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:ApplicationLoadBalancer", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self)
        ports: list[tuple[int, Protocol]] = [(HTTP_PORT, "TCP")]
        if settings.domain is not None:
            ports.append((HTTPS_PORT, "TCP"))
        passage = make_passage(name, args, http_addresses(args.apps).values(), listener_ports=ports, parent=self)
        balancer = self._make_balancer(name, args, passage, AccessLog(f"{name}-log", args, opts=child))
        if settings.domain is None:
            self.domain_zone_id = None
            self.listener = self._make_plain_listener(name, balancer)
        else:
            certificate = Certificate(f"{name}-certificate", args.context, domain=settings.domain, opts=child)
            self.listener = self._make_secure_listener(name, balancer, certificate)
            # Only once there is something to redirect to.
            self._make_http_listener(name, balancer, _redirect(), wait_for=[self.listener])
            self.domain_zone_id = certificate.zone_id
        if settings.waf:
            Firewall("firewall", args, load_balancer_arn=balancer.arn, opts=child)
        self.dns_name = balancer.dns_name
        self.hosted_zone_id = balancer.zone_id
        self.to_pods = passage.to_pods
        self.register_outputs({"dns_name": self.dns_name})

    def _make_balancer(
        self, name: str, args: LoadBalancerArgs, passage: Passage, log: AccessLog
    ) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=not args.settings.public,
            subnets=list(args.network.public_subnet_ids.values()),
            security_groups=[passage.group.id],
            idle_timeout=args.settings.idle_timeout_seconds,
            drop_invalid_header_fields=True,
            # Ambiguous requests never reach an app over a connection that others use; `strictest` would refuse also
            # those that are merely unusual.
            desync_mitigation_mode="defensive",
            enable_deletion_protection=args.context.protect,
            enable_zonal_shift=True,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(bucket=log.bucket, enabled=True),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.context.protect,
                # AWS tries to write to the bucket when the log is switched on, and refuses if it may not yet. It also
                # refuses to face the internet from a VPC without a gateway, which in turn cannot leave before it.
                depends_on=[log.ready, *args.network.public_routes],
            ),
        )

    def _make_plain_listener(self, name: str, balancer: aws.lb.LoadBalancer) -> aws.lb.Listener:
        pulumi.log.warn(
            "nightowl:loadBalancer.domain is not set: the apps answer on plain HTTP, which anyone on the way can read "
            "and change. Set it to a Route 53 zone of this account for HTTPS.",
            resource=self,
        )
        return self._make_http_listener(name, balancer, _not_found())

    def _make_http_listener(
        self,
        name: str,
        balancer: aws.lb.LoadBalancer,
        action: aws.lb.ListenerDefaultActionArgs,
        *,
        wait_for: Sequence[pulumi.Resource] = (),
    ) -> aws.lb.Listener:
        return aws.lb.Listener(
            f"{name}-http",
            load_balancer_arn=balancer.arn,
            port=HTTP_PORT,
            protocol="HTTP",
            default_actions=[action],
            opts=pulumi.ResourceOptions(parent=self, depends_on=wait_for),
        )

    def _make_secure_listener(
        self, name: str, balancer: aws.lb.LoadBalancer, certificate: Certificate
    ) -> aws.lb.Listener:
        return aws.lb.Listener(
            f"{name}-https",
            load_balancer_arn=balancer.arn,
            port=HTTPS_PORT,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=certificate.arn,
            default_actions=[_not_found()],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _not_found() -> aws.lb.ListenerDefaultActionArgs:
    return aws.lb.ListenerDefaultActionArgs(
        type="fixed-response",
        fixed_response=aws.lb.ListenerDefaultActionFixedResponseArgs(
            content_type="text/plain", message_body="Not found", status_code="404"
        ),
    )


def _redirect() -> aws.lb.ListenerDefaultActionArgs:
    return aws.lb.ListenerDefaultActionArgs(
        type="redirect",
        redirect=aws.lb.ListenerDefaultActionRedirectArgs(
            protocol="HTTPS", port=str(HTTPS_PORT), status_code="HTTP_301"
        ),
    )
