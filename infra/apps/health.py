"""Probes: when a container is started, ready and alive.

| probe     | given       | not given, container with a port    | not given, container without a port    |
|-----------|-------------|-------------------------------------|----------------------------------------|
| startup   | as it is    | the readiness question, for 60 s    | the question of another probe, or none |
| readiness | as it is    | TCP on the port every 5 s, 3 times  | none                                   |
| liveness  | as it is    | TCP on the port every 20 s, 3 times | none                                   |

Liveness is the slower one: a busy app first gets no more traffic, and is restarted only if that did not help.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.settings.app.health import LIVENESS_PERIOD_SECONDS, HealthSettings, ProbeSettings

STARTUP_PERIOD_SECONDS = 2
STARTUP_BUDGET_SECONDS = 60
READINESS_PERIOD_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Probes:
    """The three probes of one container."""

    startup: k8s.core.v1.ProbeArgs | None = None
    readiness: k8s.core.v1.ProbeArgs | None = None
    liveness: k8s.core.v1.ProbeArgs | None = None


def probes(settings: HealthSettings, *, port: int | None) -> Probes:
    """Build the probes of a container that serves `port`, or none."""
    readiness = settings.readiness or _port_is_open(port, period=READINESS_PERIOD_SECONDS)
    liveness = settings.liveness or _port_is_open(port, period=LIVENESS_PERIOD_SECONDS)
    startup = settings.startup or _until_started(readiness or liveness)
    return Probes(
        startup=_probe(startup, port=port), readiness=_probe(readiness, port=port), liveness=_probe(liveness, port=port)
    )


def _port_is_open(port: int | None, *, period: int) -> ProbeSettings | None:
    return None if port is None else ProbeSettings(tcp=port).model_copy(update={"period": period})


def _until_started(question: ProbeSettings | None) -> ProbeSettings | None:
    if question is None:
        return None
    return question.model_copy(
        update={"period": STARTUP_PERIOD_SECONDS, "failures": STARTUP_BUDGET_SECONDS // STARTUP_PERIOD_SECONDS}
    )


def _probe(settings: ProbeSettings | None, *, port: int | None) -> k8s.core.v1.ProbeArgs | None:
    if settings is None:
        return None
    probe = k8s.core.v1.ProbeArgs(
        period_seconds=settings.period, timeout_seconds=settings.timeout, failure_threshold=settings.failures
    )
    http_port = settings.port or port
    if settings.exec is not None:
        probe.exec_ = k8s.core.v1.ExecActionArgs(command=list(settings.exec))
    elif settings.tcp is not None:
        probe.tcp_socket = k8s.core.v1.TCPSocketActionArgs(port=settings.tcp)
    elif settings.http is not None and http_port is not None:
        probe.http_get = k8s.core.v1.HTTPGetActionArgs(path=settings.http, port=http_port)
    return probe
