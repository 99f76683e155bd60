"""Who may talk to whom. Whatever is not allowed here is denied by the namespace's policy.

A flow between two apps is written once, on either side: `allowTo` of the caller or `allowFrom` of the target. It opens
the egress of the one and the ingress of the other, on the ports of the target only. Instance metadata (169.254.169.254
and fd00:ec2::254) is cut out of every network in `allowTo` that holds it: the credentials of a node are no app's.

Network policies name the ports of pods, and not those of the Services in front of them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.apps.labels import match_app, release_of
from infra.labels import NAME_LABEL
from infra.platforms.platform import Admission, Destination
from infra.settings.app.application import Application, LongRunning, StatefulSettings, Task
from infra.settings.app.peers import METADATA_NETWORKS, SELF, Peer
from infra.settings.app.ports import Protocol, ServedPort, find_port, number_and_protocol

PodPorts = tuple[tuple[int, Protocol], ...]
"""Ports of pods that a flow opens, in the order of the app that has them."""
EVERY_PORT: PodPorts = ()


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The apps on the other ends of an app's allowed flows, with the ports that these open."""

    callers: Mapping[str, PodPorts]
    targets: Mapping[str, PodPorts]


def neighbours(apps: Mapping[str, Application]) -> dict[str, Neighbours]:
    """Read `allowTo` and `allowFrom` of all apps into the neighbours of each."""
    flows: dict[tuple[str, str], list[ServedPort]] = {}
    for caller, target, peer in _flows(apps):
        served = _served(apps[target])
        flows.setdefault((caller, target), []).extend(_chosen(peer, served))
    opened = {flow: _in_order(_served(apps[flow[1]]), ports) for flow, ports in sorted(flows.items())}
    return {
        name: Neighbours(
            callers={
                pods: ports
                for (caller, target), ports in opened.items()
                if target == name
                for pods in _pod_names(caller, apps[caller])
            },
            targets={target: ports for (caller, target), ports in opened.items() if caller == name},
        )
        for name in apps
    }


def network_policy_spec(
    app: str,
    settings: Application,
    *,
    neighbours: Neighbours,
    load_balancer: Sequence[k8s.networking.v1.NetworkPolicyPeerArgs],
    admissions: Sequence[Admission] = (),
    destinations: Sequence[Destination] = (),
) -> k8s.networking.v1.NetworkPolicySpecArgs:
    """Return what the pods of `app` may receive and send.

    `load_balancer` is from where the platform's requests come, `admissions` are for the app's own traffic, and
    `destinations` are what the platform needs to be reached. A direction without rules is closed.
    """
    incoming: list[_Opening] = []
    if not isinstance(settings, Task):
        incoming += _incoming(settings, neighbours.callers)
        opened = [port for admission in admissions if admission.peers == load_balancer for port in admission.ports]
        incoming += _from_load_balancer(settings, load_balancer, opened)
    incoming += [_Opening(peer, admission.ports) for admission in admissions for peer in admission.peers]
    own = _among_own_pods(app, settings)
    within = [_Opening(_pods_of(app), ports) for ports in own]
    from_own = [_Opening(_pods_of(pods), ports) for ports in own for pods in _pod_names(app, settings)]
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=match_app(app),
        policy_types=["Ingress", "Egress"],
        # A rule without peers admits everyone, so an app that nobody may call has no rule at all.
        ingress=[
            k8s.networking.v1.NetworkPolicyIngressRuleArgs(from_=peers, ports=_policy_ports(ports))
            for ports, peers in _by_ports([*incoming, *from_own])
        ]
        or None,
        egress=_egress([*_outgoing(settings, neighbours), *_reached(destinations), *within]),
    )


def release_policy_spec(
    app: str, settings: LongRunning, *, neighbours: Neighbours, destinations: Sequence[Destination] = ()
) -> k8s.networking.v1.NetworkPolicySpecArgs:
    """Return what the pods of the release of `app` may send: what the app may; and they receive nothing."""
    to_app = [_Opening(_pods_of(app), ports) for ports in _among_own_pods(app, settings)]
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=match_app(release_of(app)),
        policy_types=["Ingress", "Egress"],
        egress=_egress([*_outgoing(settings, neighbours), *_reached(destinations), *to_app]),
    )


@dataclass(frozen=True)
class _Opening:
    peer: k8s.networking.v1.NetworkPolicyPeerArgs
    ports: PodPorts


def _pod_names(app: str, settings: Application) -> list[str]:
    """List the names under which pods of an app run."""
    has_release = not isinstance(settings, Task) and settings.release is not None
    return [app, release_of(app)] if has_release else [app]


def _outgoing(settings: Application, neighbours: Neighbours) -> list[_Opening]:
    return [
        *(_Opening(_pods_of(target), ports) for target, ports in neighbours.targets.items()),
        *(
            _Opening(_outside(peer, without_metadata=True), _given_ports(peer))
            for peer in settings.allow_to
            if _is_outside(peer)
        ),
    ]


def _reached(destinations: Sequence[Destination]) -> list[_Opening]:
    return [_Opening(peer, destination.ports) for destination in destinations for peer in destination.peers]


def _egress(openings: Sequence[_Opening]) -> list[k8s.networking.v1.NetworkPolicyEgressRuleArgs] | None:
    return [
        k8s.networking.v1.NetworkPolicyEgressRuleArgs(to=[opening.peer], ports=_policy_ports(opening.ports))
        for opening in openings
    ] or None


def _flows(apps: Mapping[str, Application]) -> Iterator[tuple[str, str, Peer]]:
    """List caller, target and what is written of it, of each flow between two apps."""
    for name, app in apps.items():
        for peer in app.allow_to:
            if _is_other_app(peer, name):
                yield name, str(peer.app), peer
        for peer in () if isinstance(app, Task) else app.allow_from:
            if _is_other_app(peer, name):
                yield str(peer.app), name, peer


def _is_other_app(peer: Peer, own: str) -> bool:
    return peer.app is not None and peer.namespace is None and peer.app not in {SELF, own}


def _is_outside(peer: Peer) -> bool:
    return peer.cidr is not None or peer.namespace is not None


def _among_own_pods(app: str, settings: Application) -> list[PodPorts]:
    """Return the ports on which the pods of an app may talk to each other, once for each time that they may."""
    allowed = settings.allow_to if isinstance(settings, Task) else (*settings.allow_to, *settings.allow_from)
    # Its members are of no use without each other.
    if isinstance(settings, StatefulSettings):
        return [EVERY_PORT]
    own = [peer for peer in allowed if peer.namespace is None and peer.app in {SELF, app}]
    opened = [_resolved(peer, _served(settings)) for peer in own]
    return [EVERY_PORT] if EVERY_PORT in opened else list(dict.fromkeys(opened))


def _incoming(settings: LongRunning, callers: Mapping[str, PodPorts]) -> Iterator[_Opening]:
    for caller, ports in callers.items():
        yield _Opening(_pods_of(caller), ports)
    for peer in settings.allow_from:
        if _is_outside(peer):
            yield _Opening(_outside(peer), _resolved(peer, settings.served) or _all(settings.served))


def _from_load_balancer(
    settings: LongRunning,
    sources: Sequence[k8s.networking.v1.NetworkPolicyPeerArgs],
    opened: Collection[tuple[int, Protocol]],
) -> Iterator[_Opening]:
    """List what the load balancer may reach because the app says so, besides what its traffic has `opened`."""
    for peer in settings.allow_from:
        if not peer.load_balancer:
            continue
        wanted = _resolved(peer, settings.served) or _all(settings.served)
        ports = tuple(port for port in wanted if port not in opened)
        for source in sources if ports else ():
            yield _Opening(source, ports)


def _chosen(peer: Peer, served: Sequence[ServedPort]) -> Sequence[ServedPort]:
    found = [find_port(reference, served) for reference in peer.ports]
    return [port for port in found if port is not None] or served


def _resolved(peer: Peer, served: Sequence[ServedPort]) -> PodPorts:
    """Return the ports that a peer is given of an app that serves `served`; none for all that it is not told."""
    return _in_order(served, _chosen(peer, served)) if peer.ports else EVERY_PORT


def _given_ports(peer: Peer) -> PodPorts:
    """Return the ports of a peer outside the stack, which are all given by number."""
    return tuple(port for reference in peer.ports if (port := number_and_protocol(reference)) is not None)


def _served(app: Application) -> Sequence[ServedPort]:
    return () if isinstance(app, Task) else app.served


def _in_order(served: Sequence[ServedPort], chosen: Sequence[ServedPort]) -> PodPorts:
    return _all(port for port in served if port in chosen)


def _all(ports: Iterable[ServedPort]) -> PodPorts:
    return tuple((port.number, port.protocol) for port in ports)


def _by_ports(
    openings: Iterable[_Opening],
) -> Iterable[tuple[PodPorts, list[k8s.networking.v1.NetworkPolicyPeerArgs]]]:
    """Join what opens the same ports into one rule."""
    joined: dict[PodPorts, list[k8s.networking.v1.NetworkPolicyPeerArgs]] = {}
    for opening in openings:
        joined.setdefault(opening.ports, []).append(opening.peer)
    return joined.items()


def _outside(peer: Peer, *, without_metadata: bool = False) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    if peer.cidr is not None:
        return _network(peer.cidr, without=_metadata_within(peer.cidr) if without_metadata else None)
    labels = dict(peer.labels) if peer.app is None else {NAME_LABEL: peer.app, **peer.labels}
    return k8s.networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=k8s.meta.v1.LabelSelectorArgs(
            match_labels={"kubernetes.io/metadata.name": str(peer.namespace)}
        ),
        pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels) if labels else None,
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


def _policy_ports(ports: PodPorts) -> list[k8s.networking.v1.NetworkPolicyPortArgs] | None:
    return [
        k8s.networking.v1.NetworkPolicyPortArgs(protocol=protocol, port=number) for number, protocol in ports
    ] or None
