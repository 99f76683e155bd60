"""Where the apps will answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.plan.graph import Graph, Resource
from infra.plan.schedule import APP_TYPE
from policies.facts.values import mapping, sequence, within

LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"


@dataclass(frozen=True, kw_only=True, order=True)
class Address:
    """One way to an app."""

    app: str
    outside: bool
    """Whether it leads there from outside the cluster."""
    url: str
    through: str
    """What stands in between: a load balancer's listener, an Ingress, a Service."""


def addresses(graph: Graph) -> list[Address]:
    """List every address of every app, those from outside first."""
    found = [*_services(graph), *_ingresses(graph), *_rules(graph), *_tcp_listeners(graph)]
    return sorted(found, key=lambda address: (address.app, not address.outside, address.url))


def _services(graph: Graph) -> Iterator[Address]:
    for service in graph.of_type("kubernetes:core/v1:Service"):
        metadata = mapping(service.props.get("metadata"))
        for port in sequence(within(service.props, "spec", "ports")):
            url = f"{metadata.get('name')}.{metadata.get('namespace')}.svc:{port.get('port')}"
            yield Address(app=owner(graph, service), outside=False, url=url, through="Service")


def _ingresses(graph: Graph) -> Iterator[Address]:
    for ingress in graph.of_type("kubernetes:networking.k8s.io/v1:Ingress"):
        spec = mapping(ingress.props.get("spec"))
        scheme = "https" if spec.get("tls") else "http"
        for rule in sequence(spec.get("rules")):
            for path in sequence(within(rule, "http", "paths")):
                url = f"{scheme}://{rule.get('host') or '(any host)'}{path.get('path', '/')}"
                through = f"Ingress of class {spec.get('ingressClassName')}"
                yield Address(app=owner(graph, ingress), outside=True, url=url, through=through)


def _rules(graph: Graph) -> Iterator[Address]:
    for rule in graph.of_type(LISTENER_RULE):
        listeners = graph.dependencies(rule, "listenerArn", LISTENER)
        if not listeners:
            yield from _guest_rule(graph, rule)
        for listener in listeners:
            protocol, port = str(listener.props.get("protocol", "")).lower(), listener.props.get("port")
            balancer = next(iter(graph.dependencies(listener, "loadBalancerArn", LOAD_BALANCER)), None)
            hosts, paths = _condition(rule, "hostHeader"), _condition(rule, "pathPattern")
            for host in hosts or [f"({balancer.name} load balancer's name)" if balancer else "(any host)"]:
                for path in paths or ["/*"]:
                    yield Address(
                        app=owner(graph, rule),
                        outside=True,
                        url=f"{protocol}://{host}{path}",
                        through=_listener_text(balancer, protocol, port, rule.props.get("priority")),
                    )


def _guest_rule(graph: Graph, rule: Resource) -> Iterator[Address]:
    """The addresses of a rule on the listener of another stack, which is always one for HTTPS."""
    through = f"ALB of another stack, rule {rule.props.get('priority')}"
    for host in _condition(rule, "hostHeader"):
        for path in _condition(rule, "pathPattern") or ["/*"]:
            yield Address(app=owner(graph, rule), outside=True, url=f"https://{host}{path}", through=through)


def _tcp_listeners(graph: Graph) -> Iterator[Address]:
    for listener in graph.of_type(LISTENER):
        protocol = str(listener.props.get("protocol", "")).lower()
        if protocol in {"http", "https"}:
            continue
        port = listener.props.get("port")
        balancer = next(iter(graph.dependencies(listener, "loadBalancerArn", LOAD_BALANCER)), None)
        host = f"({balancer.name} load balancer's name)" if balancer else "(load balancer)"
        through = _listener_text(balancer, protocol, port, None)
        yield Address(app=owner(graph, listener), outside=True, url=f"{protocol}://{host}:{port}", through=through)


def _condition(rule: Resource, key: str) -> list[str]:
    conditions = sequence(rule.props.get("conditions"))
    return [str(value) for condition in conditions for value in sequence(within(condition, key, "values"))]


def _listener_text(balancer: Resource | None, protocol: str, port: Any, priority: Any) -> str:
    if balancer is None:
        kind = "load balancer"
    else:
        kind = {"application": "ALB", "network": "NLB"}.get(str(balancer.props.get("loadBalancerType")), "ALB")
        kind = f"internal {kind}" if balancer.props.get("internal") else kind
    return f"{kind} {protocol}:{port}" + (f", rule {priority}" if priority is not None else "")


def owner(graph: Graph, resource: Resource) -> str:
    """Name the app that `resource` belongs to; its own name where it belongs to none.

    What belongs to a port or a priority, which apps can hand on, is tagged with the app that has it.
    """
    tagged = mapping(resource.props.get("tags")).get("app")
    if tagged:
        return str(tagged)
    current: Resource | None = resource
    while current is not None:
        if current.type == APP_TYPE:
            return current.name
        current = graph.by_urn.get(current.parent)
    return resource.name
