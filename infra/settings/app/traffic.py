"""How requests from outside reach a web app, and which containers may talk to each other."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BeforeValidator

from infra.settings.app.health import Port
from infra.settings.model import FieldError, Model
from infra.settings.scalars import Notation, Switch, form

LOAD_BALANCER = "load-balancer"
METADATA_NETWORKS = ("169.254.169.254/32", "fd00:ec2::254/128")
"""Where a machine at AWS asks for its own credentials (EC2 instance metadata)."""

_check_host = form(
    r"(?=.{1,253}$)(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\.)+(?![0-9]+$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?",
    "is not a host name such as app.example.com",
)
Host = Annotated[str, AfterValidator(_check_host), Notation("host name")]
"""At least two labels, and no IP address."""


_check_path_prefix = form(r"(?!.*//)/[A-Za-z0-9._~/-]*", "is not a path prefix such as / or /api")
PathPrefix = Annotated[str, AfterValidator(_check_path_prefix), Notation("path")]


class TrafficSettings(Model):
    """The public address of a web app."""

    protocol: Literal["http", "tcp"] = "http"
    """`tcp` for what is not HTTP: the load balancer forwards whole connections that arrive on the app's port."""
    host: Host | None = None
    """Host name; without one the app answers on every host of the load balancer."""
    path: PathPrefix = "/"
    """Path prefix."""

    def _errors(self) -> Iterator[FieldError]:
        if self.protocol == "tcp" and self.host is not None:
            yield FieldError("host", "goes with protocol http only; a TCP connection names no host")
        if self.protocol == "tcp" and self.path != "/":
            yield FieldError("path", "goes with protocol http only; a TCP connection names no path")


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


class Peer(Model):
    """The other side of an allowed flow: exactly one of an app of this stack, a network, or the load balancer.

    A bare text is read by its form: `load-balancer`, a network such as `10.1.0.0/16`, else the name of an app.
    """

    app: str | None = None
    """Name of an app of this stack."""
    cidr: Cidr | None = None
    """Network, as address and prefix length."""
    load_balancer: Switch = False
    """The platform's load balancer; in `allowFrom` only."""
    ports: tuple[Port, ...] = ()
    """Ports of a network in `allowTo`; none given means all."""

    def _errors(self) -> Iterator[FieldError]:
        given = [self.app is not None, self.cidr is not None, self.load_balancer]
        if sum(given) != 1:
            yield FieldError((), "give exactly one of app, cidr and loadBalancer")
        elif self.cidr in METADATA_NETWORKS:
            message = f"{self.cidr} is the node's metadata service, which gives out the node's credentials"
            yield FieldError("cidr", message)
        elif self.ports and self.cidr is None:
            yield FieldError("ports", "goes with cidr only; an app is called on its own port")


def _text_is_peer(value: object) -> object:
    if isinstance(value, str):
        if value == LOAD_BALANCER:
            return {"loadBalancer": True}
        return {"cidr": value} if "/" in value else {"app": value}
    if isinstance(value, dict | Peer):
        return cast(object, value)
    raise ValueError("is not the name of an app, a network, or load-balancer")


Flow = Annotated[Peer, BeforeValidator(_text_is_peer)]
