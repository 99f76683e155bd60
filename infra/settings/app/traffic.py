"""How requests from outside reach a web app."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Tag

from infra.settings.app.ports import PeerPort, Protocol
from infra.settings.model import FieldError, Model, Rule, repeated, short_form
from infra.settings.scalars import Notation, Seconds, Switch, form, seconds_text

LONGEST_STICKY_SECONDS = 7 * 86400
"""Of a load balancer's own cookie (Elastic Load Balancing API, TargetGroupAttribute)."""
_OF_HTTP = {"host": "host", "hosts": "host", "path": "path", "paths": "path", "sticky": "cookie", "redirect": "host"}
"""Keys that say something of HTTP only, each with what nothing but HTTP names."""
HTTPS = "https"
"""What `redirect` says for a redirect to HTTPS; no host has this name, as it has no dot."""
_HOST = r"(?=.{1,253}$)(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\.)+(?![0-9]+$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_check_host = form(_HOST, "is not a host name such as app.example.com")
Host = Annotated[str, AfterValidator(_check_host), Notation("host name")]
"""At least two labels, and no IP address."""
_check_host_pattern = form(rf"(?:\*\.)?{_HOST}", "is not a host name such as app.example.com or *.example.com")
HostPattern = Annotated[str, AfterValidator(_check_host_pattern), Notation("host name")]
"""With a wildcard for its first label, or without."""

_check_path_prefix = form(r"(?!.*//)(?!.*/\.{1,2}(?:/|$))/[A-Za-z0-9._~/-]*", "is not a path prefix such as / or /api")
PathPrefix = Annotated[str, AfterValidator(_check_path_prefix), Notation("path")]


class PathSettings(Model):
    """A path that the app takes, with all that is below it. A bare text is such a path."""

    path: PathPrefix
    """The path."""
    exact: Switch = False
    """This path alone, and nothing below it."""

    @property
    def normal(self) -> str:
        """The path without a slash at its end, which an Ingress and a load balancer do not tell apart."""
        return self.path if self.exact else self.path.rstrip("/") or "/"


TrafficPath = Annotated[
    PathSettings, short_form(str, "path", "is not a path such as /api, nor a mapping with path and exact")
]


class TrafficSettings(Model):
    """A public address of an app: hosts and paths, or a port of the load balancer."""

    protocol: Literal["http", "http2", "grpc", "tcp", "udp"] = "http"
    """What the app speaks. `http2` and `grpc` go by hosts and paths as `http` does; `tcp` and `udp` are for all else:
    the load balancer forwards whole connections, or datagrams, that arrive on the port of the app's Service."""
    host: HostPattern | None = None
    """Host name; without one the app answers on every host of the load balancer. `*.example.com` takes every name that
    no other app has."""
    hosts: tuple[HostPattern, ...] = ()
    """Several host names instead of one."""
    path: PathPrefix = "/"
    """Path prefix."""
    paths: tuple[TrafficPath, ...] = ()
    """Several paths instead of one: prefixes, and `{path: /robots.txt, exact: true}`."""
    port: PeerPort | None = None
    """The port that it leads to, by number or by its name under `ports`; by default the app's own."""
    sticky: Seconds | None = None
    """How long a browser stays with one pod, by a cookie of the load balancer."""
    redirect: Annotated[HostPattern | Literal["https"], Notation("https or host name")] | None = None
    """One of `hosts`, to which requests for the others are sent (301); or `https`, to which plain HTTP is."""

    @property
    def is_http(self) -> bool:
        """Whether it goes by hosts and paths."""
        return self.protocol in {"http", "http2", "grpc"}

    @property
    def transport(self) -> Protocol:
        """What carries it."""
        return "UDP" if self.protocol == "udp" else "TCP"

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """Its hosts; none for every host."""
        return self.hosts if self.host is None else (self.host,)

    @property
    def all_paths(self) -> tuple[PathSettings, ...]:
        """Its paths."""
        return self.paths or (PathSettings(path=self.path),)

    @property
    def canonical_host(self) -> str | None:
        """The host to which requests for the others are sent, where there is one."""
        return None if self.redirect == HTTPS else self.redirect

    @property
    def redirected_hosts(self) -> tuple[str, ...]:
        """The hosts whose requests, for every path, are sent to another one of the app's."""
        return () if self.canonical_host is None else tuple(one for one in self.all_hosts if one != self.canonical_host)

    @property
    def answering_hosts(self) -> tuple[str, ...]:
        """The hosts for which the app itself answers; none for every host."""
        return self.all_hosts if self.canonical_host is None else (self.canonical_host,)

    @property
    def addresses(self) -> Iterator[str]:
        """What no other app may have too."""
        for host in self.answering_hosts or ("any host",):
            for path in self.all_paths:
                yield f"{host}{path.normal}{' alone' if path.exact else ''}"
        yield from (f"{host}/" for host in self.redirected_hosts)

    def _rules(self) -> Iterator[Rule]:
        yield self._host_errors
        yield self._path_errors
        yield self._redirect_errors
        for key, names in _OF_HTTP.items():
            yield functools.partial(self._http_only_errors, key, names)
        yield self._sticky_errors

    def _sticky_errors(self) -> Iterator[FieldError]:
        if self.sticky is not None and not 1 <= self.sticky <= LONGEST_STICKY_SECONDS:
            yield FieldError("sticky", f"{seconds_text(self.sticky)} is not between 1s and 7d")

    def _host_errors(self) -> Iterator[FieldError]:
        if self.host is not None and self.hosts:
            yield FieldError("hosts", "goes without host; write all of them here")
        for index in repeated(self.hosts):
            yield FieldError(("hosts", index), f"{self.hosts[index]} is listed twice; remove one")

    def _path_errors(self) -> Iterator[FieldError]:
        if self.path != "/" and self.paths:
            yield FieldError("paths", "goes without path; write all of them here")
        for index in repeated([(path.normal, path.exact) for path in self.paths]):
            yield FieldError(("paths", index), f"{self.paths[index].path} is listed twice; remove one")

    def _redirect_errors(self) -> Iterator[FieldError]:
        target = self.canonical_host
        if target is None or not self.is_http:
            return
        if self.protocol == "grpc":
            yield FieldError("redirect", "goes without gRPC, whose clients follow none")
        elif target not in self.all_hosts or target.startswith("*"):
            yield FieldError("redirect", f"{target} is none of the hosts; write https, or one of them without wildcard")
        elif len(self.all_hosts) == 1:
            yield FieldError("redirect", f"there is nothing to send to {target}; name the other hosts too, under hosts")

    def _http_only_errors(self, key: str, names: str) -> Iterator[FieldError]:
        if not self.is_http and getattr(self, key) != type(self).model_fields[key].default:
            what = "a UDP datagram" if self.protocol == "udp" else "a TCP connection"
            yield FieldError(key, f"goes with protocol http only; {what} names no {names}")


def _written_as(value: object) -> str:
    return "<several>" if isinstance(value, list | tuple) else "<one>"


Traffic = Annotated[
    Annotated[TrafficSettings, Tag("<one>")] | Annotated[tuple[TrafficSettings, ...], Tag("<several>")],
    Discriminator(_written_as),
]
"""One address, or a list of several that lead to different ports."""
