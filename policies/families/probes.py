"""Probes, by which Kubernetes knows whether a container lives and may be sent requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.values import mapping, mappings, number, sequence, text, within
from policies.facts.objects import DAEMON_SET, REPLICATED
from policies.facts.pods import PROBES, label, lasting_containers
from policies.facts.stack import Resource
from policies.rule import HIGH, LOW, MEDIUM, Family, Messages

LASTING = (*REPLICATED, DAEMON_SET)
FAILURES = 3
"""What `failureThreshold` is by default."""
PERIOD_SECONDS = 10
"""What `periodSeconds` is by default."""

family = Family(
    "Probes", __doc__, url="https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
)


def _serving(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """The containers with a port that the kubelet can ask: a server that speaks UDP alone answers no probe."""
    return (
        container
        for container in lasting_containers(resource)
        if any(text(port, "protocol") != "UDP" for port in mappings(container, "ports"))
    )


def _has(container: Mapping[str, Any], probe: str) -> bool:
    return bool(mapping(within(container, probe)))


@family.rule("liveness-probe", MEDIUM, LASTING, "CKV_K8S_8")
def _liveness(resource: Resource) -> Messages:
    """A process that hangs is never started anew.

    Add a livenessProbe that asks the process itself and nothing behind it.
    """
    for container in _serving(resource):
        if not _has(container, "livenessProbe"):
            yield f"{label(container)} has no livenessProbe"


@family.rule("readiness-probe", HIGH, LASTING, "CKV_K8S_9")
def _readiness(resource: Resource) -> Messages:
    """A pod gets requests before it can answer, and a broken version replaces the good one.

    Add a readinessProbe to every container with a port.
    """
    for container in _serving(resource):
        if not _has(container, "readinessProbe"):
            yield f"{label(container)} has no readinessProbe"


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


def _patience(probe: Any) -> float:
    """How many seconds a probe fails before it counts; what is not said is as Kubernetes has it."""
    period, failures = number(probe, "periodSeconds"), number(probe, "failureThreshold")
    return (PERIOD_SECONDS if period is None else period) * (FAILURES if failures is None else failures)


@family.rule("probes-differ", MEDIUM, LASTING, "kube-score pod-probes-identical")
def _identical(resource: Resource) -> Messages:
    """A pod that only needs a pause is restarted, and under load all of them one after another.

    Let the livenessProbe ask another endpoint than the readinessProbe, or give up later.
    """
    for container in lasting_containers(resource):
        live, ready = within(container, "livenessProbe"), within(container, "readinessProbe")
        same = mapping(live) and mapping(ready) and _asked(live) == _asked(ready)
        if same and _patience(live) <= _patience(ready):
            yield f"{label(container)} is restarted by the same check that takes it out of service, and no later"


@family.rule("startup-probe", LOW, LASTING, "EKS best practices")
def _slow_start(resource: Resource) -> Messages:
    """A slow start is taken for a hang, and the container is restarted for ever.

    Add a startupProbe whose period times failures is the longest start.
    """
    for container in lasting_containers(resource):
        if _has(container, "livenessProbe") and not _has(container, "startupProbe"):
            yield f"{label(container)} has a livenessProbe and no startupProbe"


@family.rule("probe-command-timeout", LOW, LASTING, "EKS best practices")
def _exec_timeout(resource: Resource) -> Messages:
    """On a busy node a command takes more than a second to start, and healthy pods are restarted.

    Set timeoutSeconds of the probe to more than 1.
    """
    for container in lasting_containers(resource):
        for probe in PROBES:
            runs = within(container, probe, "exec") is not None
            if runs and (number(container, probe, "timeoutSeconds") or 1) <= 1:
                yield f"{probe} of {label(container)} gives its command one second"


@family.rule(
    "liveness-patience", LOW, LASTING, remediation=f"Set failureThreshold of the livenessProbe to {FAILURES} or more."
)
def _impatient(resource: Resource) -> Messages:
    """One slow answer restarts a pod, and its load makes the others slow."""
    for container in lasting_containers(resource):
        if _has(container, "livenessProbe"):
            failures = number(container, "livenessProbe", "failureThreshold")
            if failures is not None and failures < FAILURES:
                yield f"{label(container)} is restarted after {failures:g} failed checks"
