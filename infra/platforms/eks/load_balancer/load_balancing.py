"""Everything that brings requests to the apps of a stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.load_balancer.application import ApplicationLoadBalancer, ApplicationLoadBalancerArgs
from infra.platforms.eks.load_balancer.network import NetworkLoadBalancer, NetworkLoadBalancerArgs
from infra.platforms.eks.load_balancer.record import make_record
from infra.platforms.eks.load_balancer.route import HttpRoute, HttpRouteArgs, TcpRoute, TcpRouteArgs
from infra.platforms.platform import Route
from infra.settings.app.application import WebSettings
from infra.settings.app.traffic import TrafficSettings
from infra.settings.eks.addresses import http_ports, http_traffic, tcp_ports
from infra.settings.eks.load_balancer import LoadBalancerSettings
from infra.settings.eks.priorities import rule_priorities


@dataclass(frozen=True, kw_only=True)
class LoadBalancingArgs:
    """The apps, of which those with `traffic` matter, and where the load balancers stand.

    `subnet_ids` are the public subnets, `public_routes` what makes them public. `controllers` are the add-ons that
    register pods. `names_may_move` tells that the stack has load balancers already, which hosts may point at.
    """

    context: AwsContext
    settings: LoadBalancerSettings
    apps: Mapping[str, object]
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    public_routes: Sequence[pulumi.Resource]
    cluster_security_group_id: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    controllers: Sequence[pulumi.Resource]
    names_may_move: bool


class LoadBalancing(pulumi.ComponentResource):
    """A load balancer for HTTP and one for TCP, each only if an app needs it.

    The load balancers wait for the network only, so they are made while the control plane still is. `dns_names` are
    their own names, by protocol.
    """

    exists: bool
    dns_names: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: LoadBalancingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:LoadBalancing", name, None, opts)
        self._args = args
        self._http = http_traffic(args.apps)
        self._priorities = rule_priorities(self._http, args.settings.priorities)
        tcp = tcp_ports(args.apps)
        self._application = self._make_application() if self._http else None
        self._network = self._make_network(list(tcp.values())) if tcp else None
        self._before_name: dict[str, list[pulumi.Resource]] = {}
        self.exists = bool(self._http or tcp)
        self.dns_names = {
            protocol: balancer.dns_name
            for protocol, balancer in (("http", self._application), ("tcp", self._network))
            if balancer is not None
        }
        self.register_outputs({"dns_names": self.dns_names})

    def route(self, app: str, settings: WebSettings, *, service: k8s.core.v1.Service, parent: pulumi.Resource) -> Route:
        """Make the way from the load balancer to `service`, for an app with `traffic`."""
        traffic = settings.traffic
        if traffic is None:
            return Route()
        options = pulumi.ResourceOptions(parent=parent, providers=[self._args.context.provider])
        if self._application is not None and traffic.protocol == "http":
            http = HttpRoute(
                app,
                HttpRouteArgs(
                    settings=settings,
                    traffic=traffic,
                    listener_arn=self._application.listener.arn,
                    rules=self._application,
                    public=self._args.settings.public,
                    priority=self._priorities[app],
                    vpc_id=self._args.vpc_id,
                    cluster_name=self._args.context.name,
                    service=service,
                    wait_for=[*self._args.controllers, *self._application.to_pods],
                ),
                opts=options,
            )
            host = self._host(traffic)
            if host is not None:
                # The first name of a host takes nobody's requests, so it is made while the control plane still is.
                before = http.ready if self._args.names_may_move else [http.rule]
                self._before_name.setdefault(host, []).extend(before)
            return Route(url=self._web_address(traffic, self._application), wait_for=http.ready)
        if self._network is not None:
            tcp = TcpRoute(
                app,
                TcpRouteArgs(
                    settings=settings,
                    load_balancer_arn=self._network.arn,
                    listeners=self._network,
                    public=self._args.settings.public,
                    vpc_id=self._args.vpc_id,
                    cluster_name=self._args.context.name,
                    service=service,
                    wait_for=[*self._args.controllers, *self._network.to_pods],
                ),
                opts=options,
            )
            address = pulumi.Output.concat("tcp://", self._network.dns_name, f":{settings.port}")
            return Route(url=address, wait_for=tcp.ready)
        return Route()

    def complete(self) -> None:
        """Point the hosts at the load balancer, now that every app has its way behind it."""
        application = self._application
        if application is None or application.domain_zone_id is None:
            return
        for host, before in sorted(self._before_name.items()):
            make_record(
                host,
                domain_zone_id=application.domain_zone_id,
                dns_name=application.dns_name,
                hosted_zone_id=application.hosted_zone_id,
                wait_for=before,
                parent=application,
            )

    def shared(self) -> dict[str, pulumi.Input[object]] | None:
        """Return what a guest needs for rules of its own; nothing without a domain, below which its hosts would lie."""
        application = self._application
        if application is None or application.domain_zone_id is None:
            return None
        return {
            "listener": application.listener.arn,
            "dnsName": application.dns_name,
            "hostedZone": application.hosted_zone_id,
            "domain": self._args.settings.domain,
            "domainZone": application.domain_zone_id,
            "ports": sorted(set(http_ports(self._args.apps).values())),
        }

    def _make_application(self) -> ApplicationLoadBalancer:
        args = self._args
        return ApplicationLoadBalancer(
            "alb",
            ApplicationLoadBalancerArgs(
                context=args.context,
                settings=args.settings,
                vpc_id=args.vpc_id,
                subnet_ids=args.subnet_ids,
                public_routes=args.public_routes,
                cluster_security_group_id=args.cluster_security_group_id,
                logs_key_arn=args.logs_key_arn,
                app_ports=list(http_ports(args.apps).values()),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_network(self, ports: Sequence[int]) -> NetworkLoadBalancer:
        args = self._args
        return NetworkLoadBalancer(
            "nlb",
            NetworkLoadBalancerArgs(
                context=args.context,
                settings=args.settings,
                vpc_id=args.vpc_id,
                subnet_ids=args.subnet_ids,
                public_routes=args.public_routes,
                cluster_security_group_id=args.cluster_security_group_id,
                app_ports=ports,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _web_address(self, traffic: TrafficSettings, balancer: ApplicationLoadBalancer) -> pulumi.Output[str]:
        host = self._host(traffic)
        if host is None:
            return pulumi.Output.concat("http://", balancer.dns_name, traffic.path)
        return pulumi.Output.from_input(f"https://{host}{traffic.path}")

    def _host(self, traffic: TrafficSettings) -> str | None:
        """The name under which an app is found: its own, else the domain's, else none but the load balancer's."""
        return traffic.host or self._args.settings.domain
