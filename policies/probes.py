"""Probes, by which Kubernetes knows whether a container lives and may be sent requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.objects import DAEMON_SET, REPLICATED
from policies.pods import called, lasting_containers, serves
from policies.rule import ResourceRule, Rule, Severity
from policies.stack import Resource
from policies.values import mapping, number, sequence, text, within

LASTING = (*REPLICATED, DAEMON_SET)
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
URL = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
FAILURES = 3
"""What `failureThreshold` is by default."""


def _serving(resource: Resource) -> Iterator[Mapping[str, Any]]:
    return (container for container in lasting_containers(resource) if serves(container))


def _has(container: Mapping[str, Any], probe: str) -> bool:
    return bool(mapping(within(container, probe)))


def _liveness(resource: Resource) -> Iterator[str]:
    for container in _serving(resource):
        if not _has(container, "livenessProbe"):
            yield f"{called(container)} has no livenessProbe"


def _readiness(resource: Resource) -> Iterator[str]:
    for container in _serving(resource):
        if not _has(container, "readinessProbe"):
            yield f"{called(container)} has no readinessProbe"


def _asked(probe: Any) -> tuple[Any, ...]:
    """What a probe asks, to be compared."""
    return (
        text(probe, "httpGet", "path"),
        str(within(probe, "httpGet", "port")),
        str(within(probe, "tcpSocket", "port")),
        str(within(probe, "grpc", "port")),
        text(probe, "grpc", "service"),
        tuple(str(part) for part in sequence(within(probe, "exec", "command"))),
    )


def _identical(resource: Resource) -> Iterator[str]:
    for container in lasting_containers(resource):
        live, ready = within(container, "livenessProbe"), within(container, "readinessProbe")
        if mapping(live) and mapping(ready) and _asked(live) == _asked(ready):
            yield f"{called(container)} is restarted by the same check that takes it out of service"


def _slow_start(resource: Resource) -> Iterator[str]:
    for container in lasting_containers(resource):
        if _has(container, "livenessProbe") and not _has(container, "startupProbe"):
            yield f"{called(container)} has a livenessProbe and no startupProbe"


def _exec_timeout(resource: Resource) -> Iterator[str]:
    for container in lasting_containers(resource):
        for probe in PROBES:
            runs = within(container, probe, "exec") is not None
            if runs and (number(container, probe, "timeoutSeconds") or 1) <= 1:
                yield f"{probe} of {called(container)} gives its command one second"


def _impatient(resource: Resource) -> Iterator[str]:
    for container in lasting_containers(resource):
        if _has(container, "livenessProbe"):
            failures = number(container, "livenessProbe", "failureThreshold")
            if failures is not None and failures < FAILURES:
                yield f"{called(container)} is restarted after {failures:g} failed checks"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="liveness-probe",
        severity=Severity.MEDIUM,
        types=LASTING,
        controls=("C65", "R13"),
        frameworks=("CKV_K8S_8",),
        protects_from="A process that hangs is never started anew.",
        remediation="Add a livenessProbe that asks the process itself and nothing behind it.",
        url=URL,
        check=_liveness,
    ),
    ResourceRule(
        name="readiness-probe",
        severity=Severity.HIGH,
        types=LASTING,
        controls=("C65", "R13"),
        frameworks=("CKV_K8S_9",),
        protects_from="A pod gets requests before it can answer, and a broken version replaces the good one.",
        remediation="Add a readinessProbe to every container with a port.",
        url=URL,
        check=_readiness,
    ),
    ResourceRule(
        name="probes-differ",
        severity=Severity.MEDIUM,
        types=LASTING,
        controls=("C65", "R13"),
        frameworks=("kube-score pod-probes-identical",),
        protects_from="A pod that only needs a pause is restarted, and under load all of them one after another.",
        remediation="Let the livenessProbe ask another endpoint than the readinessProbe.",
        url=URL,
        check=_identical,
    ),
    ResourceRule(
        name="startup-probe",
        severity=Severity.LOW,
        types=LASTING,
        controls=("R13",),
        frameworks=("EKS best practices",),
        protects_from="A slow start is taken for a hang, and the container is restarted for ever.",
        remediation="Add a startupProbe whose period times failures is the longest start.",
        url=URL,
        check=_slow_start,
    ),
    ResourceRule(
        name="probe-command-timeout",
        severity=Severity.LOW,
        types=LASTING,
        controls=("R13",),
        frameworks=("EKS best practices",),
        protects_from="On a busy node a command takes more than a second to start, and healthy pods are restarted.",
        remediation="Set timeoutSeconds of the probe to more than 1.",
        url=URL,
        check=_exec_timeout,
    ),
    ResourceRule(
        name="liveness-patience",
        severity=Severity.LOW,
        types=LASTING,
        controls=("R13",),
        frameworks=(),
        protects_from="One slow answer restarts a pod, and its load makes the others slow.",
        remediation=f"Set failureThreshold of the livenessProbe to {FAILURES} or more.",
        url=URL,
        check=_impatient,
    ),
)
