"""Probes, by which Kubernetes knows whether a container lives and may be sent requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.facts.objects import DAEMON_SET, REPLICATED
from policies.facts.pods import PROBES, called, lasting_containers, serves
from policies.facts.stack import Resource
from policies.facts.values import mapping, number, sequence, text, within
from policies.rule import Family, Severity

LASTING = (*REPLICATED, DAEMON_SET)
URL = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
FAILURES = 3
"""What `failureThreshold` is by default."""


family = Family("Probes", __doc__, url=URL)


def _serving(resource: Resource) -> Iterator[Mapping[str, Any]]:
    return (container for container in lasting_containers(resource) if serves(container))


def _has(container: Mapping[str, Any], probe: str) -> bool:
    return bool(mapping(within(container, probe)))


@family.resource_rule(
    "liveness-probe",
    Severity.MEDIUM,
    LASTING,
    protects_from="A process that hangs is never started anew.",
    remediation="Add a livenessProbe that asks the process itself and nothing behind it.",
    frameworks=("CKV_K8S_8",),
)
def _liveness(resource: Resource) -> Iterator[str]:
    for container in _serving(resource):
        if not _has(container, "livenessProbe"):
            yield f"{called(container)} has no livenessProbe"


@family.resource_rule(
    "readiness-probe",
    Severity.HIGH,
    LASTING,
    protects_from="A pod gets requests before it can answer, and a broken version replaces the good one.",
    remediation="Add a readinessProbe to every container with a port.",
    frameworks=("CKV_K8S_9",),
)
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


@family.resource_rule(
    "probes-differ",
    Severity.MEDIUM,
    LASTING,
    protects_from="A pod that only needs a pause is restarted, and under load all of them one after another.",
    remediation="Let the livenessProbe ask another endpoint than the readinessProbe.",
    frameworks=("kube-score pod-probes-identical",),
)
def _identical(resource: Resource) -> Iterator[str]:
    for container in lasting_containers(resource):
        live, ready = within(container, "livenessProbe"), within(container, "readinessProbe")
        if mapping(live) and mapping(ready) and _asked(live) == _asked(ready):
            yield f"{called(container)} is restarted by the same check that takes it out of service"


@family.resource_rule(
    "startup-probe",
    Severity.LOW,
    LASTING,
    protects_from="A slow start is taken for a hang, and the container is restarted for ever.",
    remediation="Add a startupProbe whose period times failures is the longest start.",
    frameworks=("EKS best practices",),
)
def _slow_start(resource: Resource) -> Iterator[str]:
    for container in lasting_containers(resource):
        if _has(container, "livenessProbe") and not _has(container, "startupProbe"):
            yield f"{called(container)} has a livenessProbe and no startupProbe"


@family.resource_rule(
    "probe-command-timeout",
    Severity.LOW,
    LASTING,
    protects_from="On a busy node a command takes more than a second to start, and healthy pods are restarted.",
    remediation="Set timeoutSeconds of the probe to more than 1.",
    frameworks=("EKS best practices",),
)
def _exec_timeout(resource: Resource) -> Iterator[str]:
    for container in lasting_containers(resource):
        for probe in PROBES:
            runs = within(container, probe, "exec") is not None
            if runs and (number(container, probe, "timeoutSeconds") or 1) <= 1:
                yield f"{probe} of {called(container)} gives its command one second"


@family.resource_rule(
    "liveness-patience",
    Severity.LOW,
    LASTING,
    protects_from="One slow answer restarts a pod, and its load makes the others slow.",
    remediation=f"Set failureThreshold of the livenessProbe to {FAILURES} or more.",
)
def _impatient(resource: Resource) -> Iterator[str]:
    for container in lasting_containers(resource):
        if _has(container, "livenessProbe"):
            failures = number(container, "livenessProbe", "failureThreshold")
            if failures is not None and failures < FAILURES:
                yield f"{called(container)} is restarted after {failures:g} failed checks"
