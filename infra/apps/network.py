"""Who may talk to whom. Whatever is not allowed here is denied by the namespace's policy.

A flow between two apps is written once, on either side: `allowTo` of the caller or `allowFrom` of the target. It opens
the egress of the one and the ingress of the other, on the port of the target only. Instance metadata (169.254.169.254
and fd00:ec2::254) is cut out of every network in `allowTo` that holds it: the credentials of a node are no app's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.apps.labels import match_app
from infra.settings.app.application import Application, WebSettings
from infra.settings.app.traffic import METADATA_NETWORKS


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The apps on the other ends of an app's allowed flows."""

    callers: Sequence[str]
    targets: Mapping[str, int]
    """Port by name of the app that may be called."""


def neighbours(apps: Mapping[str, Application]) -> dict[str, Neighbours]:
    """Read `allowTo` and `allowFrom` of all apps into the neighbours of each."""
    flows = {(name, peer.app) for name, app in apps.items() for peer in app.allow_to if peer.app is not None}
    flows |= {
        (peer.app, name)
        for name, app in apps.items()
        if isinstance(app, WebSettings)
        for peer in app.allow_from
        if peer.app is not None
    }
    ports = {name: app.port for name, app in apps.items() if isinstance(app, WebSettings)}
    return {
        name: Neighbours(
            callers=sorted(caller for caller, target in flows if target == name),
            targets={target: ports[target] for caller, target in sorted(flows) if caller == name},
        )
        for name in apps
    }


def network_policy_spec(
    app: str,
    settings: Application,
    *,
    neighbours: Neighbours,
    load_balancer: Sequence[k8s.networking.v1.NetworkPolicyPeerArgs],
) -> k8s.networking.v1.NetworkPolicySpecArgs:
    """Return what the pods of `app` may receive and send.

    `load_balancer` is from where the platform's requests come. A direction without rules is closed.
    """
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=match_app(app),
        policy_types=["Ingress", "Egress"],
        ingress=_ingress(settings, neighbours.callers, load_balancer) if isinstance(settings, WebSettings) else None,
        egress=[
            *(_to_app(target, port) for target, port in neighbours.targets.items()),
            *(_to_network(peer.cidr, peer.ports) for peer in settings.allow_to if peer.cidr is not None),
        ]
        or None,
    )


def _ingress(
    settings: WebSettings,
    callers: Sequence[str],
    load_balancer: Sequence[k8s.networking.v1.NetworkPolicyPeerArgs],
) -> list[k8s.networking.v1.NetworkPolicyIngressRuleArgs] | None:
    peers = [_pods_of(caller) for caller in callers]
    peers += [_network(peer.cidr) for peer in settings.allow_from if peer.cidr is not None]
    if settings.traffic is not None or any(peer.load_balancer for peer in settings.allow_from):
        peers += load_balancer
    # A rule without peers admits everyone, so an app that nobody may call has no rule at all.
    if not peers:
        return None
    return [k8s.networking.v1.NetworkPolicyIngressRuleArgs(from_=peers, ports=[_tcp(settings.port)])]


def _to_app(target: str, port: int) -> k8s.networking.v1.NetworkPolicyEgressRuleArgs:
    return k8s.networking.v1.NetworkPolicyEgressRuleArgs(to=[_pods_of(target)], ports=[_tcp(port)])


def _to_network(cidr: str, ports: Sequence[int]) -> k8s.networking.v1.NetworkPolicyEgressRuleArgs:
    return k8s.networking.v1.NetworkPolicyEgressRuleArgs(
        to=[_network(cidr, without=_metadata_within(cidr))], ports=[_tcp(port) for port in ports] or None
    )


def _metadata_within(cidr: str) -> list[str]:
    network = ipaddress.ip_network(cidr)
    return [
        address
        for address in METADATA_NETWORKS
        if ipaddress.ip_network(address).version == network.version
        and ipaddress.ip_network(address).network_address in network
        and address != cidr
    ]


def _pods_of(app: str) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    return k8s.networking.v1.NetworkPolicyPeerArgs(pod_selector=match_app(app))


def _network(cidr: str, *, without: list[str] | None = None) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    return k8s.networking.v1.NetworkPolicyPeerArgs(
        ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr, except_=without or None)
    )


def _tcp(port: int) -> k8s.networking.v1.NetworkPolicyPortArgs:
    return k8s.networking.v1.NetworkPolicyPortArgs(protocol="TCP", port=port)
