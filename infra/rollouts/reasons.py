"""Faults of several pods told as one, and what is common to all that makes pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.kube import Json
from infra.rollouts.pods import Fault, event_time, fault_key, is_ready, pod_faults
from infra.values import mapping, mappings, number, text

MOST_REASONS = 5
CREATIONS = frozenset({"FailedCreate", "SuccessfulCreate"})


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A fault, and the pods that have it; none where the pods cannot be made."""

    key: str
    fault: Fault
    pods: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The fault in one line, with the pods that have it."""
        if not self.pods:
            return self.fault.sentence
        which = f"pod {self.pods[0]}" if len(self.pods) == 1 else f"{len(self.pods)} pods, such as {self.pods[0]}"
        return f"{which}: {self.fault.sentence}"


def sentences(reasons: Sequence[Reason]) -> list[str]:
    """Write the reasons as sentences, at most MOST_REASONS of them."""
    hidden = len(reasons) - MOST_REASONS
    more = [f"and {hidden} more faults"] if hidden > 0 else []
    return [*(reason.sentence for reason in reasons[:MOST_REASONS]), *more]


def reason_of(fault: Fault, owner: str) -> Reason:
    """Return the reason of a fault that is no pod's, but of the object called `owner`."""
    return Reason(key=fault_key(fault, owner), fault=fault)


def pod_reasons(pods: Iterable[Json], events: Sequence[Json]) -> list[Reason]:
    """List what keeps pods from being ready, each fault once. What is being deleted says nothing."""
    found: dict[str, Reason] = {}
    for pod in pods:
        if is_ready(pod) or text(pod, "metadata", "deletionTimestamp"):
            continue
        for fault in pod_faults(pod, _events_of(pod, events)):
            key = fault_key(fault, name_of(pod))
            so_far = found.get(key, Reason(key=key, fault=fault))
            found[key] = Reason(key=key, fault=fault, pods=(*so_far.pods, name_of(pod)))
    return list(found.values())


def refused_pods(owner: Json, events: Sequence[Json]) -> list[Reason]:
    """List why the API server refuses the pods of an object that tells it by events alone, if its last try failed."""
    tries = [
        event
        for event in sorted(events, key=event_time)
        if event.get("reason") in CREATIONS and text(event, "involvedObject", "uid") == uid_of(owner)
    ]
    if not tries or tries[-1].get("reason") != "FailedCreate":
        return []
    fault = Fault(where="", reason="FailedCreate", message=text(tries[-1], "message"))
    return [reason_of(fault, name_of(owner))]


def owned_by(owner: Json, items: Iterable[Json]) -> list[Json]:
    """List the objects that an object made."""
    return [
        item
        for item in items
        if uid_of(owner) in {one.get("uid") for one in mappings(item, "metadata", "ownerReferences")}
    ]


def name_of(item: Mapping[str, Any]) -> str:
    """Return the name of an object."""
    return text(item, "metadata", "name")


def uid_of(item: Mapping[str, Any]) -> str:
    """Return the unique identity of an object."""
    return text(item, "metadata", "uid")


def count(item: Mapping[str, Any], *path: str) -> int:
    """Return the whole number at `path`, which the API server leaves out where it is 0."""
    return int(number(item, *path) or 0)


def _events_of(pod: Json, events: Sequence[Json]) -> list[Mapping[str, Any]]:
    """List the events about a pod, and those about its claims, which tell why no volume comes."""
    claims = {text(volume, "persistentVolumeClaim", "claimName") for volume in mappings(pod, "spec", "volumes")}

    def is_about(event: Json) -> bool:
        involved = mapping(event.get("involvedObject"))
        is_claim = involved.get("kind") == "PersistentVolumeClaim" and involved.get("name") in claims
        return is_claim or involved.get("uid") == uid_of(pod)

    return [event for event in events if is_about(event)]
