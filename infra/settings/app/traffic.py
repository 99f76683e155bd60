"""How requests from outside reach a web app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator

from infra.settings.app.ports import PeerPort, Protocol
from infra.settings.model import FieldError, Model
from infra.settings.scalars import Notation, form

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
    port: PeerPort | None = None
    """The port that it leads to, by number or by its name under `ports`; by default the app's own."""

    @property
    def transport(self) -> Protocol:
        """What carries it."""
        return "TCP"

    def _errors(self) -> Iterator[FieldError]:
        if self.protocol == "tcp" and self.host is not None:
            yield FieldError("host", "goes with protocol http only; a TCP connection names no host")
        if self.protocol == "tcp" and self.path != "/":
            yield FieldError("path", "goes with protocol http only; a TCP connection names no path")
