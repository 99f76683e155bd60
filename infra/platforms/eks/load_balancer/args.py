"""What the load balancers of a stack are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.network.network import Network
from infra.settings.app.application import Application
from infra.settings.eks.load_balancer import LoadBalancerSettings


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """Where the load balancers stand, whom they let in and what they forward to.

    They stand in the public subnets, whether they face the internet or not: these hold no pods, so the network policies
    can distinguish their addresses from those of pods. Of `apps` those with `traffic` matter. `controllers` are the
    add-ons that register pods. `names_may_move` is true if the stack has load balancers already, which hosts may point
    at.
    """

    context: AwsContext
    settings: LoadBalancerSettings
    apps: Mapping[str, Application]
    network: Network
    cluster_security_group_id: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    controllers: Sequence[pulumi.Resource]
    names_may_move: bool
