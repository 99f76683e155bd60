"""Network policies: who may talk to whom inside the cluster, and to what outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from infra.values import mapping, mappings, number, sequence, text, texts, within
from policies.facts.addresses import network_of, open_to_internet
from policies.facts.objects import NAMESPACE, NETWORK_POLICY, WORKLOADS, annotation, in_namespace, name_of
from policies.facts.spellings import with_patches
from policies.facts.stack import Resource, Stack
from policies.rule import HIGH, MEDIUM, Family, Messages

METADATA_ADDRESSES = (ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254"))
"""Where a node's credentials are (Amazon EC2 user guide, "Instance metadata")."""

DNS_PORT = 53
LEFT_OUT_BY = "network-policies/left-out-by"
"""Annotation of a namespace without network policies, and of a policy that opens it: who decided that, and where."""

family = Family(
    "Network policies", __doc__, url="https://docs.aws.amazon.com/eks/latest/best-practices/network-security.html"
)


def _left_out_by(resource: Resource) -> str:
    """Where it was decided to do without network policies, which is told by a rule of its own."""
    return annotation(resource, LEFT_OUT_BY)


@family.rule("namespace-keeps-network-policies", MEDIUM, NAMESPACE)
def _left_out(namespace: Resource) -> Messages:
    """Whoever breaks into one pod reaches every port of all others, and sends out what it finds.

    Take the decision back, and name who may talk to whom.
    """
    if _left_out_by(namespace):
        yield f"{_left_out_by(namespace)} leaves network policies out: its pods reach, and are reached from, everywhere"


def _directions(policy: Resource) -> set[str]:
    """The directions that a policy closes: those that it names, or else what its rules imply."""
    named = set(texts(policy.props, "spec", "policyTypes"))
    implied = {"Ingress", "Egress"} if within(policy.props, "spec", "egress") is not None else {"Ingress"}
    return named or implied


def _denies_all(policy: Resource, direction: str) -> bool:
    selector = mapping(within(policy.props, "spec", "podSelector"))
    everyone = not mapping(selector.get("matchLabels")) and not sequence(selector.get("matchExpressions"))
    return (
        everyone and direction in _directions(policy) and not sequence(within(policy.props, "spec", direction.lower()))
    )


def _closed(namespace: Resource, stack: Stack, direction: str) -> Messages:
    if _left_out_by(namespace) or not in_namespace(stack, name_of(namespace), *WORKLOADS):
        return
    policies = in_namespace(stack, name_of(namespace), NETWORK_POLICY)
    if not any(_denies_all(policy, direction) for policy in policies):
        yield f"no NetworkPolicy denies all {direction} by default"


@family.stack_rule("namespace-denies-ingress", HIGH, NAMESPACE, "CIS EKS 4.3.2", "CKV2_K8S_6", "NSA")
def _ingress_closed(namespace: Resource, stack: Stack) -> Messages:
    """Whoever breaks into one pod of the cluster reaches every port of all others.

    Add a NetworkPolicy with an empty podSelector, policyTypes [Ingress] and no rules.
    """
    yield from _closed(namespace, stack, "Ingress")


@family.stack_rule("namespace-denies-egress", MEDIUM, NAMESPACE, "CIS EKS 4.3.2", "C-0030", "NSA")
def _egress_closed(namespace: Resource, stack: Stack) -> Messages:
    """Stolen data leaves, and tools are fetched, from any pod to anywhere.

    Add a NetworkPolicy with an empty podSelector, policyTypes [Egress] and no rules.
    """
    yield from _closed(namespace, stack, "Egress")


@family.stack_rule("namespace-opens-dns", HIGH, NAMESPACE, "EKS best practices")
def _dns(namespace: Resource, stack: Stack) -> Messages:
    """Pods resolve no names; or only short answers, as long ones need TCP.

    Open egress to kube-dns on port 53, over UDP and over TCP.
    """
    policies = in_namespace(stack, name_of(namespace), NETWORK_POLICY)
    if not any(_denies_all(policy, "Egress") for policy in policies):
        return
    for protocol in ("UDP", "TCP"):
        if not any(_opens(rule, DNS_PORT, protocol) for policy in policies for rule in _rules(policy, "egress")):
            yield f"egress is closed, and {protocol} {DNS_PORT} for names is not opened"


def _rules(policy: Resource, direction: str) -> list[Mapping[str, Any]]:
    return mappings(policy.props, "spec", direction)


def _opens(rule: Mapping[str, Any], port: int, protocol: str) -> bool:
    ports = mappings(rule, "ports")
    return not ports or any(
        (number(one, "port") in {None, float(port)}) and (text(one, "protocol") or "TCP") == protocol for one in ports
    )


@family.rule("no-egress-to-metadata", HIGH, with_patches(NETWORK_POLICY), "EKS best practices")
def _metadata(policy: Resource) -> Messages:
    """A pod reads the credentials of its node from the metadata service.

    Add 169.254.169.254/32 (fd00:ec2::254/128) to the except of the ipBlock.
    """
    for rule in _rules(policy, "egress"):
        # On GKE the cluster's names are asked for at that address; credentials are not given out on this port.
        for peer in () if _only_dns(rule) else mappings(rule, "to"):
            block = network_of(text(peer, "ipBlock", "cidr"))
            left_out = [network_of(cidr) for cidr in texts(peer, "ipBlock", "except")]
            for address in METADATA_ADDRESSES:
                if _holds(block, address) and not any(_holds(one, address) for one in left_out):
                    yield f"egress to {block} takes in {address}"


def _holds(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> bool:
    return network is not None and network.version == address.version and address in network


@family.rule("network-policy-names-peers", MEDIUM, with_patches(NETWORK_POLICY), "C-0030")
def _anyone(policy: Resource) -> Messages:
    """A rule without peers undoes the default that it stands beside.

    Name the peers by podSelector, namespaceSelector or ipBlock.
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in () if _left_out_by(policy) else _rules(policy, direction):
            # Names are asked for where the DNS pods are, which a policy may leave open.
            if not sequence(rule.get(peers)) and not (direction == "egress" and _only_dns(rule)):
                yield f"an {direction} rule has no `{peers}`, so it opens to everybody"


def _only_dns(rule: Mapping[str, Any]) -> bool:
    ports = mappings(rule, "ports")
    return bool(ports) and all(number(port, "port") == DNS_PORT for port in ports)


@family.rule("no-ingress-from-the-world", HIGH, with_patches(NETWORK_POLICY), "C-0030")
def _world(policy: Resource) -> Messages:
    """A pod is open to whatever reaches its address, and not to the load balancer only.

    Name the subnets of the load balancer.
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    blocks = [
        mapping(peer.get("ipBlock"))
        for rule in _rules(policy, "ingress")
        for peer in mappings(rule, "from")
        if peer.get("ipBlock") is not None
    ]
    huge = [block for block in blocks if open_to_internet(texts(block, "cidr"), left_out=texts(block, "except"))]
    for block in huge:
        yield f"ingress is open to {text(block, 'cidr')}"
    if not huge and open_to_internet(
        [cidr for block in blocks for cidr in texts(block, "cidr")],
        left_out=[cidr for block in blocks for cidr in texts(block, "except")],
    ):
        yield "ingress is open to most of the internet, in parts"


@family.rule("network-policy-types", MEDIUM, NETWORK_POLICY)
def _types(policy: Resource) -> Messages:
    """Rules of a direction that policyTypes leaves out are never looked at.

    Name in policyTypes every direction that the policy is about.
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    named = texts(policy.props, "spec", "policyTypes")
    for direction in ("Ingress", "Egress"):
        if named and direction not in named and _rules(policy, direction.lower()):
            yield f"it has {direction.lower()} rules, and policyTypes does not name {direction}"
    if not named:
        yield "policyTypes is missing"
