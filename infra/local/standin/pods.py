"""Why pods are not running, in their own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infra.local.standin import objects
from infra.local.standin.objects import Manifest

# Reasons of a container that is on its way, and says nothing about a fault.
STARTING = frozenset({"ContainerCreating", "PodInitializing"})
MOST_REASONS = 5


def reasons(pods: Iterable[Manifest]) -> list[str]:
    """One sentence per fault, pods with the same fault counted together, at most MOST_REASONS of them."""
    faults: dict[str, list[str]] = {}
    for pod in pods:
        for fault in pod_faults(pod):
            faults.setdefault(fault, []).append(objects.ref_of(pod).name)
    sentences = [f"{_which(names)}: {fault}" for fault, names in faults.items()]
    hidden = len(sentences) - MOST_REASONS
    return [*sentences[:MOST_REASONS], *([f"and {hidden} more faults"] if hidden > 0 else [])]


def pod_faults(pod: Mapping[str, Any]) -> list[str]:
    """What keeps one pod from being ready: scheduling, its containers' states, or the pod's own reason."""
    status = objects.section(pod, "status")
    faults = [
        f"not scheduled: {condition.get('reason', '')}: {condition.get('message', '')}"
        for condition in objects.items(pod, "status", "conditions")
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False"
    ]
    if status.get("phase") == "Failed":
        faults.append(f"failed: {status.get('reason') or 'no reason'}: {status.get('message') or 'no message'}")
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in objects.items(pod, "status", kind):
            faults.extend(_container_faults(container))
    return faults


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether the pod's Ready condition is true, or the pod has ended well."""
    if objects.section(pod, "status").get("phase") == "Succeeded":
        return True
    return any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for condition in objects.items(pod, "status", "conditions")
    )


def _container_faults(container: Mapping[str, Any]) -> list[str]:
    name, image = container.get("name"), container.get("image")
    waiting = objects.section(container, "state", "waiting")
    ended = objects.section(container, "state", "terminated") or objects.section(container, "lastState", "terminated")
    faults: list[str] = []
    reason = waiting.get("reason")
    if reason and reason not in STARTING:
        faults.append(f"container {name} ({image}): {reason}: {waiting.get('message') or 'no message'}")
    if ended and ended.get("exitCode"):
        why = f"{ended.get('reason') or 'Error'} with exit code {ended['exitCode']}"
        message = f": {ended['message']}" if ended.get("message") else ""
        faults.append(f"container {name} ({image}) ended: {why}{message}")
    return faults


def _which(names: list[str]) -> str:
    return f"pod {names[0]}" if len(names) == 1 else f"{len(names)} pods, such as {names[0]}"
