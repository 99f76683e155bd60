"""What an app knows of a cluster on EKS, be it the stack's own or another stack's."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi_kubernetes as k8s
from typing_extensions import override

from infra.addons.aws_load_balancer_controller import READINESS_GATE_LABELS
from infra.platforms.platform import Platform
from infra.settings.app.application import WebSettings
from infra.settings.eks.drain import drain_seconds, registration_seconds


class AppPlatform(Platform):
    """A cluster whose apps are reached through load balancers of AWS, where they are reached at all.

    Its VPC CNI is strict (docs/decisions/0019-strict-network-policies.md).
    """

    closed_without_policies = True

    def stand_behind_load_balancers(self, networks: Iterable[str]) -> None:
        """Admit requests from the subnets of the load balancers, which hold no pods, and ask for readiness gates."""
        self.namespace_labels = READINESS_GATE_LABELS
        self.load_balancer = [
            k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr))
            for cidr in networks
        ]

    @override
    def drain_seconds(self, settings: WebSettings) -> int:
        return drain_seconds(settings)

    @override
    def registration_seconds(self, settings: WebSettings) -> int:
        return registration_seconds(settings)
