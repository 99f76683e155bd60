"""Rules between the apps' public addresses and the load balancers of an EKS stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import WebSettings
from infra.settings.app.traffic import TrafficSettings
from infra.settings.aws.load_balancer import LoadBalancerSettings
from infra.settings.aws.priorities import DEEPEST_PATH, depth, priority_errors
from infra.settings.model import FieldError


def address_errors(load_balancer: LoadBalancerSettings, apps: Mapping[str, object]) -> Iterator[FieldError]:
    """Find addresses that the load balancers could not serve; locations are below the sections' root."""
    http = http_traffic(apps)
    for app, traffic in http.items():
        yield from _host_errors(app, traffic, load_balancer.domain)
        if depth(traffic.path) > DEEPEST_PATH:
            message = f"has {depth(traffic.path)} segments; the load balancer's rules go to {DEEPEST_PATH}"
            yield FieldError(("apps", app, "traffic", "path"), f"{traffic.path} {message}")
    yield from priority_errors(http, load_balancer.priorities)
    yield from _port_errors(tcp_ports(apps))


def http_traffic(apps: Mapping[str, object]) -> dict[str, TrafficSettings]:
    """Tell the public address of each app that is reached by HTTP."""
    return {
        name: app.traffic
        for name, app in apps.items()
        if isinstance(app, WebSettings) and app.traffic is not None and app.traffic.protocol == "http"
    }


def tcp_ports(apps: Mapping[str, object]) -> dict[str, int]:
    """Tell the port of each app that is reached by plain TCP."""
    return {
        name: app.port
        for name, app in apps.items()
        if isinstance(app, WebSettings) and app.traffic is not None and app.traffic.protocol == "tcp"
    }


def _host_errors(app: str, traffic: TrafficSettings, domain: str | None) -> Iterator[FieldError]:
    place = ("apps", app, "traffic", "host")
    host = traffic.host
    if host is None:
        return
    if domain is None:
        yield FieldError(place, f"{host} needs a domain to lie in; set loadBalancer.domain, or remove the host")
    elif host != domain and host.partition(".")[2] != domain:
        yield FieldError(
            place, f"{host} is neither {domain} nor one label below it, which is what the certificate covers"
        )


def _port_errors(ports: Mapping[str, int]) -> Iterator[FieldError]:
    owners: dict[int, str] = {}
    for app, port in ports.items():
        if port in owners:
            message = f"{port} is the load balancer's port of {owners[port]} too; give each tcp app its own"
            yield FieldError(("apps", app, "port"), message)
        owners.setdefault(port, app)
