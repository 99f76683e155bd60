"""Selectors and references that must find what they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.values import mapping, mappings, text, within
from policies.facts.ingresses import backends
from policies.facts.objects import (
    DAEMON_SET,
    HPA,
    HPA_V1,
    INGRESS,
    NETWORK_POLICY,
    PDB,
    REPLICATED,
    SERVICE,
    TARGET_GROUP_BINDING,
    WORKLOADS,
    name_of,
    neighbours,
    selects,
)
from policies.facts.pods import all_containers, pod_labels, selected, targets
from policies.facts.stack import Resource, Stack
from policies.rule import HIGH, Family, Messages

CHALLENGE_LABEL = "acme.cert-manager.io/http01-solver"
"""On the pods by which cert-manager answers an HTTP-01 challenge (its `pkg/issuer/acme/http`), which no stack makes."""

family = Family("Selectors", __doc__)


def _finds_none(resource: Resource, stack: Stack, selector: Mapping[str, Any]) -> bool:
    """Whether none of the pods of its namespace is selected, in a namespace where the stack makes any."""
    workloads = neighbours(resource, stack, *WORKLOADS)
    return bool(workloads) and next(selected(selector, resource, stack, *WORKLOADS), None) is None


@family.stack_rule("service-finds-pods", HIGH, SERVICE, "KubeLinter dangling-service", "kube-score service-targets-pod")
def _service(service: Resource, stack: Stack) -> Messages:
    """A Service without pods answers nobody, and says so nowhere.

    Let spec.selector match the labels of the pod template.
    https://kubernetes.io/docs/concepts/services-networking/service/
    """
    selector = mapping(within(service.props, "spec", "selector"))
    if selector and _finds_none(service, stack, {"matchLabels": selector}):
        yield "its selector matches no pods of this stack"


@family.stack_rule("disruption-budget-finds-pods", HIGH, PDB, "KubeLinter dangling-poddisruptionbudget")
def _budget(budget: Resource, stack: Stack) -> Messages:
    """A budget without pods guards nothing, and a drain takes them all.

    Let spec.selector match the labels of the pod template.
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    if _finds_none(budget, stack, mapping(within(budget.props, "spec", "selector"))):
        yield "its selector matches no pods of this stack"


@family.stack_rule(
    "network-policy-finds-pods",
    HIGH,
    NETWORK_POLICY,
    "KubeLinter dangling-networkpolicy",
    "kube-score networkpolicy-targets-pod",
)
def _policy(policy: Resource, stack: Stack) -> Messages:
    """A policy without pods closes nothing.

    Let spec.podSelector match the labels of the pod template.
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    selector = mapping(within(policy.props, "spec", "podSelector"))
    is_for_challenges = CHALLENGE_LABEL in mapping(selector.get("matchLabels"))
    if not is_for_challenges and _finds_none(policy, stack, selector):
        yield "its podSelector matches no pods of this stack"


@family.stack_rule("hpa-finds-target", HIGH, (HPA, HPA_V1), "KubeLinter dangling-horizontalpodautoscaler")
def _scaler(scaler: Resource, stack: Stack) -> Messages:
    """An autoscaler without a target scales nothing.

    Let spec.scaleTargetRef name kind and name of the workload, in the same namespace.
    https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
    """
    name = text(scaler.props, "spec", "scaleTargetRef", "name")
    if name and neighbours(scaler, stack, *WORKLOADS) and not targets(scaler, stack):
        yield f"it scales {text(scaler.props, 'spec', 'scaleTargetRef', 'kind')} {name}, which this stack does not make"


@family.rule("selector-matches-template", HIGH, (*REPLICATED, DAEMON_SET), "KubeLinter mismatching-selector")
def _own_pods(workload: Resource) -> Messages:
    """The API server refuses the object, in the middle of a deployment.

    Let spec.selector.matchLabels be labels of spec.template.
    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
    """
    selector = mapping(within(workload.props, "spec", "selector"))
    if selector and not selects(selector, pod_labels(workload)):
        yield "its selector does not match the labels of its own pods"


@family.stack_rule("selector-takes-own-pods-only", HIGH, (*REPLICATED, DAEMON_SET))
def _overlap(workload: Resource, stack: Stack) -> Messages:
    """Two workloads count and delete each other's pods.

    Give the pods of each workload a label of their own, and select by it.
    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
    """
    selector = mapping(within(workload.props, "spec", "selector"))
    for other in selected(selector, workload, stack, *REPLICATED, DAEMON_SET) if selector else ():
        if other.urn != workload.urn:
            yield f"its selector takes in the pods of {other.label}"


def _port_names(workload: Resource) -> set[str]:
    return {text(port, "name") for container in all_containers(workload) for port in mappings(container, "ports")}


@family.stack_rule("service-port-exists", HIGH, SERVICE, "KubeLinter")
def _service_ports(service: Resource, stack: Stack) -> Messages:
    """A Service whose port has no counterpart in the pod sends to nothing.

    Let targetPort be the name of a container's port.
    https://kubernetes.io/docs/concepts/services-networking/service/
    """
    selector = mapping(within(service.props, "spec", "selector"))
    chosen = list(selected({"matchLabels": selector}, service, stack, *WORKLOADS)) if selector else []
    for name in [text(port, "targetPort") for port in mappings(service.props, "spec", "ports")]:
        for workload in chosen:
            if name and not name.isdigit() and name not in _port_names(workload):
                yield f"targetPort {name} is no port of {workload.label}"


def _wanted_services(resource: Resource) -> Iterator[tuple[str, Any]]:
    """The Services that an Ingress or a binding sends to, with the name or number of the port."""
    if resource.type == TARGET_GROUP_BINDING:
        yield text(resource.props, "spec", "serviceRef", "name"), within(resource.props, "spec", "serviceRef", "port")
        return
    for backend in backends(resource):
        port = within(backend, "service", "port")
        yield text(backend, "service", "name"), within(port, "name") or within(port, "number")


@family.stack_rule(
    "backend-exists",
    HIGH,
    (INGRESS, TARGET_GROUP_BINDING),
    "KubeLinter dangling-ingress",
    "kube-score ingress-targets-service",
)
def _backend(resource: Resource, stack: Stack) -> Messages:
    """The load balancer answers every request with 503.

    Name a Service of the same namespace and one of its ports.
    https://kubernetes.io/docs/concepts/services-networking/ingress/
    """
    services = {name_of(service): service for service in neighbours(resource, stack, SERVICE)}
    for name, port in _wanted_services(resource):
        if not name or not services:
            continue
        if name not in services:
            yield f"it sends to Service {name}, which this stack does not make"
        else:
            ports = mappings(services[name].props, "spec", "ports")
            if port and not any(port in (text(one, "name"), one.get("port")) for one in ports):
                yield f"it sends to port {port} of Service {name}, which has none such"
