"""What the load balancers of a stack are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.network.network import Network
from infra.settings.app.ports import Protocol
from infra.settings.eks.load_balancer import LoadBalancerSettings


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """Where a load balancer stands, whom it lets in and what it forwards to.

    It stands in the public subnets, whether it faces the internet or not: they hold no pods, so the network policies
    can distinguish its addresses from theirs. `reached_ports` are those of the pods on which it sends and asks.
    """

    context: AwsContext
    settings: LoadBalancerSettings
    network: Network
    cluster_security_group_id: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    reached_ports: Sequence[tuple[int, Protocol]]
