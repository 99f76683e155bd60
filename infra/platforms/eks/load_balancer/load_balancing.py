"""Everything that brings requests to the apps of a stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from infra.platforms.eks.load_balancer.application import ApplicationLoadBalancer
from infra.platforms.eks.load_balancer.args import LoadBalancerArgs
from infra.platforms.eks.load_balancer.network import NetworkLoadBalancer
from infra.platforms.eks.load_balancer.record import HostRecords
from infra.platforms.eks.load_balancer.route import AppRoute, AppRouteArgs, Forward, listener_for, rules_for
from infra.platforms.platform import Route
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.traffic import TrafficSettings
from infra.settings.eks.addresses import all_reached_ports, http_addresses, network_addresses
from infra.settings.eks.priorities import placed_rules


class LoadBalancing(pulumi.ComponentResource):
    """A load balancer for HTTP and one for TCP and UDP, each only if an app needs it.

    They wait for the network only, so they are made while the control plane still is. `dns_names` are their own names,
    by protocol.
    """

    dns_names: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:LoadBalancing", name, None, opts)
        self._args = args
        self._hosts = HostRecords()
        child = pulumi.ResourceOptions(parent=self)
        http, network = http_addresses(args.apps), network_addresses(args.apps)
        self._rules = placed_rules({name: one.traffic for name, one in http.items()}, args.settings.priorities)
        self._application = ApplicationLoadBalancer("alb", args, opts=child) if http else None
        self._network = NetworkLoadBalancer("nlb", args, opts=child) if network else None
        self.dns_names = {
            protocol: balancer.dns_name
            for protocol, balancer in (("http", self._application), ("tcp", self._network))
            if balancer is not None
        }
        self.register_outputs({"dns_names": self.dns_names})

    def route(self, address: PublicAddress, *, service: k8s.core.v1.Service, parent: pulumi.Resource) -> Route:
        """Make the way from a load balancer to `service`."""
        if self._application is not None and address.traffic.is_http:
            return self._http_route(address, self._application, service=service, parent=parent)
        if self._network is not None:
            network, port = self._network, address.port
            forward = listener_for(address.app, port, load_balancer_arn=network.arn, parent=network)
            made = self._make_route(address, forward, network.to_pods, service=service, parent=parent)
            url = pulumi.Output.concat(f"{address.traffic.protocol}://", network.dns_name, f":{port.service_port}")
            return Route(url=url, wait_for=made.ready)
        return Route()

    def _http_route(
        self,
        address: PublicAddress,
        application: ApplicationLoadBalancer,
        *,
        service: k8s.core.v1.Service,
        parent: pulumi.Resource,
    ) -> Route:
        traffic, rules = address.traffic, self._rules[address.name]
        forward = rules_for(address.app, rules, listener_arn=application.listener.arn, parent=application)
        made = self._make_route(address, forward, application.to_pods, service=service, parent=parent)
        path = traffic.all_paths[0].path
        hosts = self._hosts_of(traffic)
        if not hosts:
            return Route(url=pulumi.Output.concat("http://", application.dns_name, path), wait_for=made.ready)
        for host in hosts:
            # The first name of a host takes nobody's requests, so it is made while the control plane still is.
            self._hosts.add(host, made.ready if self._args.names_may_move else made.forward)
        shown = traffic.canonical_host or hosts[0]
        return Route(url=pulumi.Output.from_input(f"https://{shown}{path}"), wait_for=made.ready)

    def complete(self) -> None:
        """Point the hosts at the load balancer, now that every app has its way behind it."""
        application = self._application
        if application is not None and application.domain_zone_id is not None:
            self._hosts.make(
                domain_zone_id=application.domain_zone_id,
                dns_name=application.dns_name,
                hosted_zone_id=application.hosted_zone_id,
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
            "ports": sorted({number for number, _ in all_reached_ports(http_addresses(self._args.apps).values())}),
        }

    def _make_route(
        self,
        address: PublicAddress,
        forward: Forward,
        to_pods: Sequence[pulumi.Resource],
        *,
        service: k8s.core.v1.Service,
        parent: pulumi.Resource,
    ) -> AppRoute:
        return AppRoute(
            address.name,
            AppRouteArgs(
                address=address,
                forward=forward,
                public=self._args.settings.public,
                vpc_id=self._args.network.vpc_id,
                cluster_name=self._args.context.name,
                service=service,
                wait_for=[*self._args.controllers, *to_pods],
            ),
            opts=pulumi.ResourceOptions(parent=parent, providers=[self._args.context.provider]),
        )

    def _hosts_of(self, traffic: TrafficSettings) -> Sequence[str]:
        """Return the names under which an app is found: its own, else the domain's, else none."""
        domain = self._args.settings.domain
        return traffic.all_hosts or ([] if domain is None else [domain])
