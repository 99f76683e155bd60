"""The load balancer for HTTP: one for all web apps of the stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.load_balancer.access_log import AccessLog, AccessLogArgs
from infra.platforms.eks.load_balancer.certificate import Certificate, CertificateArgs
from infra.platforms.eks.load_balancer.firewall import Firewall, FirewallArgs
from infra.platforms.eks.load_balancer.security_group import Passage, make_passage
from infra.settings.eks.load_balancer import LoadBalancerSettings

HTTP_PORT = 80
HTTPS_PORT = 443

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.3, and 1.2 with forward secrecy; post-quantum key exchange where the client can. What AWS recommends (Elastic
Load Balancing user guide, "Security policies for your Application Load Balancer", read 2026-11-23)."""


@dataclass(frozen=True, kw_only=True)
class ApplicationLoadBalancerArgs:
    """Where it stands, whom it lets in and what it forwards to.

    `subnet_ids` are the public subnets, one per zone, whether it faces the internet or not: they hold no pods, so the
    network policies can tell its addresses from theirs. `public_routes` make them public. `app_ports` are the ports
    that the pods listen on.
    """

    context: AwsContext
    settings: LoadBalancerSettings
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    public_routes: Sequence[pulumi.Resource]
    cluster_security_group_id: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    app_ports: Sequence[int]


class ApplicationLoadBalancer(pulumi.ComponentResource):
    """An ALB with its security group, access log, certificate and, if asked for, firewall.

    Apps hang their rules on `listener`; a request that fits none is answered 404. With a domain the listener speaks
    HTTPS and plain HTTP is redirected to it; without one it speaks plain HTTP, and says so. Each port has one listener,
    whose action changes with the domain: a second one on the same port would be refused.
    """

    listener: aws.lb.Listener
    dns_name: pulumi.Output[str]
    hosted_zone_id: pulumi.Output[str]
    """The zone of AWS that the load balancer's own name lies in."""
    domain_zone_id: str | None
    """The zone of the domain, where there is one."""
    to_pods: Sequence[pulumi.Resource]
    """What must stand before a pod is registered."""

    def __init__(
        self, name: str, args: ApplicationLoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("nightowl:eks:ApplicationLoadBalancer", name, None, opts)
        passage = self._make_passage(name, args)
        balancer = self._make_balancer(name, args, passage, self._make_access_log(name, args))
        domain = args.settings.domain
        if domain is None:
            self.domain_zone_id = None
            self.listener = self._make_plain_listener(name, balancer)
        else:
            certificate = self._make_certificate(name, args.context, domain)
            self.listener = self._make_secure_listener(name, balancer, certificate)
            # Only once there is something to redirect to.
            self._make_http_listener(name, balancer, _redirect(), wait_for=[self.listener])
            self.domain_zone_id = certificate.zone_id
        if args.settings.waf:
            self._make_firewall(args, balancer)
        self.dns_name = balancer.dns_name
        self.hosted_zone_id = balancer.zone_id
        self.to_pods = passage.to_pods
        self.register_outputs({"dns_name": self.dns_name})

    def _make_passage(self, name: str, args: ApplicationLoadBalancerArgs) -> Passage:
        return make_passage(
            name,
            vpc_id=args.vpc_id,
            cluster_security_group_id=args.cluster_security_group_id,
            allow_from=args.settings.allow_from,
            listener_ports=[HTTP_PORT] if args.settings.domain is None else [HTTP_PORT, HTTPS_PORT],
            app_ports=args.app_ports,
            parent=self,
        )

    def _make_access_log(self, name: str, args: ApplicationLoadBalancerArgs) -> AccessLog:
        return AccessLog(
            f"{name}-log",
            AccessLogArgs(context=args.context, retention_days=args.settings.log_retention_days),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_balancer(
        self, name: str, args: ApplicationLoadBalancerArgs, passage: Passage, log: AccessLog
    ) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=not args.settings.public,
            subnets=args.subnet_ids,
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
                depends_on=[log.ready, *args.public_routes],
            ),
        )

    def _make_certificate(self, name: str, context: AwsContext, domain: str) -> Certificate:
        return Certificate(
            f"{name}-certificate",
            CertificateArgs(context=context, domain=domain),
            opts=pulumi.ResourceOptions(parent=self),
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

    def _make_firewall(self, args: ApplicationLoadBalancerArgs, balancer: aws.lb.LoadBalancer) -> None:
        Firewall(
            "firewall",
            FirewallArgs(
                context=args.context,
                load_balancer_arn=balancer.arn,
                rate_limit=args.settings.waf_rate_limit,
                logs_key_arn=args.logs_key_arn,
                log_retention_days=args.settings.log_retention_days,
            ),
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
