"""What keeps one pod from being ready, in Kubernetes' own words: its conditions, its containers and its events."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.rollouts.rules import CLAIM, ENDED, FAILED, KILLED_BY_PROBE, MOUNT, FaultRule, rule_of
from infra.values import mapping, mappings, number, text, within

STARTING = frozenset({"ContainerCreating", "PodInitializing"})
"""Reasons of a container that is on its way, and says nothing about a fault."""
LAST_LINES = 5
"""Of what a container wrote before it ended, which its message holds (terminationMessagePolicy)."""
LONGEST_MESSAGE = 600
VOLUME_EVENTS = MOUNT | {"FailedCreatePodSandBox", "FailedPrepareDynamicResources", "NetworkNotReady"}
"""Events of a pod whose containers cannot even be made."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that keeps a pod from being ready: where, Kubernetes' reason, and its message."""

    where: str
    reason: str
    message: str

    @property
    def rule(self) -> FaultRule:
        """What is known about this kind of fault."""
        return rule_of(self.reason, self.message)

    @property
    def sentence(self) -> str:
        """The fault in one line, or more where a container left last words."""
        description = ": ".join(part for part in (self.where, self.reason, _short(self.message)) if part)
        return f"{description} ({self.rule.remedy})" if self.rule.remedy else description


def fault_key(fault: Fault, pod: str = "") -> str:
    """Return by what two faults are the same one, in another pod or a moment later: by all but names and numbers."""
    kind = "image" if "Image" in fault.reason else fault.reason
    message = fault.message.replace(pod, "POD") if pod else fault.message
    message = re.sub(r'^pods? "[^"]+"', "POD", message)  # a refused pod gets another name each time
    message = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+(\.\d+)*", "#", message)
    return f"{fault.where}|{kind}|{'' if kind in {'image', ENDED, FAILED} else message}"


def pod_faults(pod: Mapping[str, Any], events: Sequence[Mapping[str, Any]] = ()) -> list[Fault]:
    """List what keeps a pod from being ready. `events` are its own and its claims', the newest last."""
    if is_ready(pod):
        return []
    if within(pod, "status", "phase") == "Failed":
        return _last_faults(pod)
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        fault = Fault(where="not scheduled", reason=text(scheduled, "reason"), message=text(scheduled, "message"))
        claims = {text(one, "involvedObject", "name"): one for one in events if one.get("reason") in CLAIM}
        return [
            fault,
            *(
                Fault(where=f"claim {name}", reason=text(one, "reason"), message=text(one, "message"))
                for name, one in claims.items()
            ),
        ]
    containers = [
        fault
        for kind in ("initContainerStatuses", "containerStatuses")
        for status in mappings(pod, "status", kind)
        for fault in _container_faults(status, events)
    ]
    return [*containers, *_volume_faults(pod, events)] or _gate_faults(pod)


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Return whether the pod's Ready condition is true, or the pod has ended well."""
    return within(pod, "status", "phase") == "Succeeded" or condition(pod, "Ready").get("status") == "True"


def condition(item: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return the condition `kind` of the object's status, or an empty map."""
    found = (one for one in mappings(item, "status", "conditions") if one.get("type") == kind)
    return mapping(next(found, None))


def event_time(event: Mapping[str, Any]) -> str:
    """Return when an event happened last, as a text that sorts by time."""
    series = within(event, "series", "lastObservedTime")
    return str(series or event.get("lastTimestamp") or event.get("eventTime") or "")


def _last_faults(pod: Mapping[str, Any]) -> list[Fault]:
    """List why a pod has ended for good: by an order from outside, or because one of its containers failed."""
    reason = text(pod, "status", "reason")
    ended = [
        (status, mapping(within(status, "state", "terminated")))
        for kind in ("containerStatuses", "initContainerStatuses")
        for status in mappings(pod, "status", kind)
    ]
    failed = [
        Fault(where=_where(status), reason=FAILED, message=_last_words(last, status.get("restartCount", 0)))
        for status, last in ended
        if last.get("exitCode")
    ]
    if reason or not failed:
        return [Fault(where="", reason=reason or FAILED, message=text(pod, "status", "message"))]
    # What runs beside a container that failed is stopped with it, and says nothing more.
    return failed[:1]


def _container_faults(status: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> list[Fault]:
    if status.get("ready") is True:
        return []
    where = _where(status)
    ended, reason = _ended(status), text(status, "state", "waiting", "reason")
    if reason not in STARTING | {ENDED, ""}:
        message = text(status, "state", "waiting", "message") or "no message"
        return [Fault(where=where, reason=reason, message=message)]
    of_container = [
        event for event in events if f"{{{status.get('name')}}}" in text(event, "involvedObject", "fieldPath")
    ]
    killed = _last(of_container, KILLED_BY_PROBE, words="failed (startup|liveness) probe")
    unhealthy = _last(of_container, "Unhealthy")
    if killed is not None and number(status, "restartCount"):
        why = "" if unhealthy is None else f" ({text(unhealthy, 'message')})"
        return [Fault(where=where, reason=KILLED_BY_PROBE, message=f"{text(killed, 'message')}{why}")]
    if ended:
        return [Fault(where=where, reason=ENDED, message=_last_words(ended, status.get("restartCount", 0)))]
    if unhealthy is not None and "running" in mapping(status.get("state")):
        return [Fault(where=where, reason="Unhealthy", message=text(unhealthy, "message"))]
    return []


def _where(status: Mapping[str, Any]) -> str:
    return f"container {status.get('name')} ({status.get('image')})"


def _ended(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the container ended last, if it should not have: an init container that ended well is ready."""
    ended = mapping(within(status, "state", "terminated") or within(status, "lastState", "terminated"))
    return ended if ended.get("exitCode") or within(status, "state", "waiting", "reason") == ENDED else {}


def _last_words(ended: Mapping[str, Any], restarts: int) -> str:
    last_lines = str(ended.get("message") or "").strip().splitlines()[-LAST_LINES:]
    code = ended.get("exitCode", "unknown")
    again = f", restarted {restarts} times" if restarts > 1 else ""
    how = f"{ended.get('reason') or 'Error'} with exit code {code}{again}"
    return "\n    ".join([how, *last_lines]) if len(last_lines) > 1 else ": ".join([how, *last_lines])


def _volume_faults(pod: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """What keeps a pod's containers from being made; once one of them was, the events are of the past."""
    states = mappings(pod, "status", "initContainerStatuses") + mappings(pod, "status", "containerStatuses")
    if any(text(state, "state", "waiting", "reason") not in STARTING | {""} for state in states):
        return []
    if any(mapping(state.get("state")).keys() & {"running", "terminated"} for state in states):
        return []
    found = {text(event, "message"): event for event in events if event.get("reason") in VOLUME_EVENTS}
    return [Fault(where="", reason=text(event, "reason"), message=message) for message, event in found.items()]


def _gate_faults(pod: Mapping[str, Any]) -> list[Fault]:
    """What keeps a pod out of service whose containers are all ready, such as a load balancer that waits for it."""
    ready = condition(pod, "Ready")
    if ready.get("reason") != "ReadinessGatesNotReady":
        return []
    return [Fault(where="not in service", reason="ReadinessGatesNotReady", message=text(ready, "message"))]


def _last(events: Sequence[Mapping[str, Any]], reason: str, *, words: str = "") -> Mapping[str, Any] | None:
    found = [event for event in events if event.get("reason") == reason and re.search(words, text(event, "message"))]
    return found[-1] if found else None


def _short(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} ..."
