"""Probes: when a container is started, ready and alive.

| probe     | given       | not given, container with a port                 | not given, container without a port    |
|-----------|-------------|--------------------------------------------------|----------------------------------------|
| startup   | as it is    | the readiness question, for `startWithin`        | the question of another probe, or none |
| readiness | as it is    | TCP on the port every 5 s, 3 times               | none                                   |
| liveness  | as it is    | TCP on the port, at least twice as patient       | none                                   |

Liveness is the slower one: a container that hangs first gets no more traffic, and is restarted only if that did not
help. The restart itself is not drained: the kubelet ends the container, and what it was doing is lost.
"""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.settings.app.health import HealthSettings, ProbeSettings


def with_probes(
    container: k8s.core.v1.ContainerArgs, settings: HealthSettings, *, port: int | None
) -> k8s.core.v1.ContainerArgs:
    """Add the probes of a container that serves `port`, or none."""
    asked = settings.probes(port=port)
    container.startup_probe = _probe(asked.startup, port=port)
    container.readiness_probe = _probe(asked.readiness, port=port)
    container.liveness_probe = _probe(asked.liveness, port=port)
    return container


def _probe(settings: ProbeSettings | None, *, port: int | None) -> k8s.core.v1.ProbeArgs | None:
    if settings is None:
        return None
    probe = k8s.core.v1.ProbeArgs(
        initial_delay_seconds=settings.initial_delay or None,
        period_seconds=settings.period,
        timeout_seconds=settings.timeout,
        success_threshold=settings.successes if settings.successes > 1 else None,
        failure_threshold=settings.failures,
    )
    if settings.exec is not None:
        probe.exec_ = k8s.core.v1.ExecActionArgs(command=list(settings.exec))
    elif settings.tcp is not None:
        probe.tcp_socket = k8s.core.v1.TCPSocketActionArgs(port=settings.tcp)
    elif settings.grpc is not None:
        probe.grpc = k8s.core.v1.GRPCActionArgs(
            port=settings.grpc.port or port or 0, service=settings.grpc.service or None
        )
    elif settings.http is not None:
        probe.http_get = _http_get(settings, settings.http, port=settings.port or port or 0)
    return probe


def _http_get(settings: ProbeSettings, path: str, *, port: int) -> k8s.core.v1.HTTPGetActionArgs:
    return k8s.core.v1.HTTPGetActionArgs(
        path=path,
        port=port,
        scheme=None if settings.scheme == "HTTP" else settings.scheme,
        http_headers=[k8s.core.v1.HTTPHeaderArgs(name=name, value=value) for name, value in settings.headers.items()]
        or None,
    )
