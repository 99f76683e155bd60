"""Rules between the apps' public addresses and the load balancers of an EKS stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application, WebSettings
from infra.settings.app.traffic import TrafficSettings
from infra.settings.eks import limits
from infra.settings.eks.load_balancer import LoadBalancerSettings
from infra.settings.eks.priorities import DEEPEST_PATH, depth, priority_errors
from infra.settings.model import FieldError

LONGEST_PATTERN = 128
"""Characters of a host or a path pattern in a listener rule (Elastic Load Balancing API, RuleCondition). Every host one
label below a domain that a certificate can have is shorter."""
LONGEST_PATH = LONGEST_PATTERN - len("/*")
LONGEST_HEALTH_PATH = 1024
"""Characters of the path that a load balancer asks (Elastic Load Balancing API, CreateTargetGroup,
`HealthCheckPath`)."""


def address_errors(load_balancer: LoadBalancerSettings, apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find addresses that the load balancers could not serve; locations are below the sections' root."""
    http = http_traffic(apps)
    for app, traffic in http.items():
        yield from _host_errors(app, traffic, load_balancer.domain)
        yield from path_errors(app, traffic)
    yield from health_errors(apps)
    yield from priority_errors(http, load_balancer.priorities)
    yield from _port_errors(tcp_ports(apps))
    yield from _rule_errors(load_balancer, http=bool(http), tcp=len(tcp_ports(apps)))


def _served(apps: Mapping[str, Application], protocol: str) -> Iterator[tuple[str, int, TrafficSettings]]:
    for name, app in apps.items():
        if not isinstance(app, WebSettings) or app.traffic is None or app.traffic_port is None:
            continue
        if app.traffic.protocol == protocol:
            yield name, app.traffic_port.number, app.traffic


def http_traffic(apps: Mapping[str, Application]) -> dict[str, TrafficSettings]:
    """Return the public address of each app that is reached by HTTP."""
    return {name: traffic for name, _, traffic in _served(apps, "http")}


def http_ports(apps: Mapping[str, Application]) -> dict[str, int]:
    """Return the port of each app that is reached by HTTP."""
    return {name: port for name, port, _ in _served(apps, "http")}


def tcp_ports(apps: Mapping[str, Application]) -> dict[str, int]:
    """Return the port of each app that is reached by plain TCP."""
    return {name: port for name, port, _ in _served(apps, "tcp")}


def has_traffic(apps: Mapping[str, Application]) -> bool:
    """Return whether any app is reached from outside."""
    return bool(http_ports(apps) or tcp_ports(apps))


def path_errors(app: str, traffic: TrafficSettings) -> Iterator[FieldError]:
    """Find a path that a listener rule cannot have; locations are below the sections' root."""
    place = ("apps", app, "traffic", "path")
    if depth(traffic.path) > DEEPEST_PATH:
        message = f"has {depth(traffic.path)} segments; the load balancer's rules go to {DEEPEST_PATH}"
        yield FieldError(place, f"{traffic.path} {message}")
    if len(traffic.path.rstrip("/")) > LONGEST_PATH:
        yield FieldError(place, f"has {len(traffic.path)} characters; the load balancer's rules take {LONGEST_PATH}")


def asked_path(settings: WebSettings) -> str | None:
    """Return the path by which a load balancer asks a pod for its readiness, or None where it cannot ask the same.

    The network policy admits it to the app's port only, and it cannot run a command.
    """
    readiness = settings.health.readiness
    return None if readiness is None or readiness.port not in {None, settings.port} else readiness.http


def health_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find readiness paths that a load balancer does not take; locations are below the sections' root."""
    http = http_traffic(apps)
    for name, app in apps.items():
        path = asked_path(app) if isinstance(app, WebSettings) and name in http else None
        if path is not None and len(path) > LONGEST_HEALTH_PATH:
            yield FieldError(
                ("apps", name, "health", "readiness", "http"),
                f"has {len(path)} characters; the load balancer asks a path of at most {LONGEST_HEALTH_PATH}",
            )


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


def _rule_errors(load_balancer: LoadBalancerSettings, *, http: bool, tcp: int) -> Iterator[FieldError]:
    """Find more networks than fit into a load balancer's security group, which has a rule per network and port."""
    http_ports = 0 if not http else 1 if load_balancer.domain is None else 2
    networks, ports = len(load_balancer.allow_from), max(http_ports, tcp)
    if networks * ports > limits.RULES_OF_A_SECURITY_GROUP:
        yield FieldError(
            ("loadBalancer", "allowFrom"),
            f"{networks} networks and {ports} ports make {networks * ports} rules, but a security group has "
            f"{limits.RULES_OF_A_SECURITY_GROUP}; name fewer, wider networks",
        )
