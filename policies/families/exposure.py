"""Services and Ingresses: what the cluster shows to the outside, and how."""

from __future__ import annotations

import json

from infra.values import mapping, mappings, sequence, text, texts, within, words
from policies.facts.ingresses import alb_annotation, alb_attributes, on_alb
from policies.facts.objects import INGRESS, SERVICE
from policies.facts.spellings import with_patches
from policies.facts.stack import Resource, Stack
from policies.facts.tls import refuses_tls_1_1
from policies.rule import HIGH, MEDIUM, Family, Messages

INTERNET = "internet-facing"

WANTED_ATTRIBUTES = words("""
    routing.http.drop_invalid_header_fields.enabled access_logs.s3.enabled deletion_protection.enabled
""")
"""What should be on at a load balancer, and is not by default."""
DESYNC = "routing.http.desync_mitigation_mode"

family = Family(
    "Exposure",
    __doc__,
    url="https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/",
)


def _listeners(ingress: Resource) -> set[str]:
    """The protocols that an ALB listens for; without any it takes HTTPS if it has a certificate."""
    try:
        ports = json.loads(alb_annotation(ingress, "listen-ports") or "[]")
    except ValueError:
        return set()
    return {str(protocol) for port in sequence(ports) for protocol in mapping(port)}


@family.rule("ingress-tls", HIGH, INGRESS, "CIS EKS 5.4.5", "CKV2_AWS_74")
def _tls(ingress: Resource) -> Messages:
    """Passwords and sessions cross the internet in plain text.

    Set alb.ingress.kubernetes.io/certificate-arn, or spec.tls for another controller.
    """
    by_annotation = on_alb(ingress) and (alb_annotation(ingress, "certificate-arn") or "HTTPS" in _listeners(ingress))
    if not by_annotation and not sequence(within(ingress.props, "spec", "tls")):
        yield "it has no certificate"


@family.rule("ingress-redirects-to-tls", MEDIUM, INGRESS, "Security Hub ELB.1", "CKV_AWS_2", "CKV2_AWS_20")
def _redirect(ingress: Resource) -> Messages:
    """Who types the name without https stays without it.

    Set alb.ingress.kubernetes.io/ssl-redirect to '443'.
    """
    if on_alb(ingress) and "HTTP" in _listeners(ingress) and not alb_annotation(ingress, "ssl-redirect"):
        yield "it serves HTTP without redirecting"


@family.rule("ingress-tls-policy", MEDIUM, INGRESS, "CKV_AWS_103")
def _tls_policy(ingress: Resource) -> Messages:
    """The controller's default still speaks TLS 1.0.

    Set alb.ingress.kubernetes.io/ssl-policy to ELBSecurityPolicy-TLS13-1-2-2021-06.
    """
    policy = alb_annotation(ingress, "ssl-policy")
    if on_alb(ingress) and not refuses_tls_1_1(policy):
        yield f"ssl-policy is {policy or 'the default, ELBSecurityPolicy-2016-08'}"


@family.rule(
    "ingress-load-balancer-attributes",
    MEDIUM,
    INGRESS,
    "Security Hub ELB.4",
    "Security Hub ELB.5",
    "Security Hub ELB.6",
    "Security Hub ELB.12",
)
def _load_balancer(ingress: Resource) -> Messages:
    """Smuggled headers reach the app, no log tells of it, and one call deletes the load balancer.

    Name the attributes in alb.ingress.kubernetes.io/load-balancer-attributes.
    """
    if not on_alb(ingress):
        return
    attributes = alb_attributes(ingress, "load-balancer-attributes")
    for key in WANTED_ATTRIBUTES:
        if attributes.get(key) != "true":
            yield f"load-balancer-attributes has no {key}=true"
    if attributes.get(DESYNC) == "monitor":
        yield f"{DESYNC} is monitor"


def _public(ingress: Resource) -> bool:
    return on_alb(ingress) and alb_annotation(ingress, "scheme") == INTERNET


@family.rule("ingress-firewall", MEDIUM, INGRESS, "Security Hub ELB.16", "CKV2_AWS_28")
def _firewall(ingress: Resource) -> Messages:
    """Known attacks and floods reach the app.

    Set alb.ingress.kubernetes.io/wafv2-acl-arn.
    """
    if _public(ingress) and not alb_annotation(ingress, "wafv2-acl-arn"):
        yield "it faces the internet without a web ACL"


@family.rule("ingress-says-for-whom", HIGH, INGRESS)
def _scheme(ingress: Resource) -> Messages:
    """What was meant for the company is open to the world.

    Set alb.ingress.kubernetes.io/inbound-cidrs, to 0.0.0.0/0 if everybody is meant; or the scheme to internal.
    """
    if _public(ingress) and not alb_annotation(ingress, "inbound-cidrs"):
        yield "it faces the internet, and inbound-cidrs does not say for whom"


def _routes(ingress: Resource) -> set[tuple[str, str, str, bool]]:
    """The hosts and paths, exact or not, that an Ingress answers for, and among which Ingresses they must be unique."""
    group = alb_annotation(ingress, "group.name") or text(ingress.props, "spec", "ingressClassName")
    return {
        (group, text(rule, "host"), text(path, "path") or "/", text(path, "pathType") == "Exact")
        for rule in mappings(ingress.props, "spec", "rules")
        for path in mappings(rule, "http", "paths")
    }


@family.stack_rule("host-and-path-once", HIGH, INGRESS)
def _twice(ingress: Resource, stack: Stack) -> Messages:
    """Of two apps on one host and path only one is reached, and which one may change.

    Give each app a host or a path of its own.
    https://kubernetes.io/docs/concepts/services-networking/ingress/
    """
    own = _routes(ingress)
    for other in stack.of_type(INGRESS):
        # The later one is at fault, so that a pair is reported once.
        if other.urn < ingress.urn:
            for _, host, path, _ in sorted(own & _routes(other)):
                yield f"{host or '*'}{path} is already answered by {other.label}"


@family.rule("no-node-port", MEDIUM, with_patches(SERVICE), "NSA")
def _node_port(service: Resource) -> Messages:
    """The port is open on every node, past the load balancer and its firewall.

    Use ClusterIP, and pod addresses as targets.
    https://kubernetes.io/docs/concepts/services-networking/service/
    """
    if text(service.props, "spec", "type") == "NodePort":
        yield "it opens a port on every node"


@family.rule("no-external-addresses", HIGH, with_patches(SERVICE), "CVE-2020-8554")
def _external_addresses(service: Resource) -> Messages:
    """A Service takes over the traffic of all pods to an address that is not its own.

    Remove externalIPs, and let a load balancer hold the address.
    https://kubernetes.io/docs/concepts/services-networking/service/
    """
    addresses = texts(service.props, "spec", "externalIPs")
    if addresses:
        yield f"it takes the addresses {', '.join(addresses)}"
