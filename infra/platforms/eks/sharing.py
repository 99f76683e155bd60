"""What a stack with a cluster shares with the guests on it: the output `sharing`, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pydantic import ValidationError

from infra.settings.model import Model
from infra.settings.problems import refusal
from infra.settings.scalars import Switch

OUTPUT = "sharing"
READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"
"""The engine's own function behind stack references. Unlike the resource `StackReference` it answers at once, so that a
guest is refused before anything is made, and the network policies can name each network of the load balancer."""


class SharedLoadBalancer(Model):
    """A load balancer for HTTPS.

    `listener` is an ARN, `hosted_zone` the zone of AWS that `dns_name` lies in, `domain_zone` that of the domain.
    `ports` are those on which it reaches pods of the cluster.
    """

    listener: str
    dns_name: str
    hosted_zone: str
    domain: str
    domain_zone: str
    ports: tuple[int, ...]


class SharedRole(Model):
    """A role for the pods of an app in namespaces of pull requests.

    `secrets` are the names in AWS Secrets Manager that it reads.
    """

    arn: str
    secrets: tuple[str, ...]


class Sharing(Model):
    """A cluster with what surrounds it.

    `public_networks` are the load balancers' subnets; `guest_roles` are by app, None where the stack invites no pull
    requests; `deployers` are the roles that may deploy guests. `copies_secrets` says whether the driver of secrets may
    make Secrets. `outputs` are what the stack's own code returns.
    """

    cluster: str
    kubeconfig: str
    vpc: str
    public_networks: tuple[str, ...]
    copies_secrets: Switch = False
    guest_roles: Mapping[str, SharedRole] | None = None
    deployers: tuple[str, ...]
    outputs: Mapping[str, str] = {}
    load_balancer: SharedLoadBalancer | None = None


def read_sharing(stack: str) -> Sharing:
    """Read what another stack of this project shares.

    Raises:
        SettingsError: there is no such stack in the backend, or it shares nothing.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    try:
        answer: Any = cast(Any, pulumi.runtime.invoke)(READ_OUTPUTS, {"name": name}).value
    except Exception as error:
        raise refusal(
            "nightowl:platform.stack",
            f"the outputs of {stack} cannot be read; deploy that stack first, with the same backend ({error})",
        ) from error
    outputs = cast(Mapping[str, object], answer["outputs"])
    try:
        return Sharing.model_validate(outputs.get(OUTPUT))
    except ValidationError:
        raise refusal(
            "nightowl:platform.stack",
            f"{stack} does not tell what a guest needs (its output `{OUTPUT}`); deploy it once with this version",
        ) from None
