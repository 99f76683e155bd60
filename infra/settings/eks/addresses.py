"""Rules between the apps' public addresses and the load balancers of an EKS stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from infra.settings.app.addresses import PublicAddress, addresses_of
from infra.settings.app.application import Application
from infra.settings.app.ports import OWN_PORT_NAME, Protocol
from infra.settings.app.traffic import HTTPS
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
    for address in http_addresses(apps).values():
        yield from _host_errors(address, domain)
        yield from _protocol_errors(address, domain)
        yield from path_errors(address)
    yield from health_errors(apps)


def shared_address_errors(load_balancer: LoadBalancerSettings, apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find where apps are in each other's way at the load balancers; locations are below the sections' root."""
    http, network = http_addresses(apps), network_addresses(apps)
    yield from priority_errors(http, load_balancer.priorities)
    yield from _port_errors(network)
    yield from _rule_errors(load_balancer, http=bool(http), network=len(network))


def public_addresses(apps: Mapping[str, Application]) -> dict[str, PublicAddress]:
    """Return the public addresses of all apps, by their names."""
    return {address.name: address for app, settings in apps.items() for address in addresses_of(app, settings)}


def http_addresses(apps: Mapping[str, Application]) -> dict[str, PublicAddress]:
    """Return the addresses that are reached by HTTP."""
    return {name: address for name, address in public_addresses(apps).items() if address.traffic.is_http}


def network_addresses(apps: Mapping[str, Application]) -> dict[str, PublicAddress]:
    """Return the addresses that are reached by plain TCP or UDP."""
    return {name: address for name, address in public_addresses(apps).items() if not address.traffic.is_http}


def reached_ports(address: PublicAddress) -> tuple[tuple[int, Protocol], ...]:
    """Return the ports of an app's pods on which a load balancer sends it traffic, and asks it how it is."""
    ports: list[tuple[int, Protocol]] = [(address.port.number, address.port.protocol)]
    check = checked_port(address)
    if check is not None and (check, "TCP") not in ports:
        ports.append((check, "TCP"))
    return tuple(ports)


def all_reached_ports(addresses: Iterable[PublicAddress]) -> list[tuple[int, Protocol]]:
    """Return the ports on which a load balancer reaches the pods behind `addresses`, each once."""
    return sorted({port for address in addresses for port in reached_ports(address)})


def path_errors(address: PublicAddress) -> Iterator[FieldError]:
    """Find a path that a listener rule cannot have; locations are below the sections' root."""
    for index, path in enumerate(address.traffic.all_paths):
        place = (*address.place, *(("paths", index) if address.traffic.paths else ("path",)))
        deepest = DEEPEST_PATH - path.exact
        if path_depth(path) > DEEPEST_PATH:
            message = f"has {path_depth(path) - path.exact} segments; the load balancer's rules go to {deepest}"
            yield FieldError(place, f"{path.path} {message}")
        if len(path.path.rstrip("/")) > LONGEST_PATH:
            yield FieldError(place, f"has {len(path.path)} characters; the load balancer's rules take {LONGEST_PATH}")


def health_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find readiness that a load balancer cannot ask for; locations are below the sections' root."""
    for address in public_addresses(apps).values():
        check = health_check(address)
        if check is None:
            message = "udp answers no question: name a TCP port under ports, or give health.readiness over http or tcp"
            yield FieldError((*address.place, "protocol"), message)
        elif check.path is not None and len(check.path) > LONGEST_HEALTH_PATH:
            yield FieldError(
                ("apps", address.app, "health", "readiness", "http"),
                f"has {len(check.path)} characters; the load balancer asks a path of at most {LONGEST_HEALTH_PATH}",
            )


def _protocol_errors(address: PublicAddress, domain: str | None) -> Iterator[FieldError]:
    if domain is not None:
        return
    if address.traffic.protocol != "http":
        message = f"{address.traffic.protocol} goes over HTTPS only; set loadBalancer.domain"
        yield FieldError((*address.place, "protocol"), message)
    if address.traffic.redirect == HTTPS:
        yield FieldError((*address.place, "redirect"), "https needs a certificate; set loadBalancer.domain")


def _host_errors(address: PublicAddress, domain: str | None) -> Iterator[FieldError]:
    for index, host in enumerate(address.traffic.all_hosts):
        place = (*address.place, *(("hosts", index) if address.traffic.hosts else ("host",)))
        if domain is None:
            yield FieldError(place, f"{host} needs a domain to lie in; set loadBalancer.domain, or remove the host")
        elif host != domain and host.partition(".")[2] != domain:
            yield FieldError(
                place, f"{host} is neither {domain} nor one label below it, which is what the certificate covers"
            )


def _port_errors(addresses: Mapping[str, PublicAddress]) -> Iterator[FieldError]:
    owners: dict[int, str] = {}
    for address in addresses.values():
        port = address.port
        if port.service_port in owners:
            message = f"{port.service_port} is the load balancer's port of {owners[port.service_port]} too"
            own = "port" if address.settings.service_port is None else "servicePort"
            place = (own,) if port.name == OWN_PORT_NAME else ("ports", port.name)
            yield FieldError(("apps", address.app, *place), f"{message}; give each tcp or udp port its own servicePort")
        owners.setdefault(port.service_port, address.app)


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
