"""Reads NetworkPolicies the way a network plugin does: is this flow allowed?

Rules of the Kubernetes documentation, "Network Policies": a pod that no policy of a direction selects is open in it;
else a flow needs one rule of one of these policies. A flow between two pods needs the sender's egress and the
receiver's ingress.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from infra.apps.labels import app_labels


@dataclass(frozen=True)
class Pod:
    """One end of a flow inside the cluster."""

    labels: dict[str, str]
    namespace: str


@dataclass(frozen=True)
class Address:
    """One end of a flow outside the cluster."""

    ip: str


def app_pod(app: str) -> Pod:
    return Pod(app_labels(app), "apps")


DNS = Pod({"k8s-app": "kube-dns"}, "kube-system")


def allowed(
    policies: list[dict[str, Any]], caller: Pod | Address, target: Pod | Address, port: int, protocol: str = "TCP"
) -> bool:
    """Whether `caller` may open a connection to `port` of `target` under `policies`."""
    leaves = not isinstance(caller, Pod) or _open(policies, caller, "Egress", target, port, protocol)
    enters = not isinstance(target, Pod) or _open(policies, target, "Ingress", caller, port, protocol)
    return leaves and enters


def _open(
    policies: list[dict[str, Any]], pod: Pod, direction: str, other: Pod | Address, port: int, protocol: str
) -> bool:
    own = [
        policy["spec"]
        for policy in policies
        if policy["metadata"]["namespace"] == pod.namespace
        and direction in policy["spec"]["policyTypes"]
        and _selects(policy["spec"]["podSelector"], pod.labels)
    ]
    if not own:
        return True
    side, ends = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    return any(
        _port_matches(rule.get("ports", []), port, protocol) and _peer_matches(rule.get(ends, []), other, pod.namespace)
        for spec in own
        for rule in spec.get(side, [])
    )


def _port_matches(ports: list[dict[str, Any]], port: int, protocol: str) -> bool:
    return not ports or any(entry["port"] == port and entry.get("protocol", "TCP") == protocol for entry in ports)


def _peer_matches(peers: list[dict[str, Any]], other: Pod | Address, home: str) -> bool:
    return not peers or any(_is_peer(peer, other, home) for peer in peers)


def _is_peer(peer: dict[str, Any], other: Pod | Address, home: str) -> bool:
    if "ipBlock" in peer:
        return isinstance(other, Address) and _in_block(peer["ipBlock"], other.ip)
    if isinstance(other, Address):
        return False
    in_namespace = (
        _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace})
        if "namespaceSelector" in peer
        else other.namespace == home
    )
    return in_namespace and _selects(peer.get("podSelector", {}), other.labels)


def _in_block(block: dict[str, Any], ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    return address in ipaddress.ip_network(block["cidr"]) and not any(
        address in ipaddress.ip_network(hole) for hole in block.get("except", [])
    )


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return selector.get("matchLabels", {}).items() <= labels.items()
