"""The loopback ports of a cluster's components."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack
from dataclasses import dataclass, fields

from infra.local.cluster.errors import ClusterError

LOOPBACK = "127.0.0.1"
FIRST_PORT, LAST_PORT = 20_000, 29_999
"""Below the range from which Linux (32768) and macOS (49152) take ports for outgoing connections."""
ATTEMPTS = 200


@dataclass(frozen=True, kw_only=True)
class Ports:
    """One TCP port per listener."""

    apiserver: int
    etcd: int
    etcd_peer: int
    controller_manager: int
    scheduler: int
    kwok: int
    metrics_server: int
    karpenter_metrics: int
    karpenter_health: int


def choose_ports(api_port: int | None) -> Ports:
    """Pick free ports, all different; `api_port`, when given, is checked instead of chosen. Raises ClusterError."""
    with ExitStack() as held:
        if api_port is not None and not _hold(api_port, held):
            raise ClusterError(f"port {api_port} of {LOOPBACK} is in use. Choose another, or none to get a free one.")
        chosen = {} if api_port is None else {"apiserver": api_port}
        free = {field.name: _free_port(held) for field in fields(Ports) if field.name not in chosen}
        return Ports(**chosen, **free)


def _free_port(held: ExitStack) -> int:
    for _ in range(ATTEMPTS):
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT + 1)
        if _hold(port, held):
            return port
    raise ClusterError(f"no free port between {FIRST_PORT} and {LAST_PORT} of {LOOPBACK} was found.")


def _hold(port: int, held: ExitStack) -> bool:
    """Keep the port bound until `held` closes, so that no two components get the same one."""
    listener = held.enter_context(socket.socket())
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        return False
    return True
