"""Rules between the apps' public addresses and the load balancers of an EKS stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application, ServingSettings
from infra.settings.app.ports import OWN_PORT_NAME, Protocol
from infra.settings.app.traffic import HTTPS, TrafficSettings
from infra.settings.eks import limits
from infra.settings.eks.health_check import checked_port, health_check
from infra.settings.eks.listener_rules import path_depth
from infra.settings.eks.load_balancer import LoadBalancerSettings
from infra.settings.eks.priorities import DEEPEST_PATH, priority_errors
from infra.settings.model import FieldError

LONGEST_PATTERN = 128
"""Characters of a host or a path pattern in a listener rule (Elastic Load Balancing API, RuleCondition). Every host one
label below a domain that a certificate can have is shorter."""
LONGEST_PATH = LONGEST_PATTERN - len("/*")
LONGEST_HEALTH_PATH = 1024
"""Characters of the path that a load balancer asks (Elastic Load Balancing API, CreateTargetGroup,
`HealthCheckPath`)."""


def address_errors(domain: str | None, apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find addresses that the load balancers could not serve; locations are below the sections' root."""
    for app, traffic in http_traffic(apps).items():
        yield from _host_errors(app, traffic, domain)
        yield from _protocol_errors(app, traffic, domain)
        yield from path_errors(app, traffic)
    yield from health_errors(apps)


def shared_address_errors(load_balancer: LoadBalancerSettings, apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find where apps are in each other's way at the load balancers; locations are below the sections' root."""
    http = http_traffic(apps)
    yield from priority_errors(http, load_balancer.priorities)
    yield from _port_errors(network_apps(apps))
    yield from _rule_errors(load_balancer, http=bool(http), network=len(network_apps(apps)))


def with_traffic(apps: Mapping[str, Application]) -> dict[str, ServingSettings]:
    """Return the apps that are reached from outside."""
    return {
        name: app
        for name, app in apps.items()
        if isinstance(app, ServingSettings) and app.traffic is not None and app.traffic_port is not None
    }


def http_apps(apps: Mapping[str, Application]) -> dict[str, ServingSettings]:
    """Return the apps that are reached by HTTP."""
    return {name: app for name, app in with_traffic(apps).items() if app.traffic and app.traffic.is_http}


def network_apps(apps: Mapping[str, Application]) -> dict[str, ServingSettings]:
    """Return the apps that are reached by plain TCP or UDP."""
    return {name: app for name, app in with_traffic(apps).items() if app.traffic and not app.traffic.is_http}


def http_traffic(apps: Mapping[str, Application]) -> dict[str, TrafficSettings]:
    """Return the public address of each app that is reached by HTTP."""
    return {name: app.traffic for name, app in http_apps(apps).items() if app.traffic is not None}


def reached_ports(app: ServingSettings) -> tuple[tuple[int, Protocol], ...]:
    """Return the ports of an app's pods on which a load balancer sends it traffic, and asks it how it is."""
    if app.traffic_port is None:
        return ()
    ports: list[tuple[int, Protocol]] = [(app.traffic_port.number, app.traffic_port.protocol)]
    check = checked_port(app)
    if check is not None and (check, "TCP") not in ports:
        ports.append((check, "TCP"))
    return tuple(ports)


def all_reached_ports(apps: Mapping[str, ServingSettings]) -> list[tuple[int, Protocol]]:
    """Return the ports on which a load balancer reaches the pods of `apps`, each once."""
    return sorted({port for app in apps.values() for port in reached_ports(app)})


def has_traffic(apps: Mapping[str, Application]) -> bool:
    """Return whether any app is reached from outside."""
    return bool(with_traffic(apps))


def path_errors(app: str, traffic: TrafficSettings) -> Iterator[FieldError]:
    """Find a path that a listener rule cannot have; locations are below the sections' root."""
    for index, path in enumerate(traffic.all_paths):
        place = ("apps", app, "traffic", *(("paths", index) if traffic.paths else ("path",)))
        deepest = DEEPEST_PATH - path.exact
        if path_depth(path) > DEEPEST_PATH:
            message = f"has {path_depth(path) - path.exact} segments; the load balancer's rules go to {deepest}"
            yield FieldError(place, f"{path.path} {message}")
        if len(path.path.rstrip("/")) > LONGEST_PATH:
            yield FieldError(place, f"has {len(path.path)} characters; the load balancer's rules take {LONGEST_PATH}")


def health_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find readiness that a load balancer cannot ask for; locations are below the sections' root."""
    for name, app in with_traffic(apps).items():
        check = health_check(app)
        if check is None:
            message = "udp answers no question: name a TCP port under ports, or give health.readiness over http or tcp"
            yield FieldError(("apps", name, "traffic", "protocol"), message)
        elif check.path is not None and len(check.path) > LONGEST_HEALTH_PATH:
            yield FieldError(
                ("apps", name, "health", "readiness", "http"),
                f"has {len(check.path)} characters; the load balancer asks a path of at most {LONGEST_HEALTH_PATH}",
            )


def _protocol_errors(app: str, traffic: TrafficSettings, domain: str | None) -> Iterator[FieldError]:
    if domain is not None:
        return
    if traffic.protocol != "http":
        message = f"{traffic.protocol} goes over HTTPS only; set loadBalancer.domain"
        yield FieldError(("apps", app, "traffic", "protocol"), message)
    if traffic.redirect == HTTPS:
        yield FieldError(("apps", app, "traffic", "redirect"), "https needs a certificate; set loadBalancer.domain")


def _host_errors(app: str, traffic: TrafficSettings, domain: str | None) -> Iterator[FieldError]:
    for index, host in enumerate(traffic.all_hosts):
        place = ("apps", app, "traffic", *(("hosts", index) if traffic.hosts else ("host",)))
        if domain is None:
            yield FieldError(place, f"{host} needs a domain to lie in; set loadBalancer.domain, or remove the host")
        elif host != domain and host.partition(".")[2] != domain:
            yield FieldError(
                place, f"{host} is neither {domain} nor one label below it, which is what the certificate covers"
            )


def _port_errors(apps: Mapping[str, ServingSettings]) -> Iterator[FieldError]:
    owners: dict[int, str] = {}
    for app, settings in apps.items():
        port = settings.traffic_port
        if port is None:
            continue
        if port.service_port in owners:
            message = f"{port.service_port} is the load balancer's port of {owners[port.service_port]} too"
            own = "port" if settings.service_port is None else "servicePort"
            place = (own,) if port.name == OWN_PORT_NAME else ("ports", port.name)
            yield FieldError(("apps", app, *place), f"{message}; give each tcp or udp app its own servicePort")
        owners.setdefault(port.service_port, app)


def _rule_errors(load_balancer: LoadBalancerSettings, *, http: bool, network: int) -> Iterator[FieldError]:
    """Find more networks than fit into a load balancer's security group, which has a rule per network and port."""
    http_ports = 0 if not http else 1 if load_balancer.domain is None else 2
    networks, ports = len(load_balancer.allow_from), max(http_ports, network)
    if networks * ports > limits.RULES_OF_A_SECURITY_GROUP:
        yield FieldError(
            ("loadBalancer", "allowFrom"),
            f"{networks} networks and {ports} ports make {networks * ports} rules, but a security group has "
            f"{limits.RULES_OF_A_SECURITY_GROUP}; name fewer, wider networks",
        )
