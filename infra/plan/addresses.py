"""Where the apps will answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.plan.graph import Graph, Resource
from infra.plan.schedule import APP_TYPE
from infra.values import mapping, mappings, text, texts

LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"


@dataclass(frozen=True, kw_only=True)
class Address:
    """One way to an app."""

    app: str
    outside: bool
    """Whether it leads there from outside the cluster."""
    url: str
    through: str
    """What stands in between: a load balancer's listener, an Ingress, a Service."""
    target: str | None = None
    """The host to which its requests are sent; None where the app answers them."""

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for every name below a domain."""
        return "://*." in self.url


def addresses(graph: Graph) -> list[Address]:
    """List every address of every app, those from outside first, and those of a Service in its own order.

    Of those from outside, the ones where the app answers come before those that send elsewhere, and names before
    wildcards.
    """
    found = [*_services(graph), *_ingresses(graph), *_rules(graph), *_tcp_listeners(graph)]
    return sorted(found, key=lambda one: (one.app, not one.outside, one.target is not None, one.is_wildcard))


def _services(graph: Graph) -> Iterator[Address]:
    for service in graph.of_type("kubernetes:core/v1:Service"):
        if text(service.props, "spec", "clusterIP") == "None":
            continue  # it is for the replicas among themselves
        metadata = mapping(service.props.get("metadata"))
        for port in mappings(service.props, "spec", "ports"):
            protocol = "/udp" if port.get("protocol") == "UDP" else ""
            url = f"{metadata.get('name')}.{metadata.get('namespace')}:{port.get('port')}{protocol}"
            yield Address(app=owner(graph, service), outside=False, url=url, through="Service")


def _ingresses(graph: Graph) -> Iterator[Address]:
    for ingress in graph.of_type("kubernetes:networking.k8s.io/v1:Ingress"):
        spec = mapping(ingress.props.get("spec"))
        scheme = "https" if spec.get("tls") else "http"
        through = f"Ingress of class {spec.get('ingressClassName')}"
        for rule in mappings(spec, "rules"):
            for path in mappings(rule, "http", "paths"):
                url = f"{scheme}://{rule.get('host') or '(any host)'}{path.get('path', '/')}"
                yield Address(app=owner(graph, ingress), outside=True, url=url, through=through)


def _rules(graph: Graph) -> Iterator[Address]:
    for rule in graph.of_type(LISTENER_RULE):
        hosts, paths = _condition(rule, "hostHeader"), _condition(rule, "pathPattern") or ["/*"]
        # The listener of another stack is always one for HTTPS.
        protocol, through = "https", "ALB of another stack"
        for listener in graph.dependencies(rule, "listenerArn", LISTENER):
            protocol, name, through = _listener(graph, listener)
            hosts = hosts or [name]
        target = _redirect_host(rule)
        through = f"{through}, rule {rule.props.get('priority')}"
        through += f", which sends to {target}" if target else ""
        for host in hosts:
            for path in paths:
                yield Address(
                    app=owner(graph, rule),
                    outside=True,
                    url=f"{protocol}://{host}{path}",
                    through=through,
                    target=target,
                )


def _tcp_listeners(graph: Graph) -> Iterator[Address]:
    for listener in graph.of_type(LISTENER):
        protocol, host, through = _listener(graph, listener)
        if protocol not in {"http", "https"}:
            url = f"{protocol}://{host}:{listener.props.get('port')}"
            yield Address(app=owner(graph, listener), outside=True, url=url, through=through)


def _redirect_host(rule: Resource) -> str | None:
    hosts = [text(action, "redirect", "host") for action in mappings(rule.props, "actions")]
    return next((host for host in hosts if host), None)


def _condition(rule: Resource, key: str) -> list[str]:
    return [value for condition in mappings(rule.props, "conditions") for value in texts(condition, key, "values")]


def _listener(graph: Graph, listener: Resource) -> tuple[str, str, str]:
    """Return the protocol of a listener, the host of its load balancer, and both in words."""
    protocol, host, kind = text(listener.props, "protocol").lower(), "(any host)", "load balancer"
    for balancer in graph.dependencies(listener, "loadBalancerArn", LOAD_BALANCER):
        host = f"({balancer.name} load balancer's name)"
        kind = "NLB" if balancer.props.get("loadBalancerType") == "network" else "ALB"
        kind = f"internal {kind}" if balancer.props.get("internal") else kind
    return protocol, host, f"{kind} {protocol}:{listener.props.get('port')}"


def owner(graph: Graph, resource: Resource) -> str:
    """Name the app that `resource` belongs to; its own name where it belongs to none.

    What belongs to a port or a priority, which apps can hand on, is tagged with the app that has it.
    """
    current: Resource | None = resource
    while current is not None and current.type != APP_TYPE:
        current = graph.by_urn.get(current.parent)
    return text(resource.props, "tags", "app") or (current or resource).name
