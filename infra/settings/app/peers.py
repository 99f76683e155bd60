"""Which containers may talk to each other, and to what lies outside the stack."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated, cast

from pydantic import AfterValidator, BeforeValidator

from infra.labels import NAME_LABEL
from infra.settings.app.placement import LabelValue, check_label_key
from infra.settings.app.ports import PeerPort, number_and_protocol
from infra.settings.model import FieldError, Model, Rule
from infra.settings.scalars import Notation, Switch, form

LOAD_BALANCER = "load-balancer"
SELF = "self"
METADATA_NETWORKS = ("169.254.169.254/32", "fd00:ec2::254/128")
"""Where a machine at AWS asks for its own credentials (EC2 instance metadata)."""


def check_cidr(value: str) -> str:
    """Accept an IPv4 or IPv6 network, written with its first address.

    Raises:
        ValueError: anything else.
    """
    message = "is not a network such as 10.1.0.0/16"
    if not re.fullmatch(r"[0-9A-Fa-f.:]{2,45}/[0-9]{1,3}", value):
        raise ValueError(message)
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError(message) from None
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise ValueError("is an IPv4 network in the form of IPv6, which Kubernetes refuses; write it as 10.1.0.0/16")
    if str(network.network_address) != str(ipaddress.ip_address(value.partition("/")[0])):
        raise ValueError(f"is an address inside a network; did you mean {network}?")
    return value


Cidr = Annotated[str, AfterValidator(check_cidr), Notation("network")]
PodLabelKey = Annotated[str, AfterValidator(check_label_key), Notation("label key")]
_check_namespace = form(
    r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", "is not the name of a namespace: use lower-case letters, digits and dashes"
)
NamespaceName = Annotated[str, AfterValidator(_check_namespace), Notation("namespace")]


class Peer(Model):
    """The other side of an allowed flow: an app of this stack, another namespace, a network, or the load balancer.

    A bare text is read by its form: `self`, `load-balancer`, a network such as `10.1.0.0/16`, else the name of an app.
    """

    app: str | None = None
    """Name of an app of this stack; `self` for the pods of this app among themselves. With `namespace`, the pods there
    whose label `app.kubernetes.io/name` says so."""
    namespace: NamespaceName | None = None
    """Another namespace of the cluster: all of its pods, unless `app` or `labels` choose."""
    labels: dict[PodLabelKey, LabelValue] = {}
    """Labels of the pods in `namespace`."""
    cidr: Cidr | None = None
    """Network, as address and prefix length."""
    load_balancer: Switch = False
    """The platform's load balancer; in `allowFrom` only."""
    ports: tuple[PeerPort, ...] = ()
    """Ports that are opened: `5679`, `53/udp`, or the name of one of the app's. By default all that the app serves;
    with `self`, or to a namespace or a network, every port."""

    def _rules(self) -> tuple[Rule, ...]:
        return self._target_errors, self._label_errors

    def _target_errors(self) -> Iterator[FieldError]:
        outside = self.namespace is not None
        given = [self.app is not None and not outside, outside, self.cidr is not None, self.load_balancer]
        if sum(given) != 1 or (self.app is not None and (self.cidr is not None or self.load_balancer)):
            yield FieldError((), "give exactly one of app, namespace, cidr and loadBalancer")
        elif self.cidr in METADATA_NETWORKS:
            message = f"{self.cidr} is the node's metadata service, which gives out the node's credentials"
            yield FieldError("cidr", message)

    def _label_errors(self) -> Iterator[FieldError]:
        if self.labels and self.namespace is None:
            yield FieldError("labels", "goes with namespace; the pods of this stack are named by app")
        if self.app is not None and NAME_LABEL in self.labels:
            yield FieldError(("labels", NAME_LABEL), "is what app says; remove one of them")

    def named_ports(self) -> list[int]:
        """List the positions of the ports that are given by name."""
        return [index for index, port in enumerate(self.ports) if number_and_protocol(port) is None]


def _text_is_peer(value: object) -> object:
    if isinstance(value, str):
        if value == LOAD_BALANCER:
            return {"loadBalancer": True}
        return {"cidr": value} if "/" in value else {"app": value}
    if isinstance(value, dict | Peer):
        return cast(object, value)
    raise ValueError("is not the name of an app, a network, self or load-balancer")


Flow = Annotated[Peer, BeforeValidator(_text_is_peer, json_schema_input_type=str)]
