"""What an app knows of a cluster on EKS, be it the stack's own or another stack's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pulumi_kubernetes as k8s
from typing_extensions import override

from infra.addons.aws_load_balancer_controller import READINESS_GATE_LABELS
from infra.platforms.platform import Admission, Platform
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.application import LongRunning
from infra.settings.eks.addresses import reached_ports
from infra.settings.eks.drain import drain_seconds, registration_seconds
from infra.settings.eks.pull_secrets import pull_secret_name


class AppPlatform(Platform):
    """A cluster whose apps are reached through load balancers of AWS, where they are reached at all.

    Its VPC CNI is strict (docs/decisions/0019-strict-network-policies.md).
    """

    closed_without_policies = True
    clients: Sequence[k8s.networking.v1.NetworkPolicyPeerArgs] = ()
    """From where datagrams come: they keep the addresses of those who sent them."""

    def stand_behind_load_balancers(self, networks: Iterable[str], *, clients: Iterable[str] = ()) -> None:
        """Admit requests from the subnets of the load balancers, which hold no pods, and ask for readiness gates.

        `clients` are the networks of those who may send datagrams.
        """
        self.namespace_labels = READINESS_GATE_LABELS
        self.load_balancer = _blocks(networks)
        self.clients = _blocks(clients)

    @override
    def admissions(self, addresses: Sequence[PublicAddress]) -> Sequence[Admission]:
        ports = list(dict.fromkeys(port for address in addresses for port in reached_ports(address)))
        datagrams = tuple(port for port in ports if port[1] == "UDP")
        others = tuple(port for port in ports if port[1] == "TCP")
        return [
            *([Admission(peers=self.clients, ports=datagrams)] if datagrams and self.clients else []),
            *([Admission(peers=self.load_balancer, ports=others)] if others and self.load_balancer else []),
        ]

    @override
    def drain_seconds(self, settings: LongRunning) -> int:
        return drain_seconds(settings)

    @override
    def registration_seconds(self, settings: LongRunning) -> int:
        return registration_seconds(settings)

    @override
    def pull_secret(self, reference: str) -> str:
        return pull_secret_name(reference)


def _blocks(networks: Iterable[str]) -> list[k8s.networking.v1.NetworkPolicyPeerArgs]:
    return [
        k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr)) for cidr in networks
    ]
