"""How a load balancer asks a pod whether it is well: the app's own readiness question, as far as it can ask it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.settings.app.addresses import PublicAddress
from infra.settings.app.health import ProbeSettings

HEALTHY = "200-399"
"""What a readiness probe takes for healthy."""
ANY_ANSWER = "200-499"
"""All that a load balancer can take for healthy: what answers, if only that it does not know the path or the host."""
GRPC_HEALTH_PATH = "/grpc.health.v1.Health/Check"
"""The method of the gRPC health checking protocol (grpc/grpc, doc/health-checking.md)."""
GRPC_SERVING = "0"
GRPC_UNKNOWN_PATH = "/AWS.ALB/healthcheck"
GRPC_UNIMPLEMENTED = "12"
"""What a gRPC server answers to a method that it does not have, and the method for which Elastic Load Balancing asks by
default: proof that a gRPC server is there."""


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """What a target group asks."""

    protocol: Literal["HTTP", "HTTPS", "TCP"]
    port: int | None = None
    """None for the port that gets the traffic."""
    path: str | None = None
    matcher: str | None = None


def health_check(address: PublicAddress) -> HealthCheck | None:
    """Return how a load balancer asks the pods behind an address; None where it has no way to ask.

    It runs no command, sends no headers of its own, and speaks gRPC only to a target that gets gRPC.
    """
    readiness, own, default = address.settings.health.readiness, address.port.number, address.settings.served_port
    match address.traffic.protocol:
        case "tcp":
            return HealthCheck(protocol="TCP")
        case "udp":
            return _beside_udp(readiness, default)
        case "grpc":
            return _of_grpc(readiness, own)
        case _:
            return _of_http(readiness, own=own, default=default)


def checked_port(address: PublicAddress) -> int | None:
    """Return the TCP port on which a load balancer asks, whether it gets the traffic too or not."""
    check = health_check(address)
    if check is None:
        return None
    return address.port.number if check.port is None else check.port


def _of_http(readiness: ProbeSettings | None, *, own: int, default: int | None) -> HealthCheck:
    if readiness is None or readiness.http is None:
        return HealthCheck(protocol="HTTP", path="/", matcher=ANY_ANSWER)
    return _asked_by_http(readiness, readiness.http, own=own, default=default)


def _asked_by_http(readiness: ProbeSettings, path: str, *, own: int | None, default: int | None) -> HealthCheck:
    port = readiness.port or default
    return HealthCheck(
        protocol=readiness.scheme,
        port=None if port == own else port,
        path=path,
        # Without its headers the question can be answered otherwise: Django refuses an unknown Host by 400.
        matcher=ANY_ANSWER if readiness.headers else HEALTHY,
    )


def _of_grpc(readiness: ProbeSettings | None, own: int) -> HealthCheck:
    if readiness is None or readiness.grpc is None:
        return HealthCheck(protocol="HTTP", path=GRPC_UNKNOWN_PATH, matcher=GRPC_UNIMPLEMENTED)
    port = None if readiness.grpc.port in {None, own} else readiness.grpc.port
    return HealthCheck(protocol="HTTP", port=port, path=GRPC_HEALTH_PATH, matcher=GRPC_SERVING)


def _beside_udp(readiness: ProbeSettings | None, default: int | None) -> HealthCheck | None:
    """Nothing answers a question over UDP, so the load balancer asks on a TCP port."""
    if readiness is not None and readiness.http is not None:
        return _asked_by_http(readiness, readiness.http, own=None, default=default)
    port = default if readiness is None or readiness.tcp is None else readiness.tcp
    return None if port is None else HealthCheck(protocol="TCP", port=port)
