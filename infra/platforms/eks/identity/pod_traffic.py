"""What pods must reach to use a role: the agent that gives them credentials, and the services themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pulumi_kubernetes as k8s

from infra.platforms.platform import Destination

AGENT = "169.254.170.23/32"
"""Where the EKS Pod Identity Agent of each node answers (EKS user guide, "Considerations for EKS Pod Identity")."""
AGENT_PORT = 80
HTTPS_PORT = 443
NOT_PUBLIC = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""Private, shared and link-local addresses (IANA IPv4 Special-Purpose Address Registry): no service of AWS answers
there, but through an endpoint in the VPC. Among them are the addresses of other pods and of the metadata service."""


def destinations(endpoint_cidrs: Iterable[str]) -> Sequence[Destination]:
    """Return the agent, the public addresses of AWS and, on `endpoint_cidrs`, the interface endpoints of the VPC.

    AWS has its services on thousands of networks that change, and a network policy takes no names: so all public
    addresses are open on the port of HTTPS.
    """
    public = k8s.networking.v1.IPBlockArgs(cidr="0.0.0.0/0", except_=list(NOT_PUBLIC))
    endpoints = [k8s.networking.v1.IPBlockArgs(cidr=cidr) for cidr in endpoint_cidrs]
    return [
        Destination(peers=[_peer(k8s.networking.v1.IPBlockArgs(cidr=AGENT))], ports=((AGENT_PORT, "TCP"),)),
        Destination(peers=[_peer(block) for block in (public, *endpoints)], ports=((HTTPS_PORT, "TCP"),)),
    ]


def _peer(block: k8s.networking.v1.IPBlockArgs) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    return k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=block)
