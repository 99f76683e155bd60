"""The ports that an app serves, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from infra.settings.model import FieldError, Model, short_form
from infra.settings.scalars import Notation, WholeNumber, form

OWN_PORT_NAME = "app"
"""The name of the port under the app's key `port`, in its container and its Service."""
Protocol = Literal["TCP", "UDP"]

Port = Annotated[WholeNumber, Field(ge=1, le=65535), Notation("port")]

_check_port_name = form(
    r"(?=.*[a-z])(?!.*--)[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?",
    "is not the name of a port: use lower-case letters, digits and single dashes, at most 15 characters",
)
PortName = Annotated[str, AfterValidator(_check_port_name), Notation("port name")]
"""As Kubernetes takes it (RFC 6335, section 5.1)."""


class PortSettings(Model):
    """One more port. A bare number is a TCP port."""

    port: Port
    """The port that the container serves."""
    protocol: Literal["tcp", "udp"] = "tcp"
    """`udp` for datagrams."""
    service_port: Port | None = None
    """The port of the Service in front of it; by default the same."""


NamedPort = Annotated[
    PortSettings,
    short_form(int, "port", "is not a port such as 5679, nor a mapping with port, protocol or servicePort"),
]
Ports = dict[PortName, NamedPort]


@dataclass(frozen=True, kw_only=True)
class ServedPort:
    """A port of an app's pods, and that of the Service in front of it."""

    name: str
    number: int
    protocol: Protocol = "TCP"
    service_port: int

    def __str__(self) -> str:
        """Write it as messages do."""
        return f"{self.name} ({self.number}{'/udp' if self.protocol == 'UDP' else ''})"


def served_ports(port: int | None, service_port: int | None, more: Ports) -> tuple[ServedPort, ...]:
    """List all ports of an app, its own first."""
    own = (
        ()
        if port is None
        else (ServedPort(name=OWN_PORT_NAME, number=port, protocol="TCP", service_port=service_port or port),)
    )
    return own + tuple(
        ServedPort(
            name=name,
            number=one.port,
            protocol="UDP" if one.protocol == "udp" else "TCP",
            service_port=one.service_port or one.port,
        )
        for name, one in more.items()
    )


def port_errors(port: int | None, service_port: int | None, more: Ports) -> Iterator[FieldError]:
    """Find ports that stand in each other's way."""
    if port is None and service_port is not None:
        yield FieldError("servicePort", "goes with port; write it below the port that it stands for, under ports")
    if port is not None and OWN_PORT_NAME in more:
        yield FieldError(("ports", OWN_PORT_NAME), "is the name of the port under 'port'; choose another")
    served = served_ports(port, service_port, {name: one for name, one in more.items() if name != OWN_PORT_NAME})
    for index, one in enumerate(served):
        for other in served[:index]:
            if (other.number, other.protocol) == (one.number, one.protocol):
                yield FieldError(("ports", one.name), f"{one.number} is the port of {other.name} too; name it once")
            elif (other.service_port, other.protocol) == (one.service_port, one.protocol):
                message = f"{one.service_port} is the Service's port of {other.name} too; give one a servicePort"
                yield FieldError(("ports", one.name), message)


PortReference = Annotated[int | str, Notation("port or its name")]


def _check_reference(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return value
    if isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,4}/(tcp|udp)", value):
        number, _, protocol = value.partition("/")
        if int(number) <= 65535:
            return int(number) if protocol == "tcp" else value
    if isinstance(value, str):
        try:
            return _check_port_name(value)
        except ValueError:
            pass
    raise ValueError("is not a port such as 5679 or 53/udp, nor the name of one")


PeerPort = Annotated[PortReference, BeforeValidator(_check_reference)]
"""A port of a peer: `5679`, `53/udp`, or a name under its `ports`."""


def number_and_protocol(reference: int | str) -> tuple[int, Protocol] | None:
    """Read `5679` and `53/udp`; None for a name."""
    if isinstance(reference, int):
        return reference, "TCP"
    number, _, protocol = reference.partition("/")
    return (int(number), "UDP") if protocol == "udp" else None


def find_port(reference: int | str, ports: Sequence[ServedPort]) -> ServedPort | None:
    """Return the port that is meant: by its name, its number in the container, or that of its Service."""
    numbered = number_and_protocol(reference)
    if numbered is None:
        return next((port for port in ports if port.name == reference), None)
    number, protocol = numbered
    of_protocol = [port for port in ports if port.protocol == protocol]
    by_number: Mapping[int, ServedPort] = {port.number: port for port in of_protocol}
    return by_number.get(number) or next((port for port in of_protocol if port.service_port == number), None)
