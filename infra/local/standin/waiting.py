"""Waiting for an object to come up or to be gone, with progress, a deadline and a way out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.standin import objects, readiness
from infra.local.standin.api import Cluster, RefusedError, UnreachableError
from infra.local.standin.errors import ProviderError
from infra.local.standin.objects import Manifest, Ref

DEFAULT_TIMEOUT_SECONDS = 600.0  # the real provider's
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 0.9


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, what ends the wait early, and where progress goes."""

    timeout_seconds: float
    cancelled: threading.Event
    report: Callable[[str], None]


class NotReadyError(ProviderError):
    """The object exists but did not come up. `live` is its last known form, `reasons` the cluster's own words."""

    def __init__(self, ref: Ref, live: Manifest, outcome: str, reasons: tuple[str, ...]) -> None:
        self.live = live
        self.reasons = reasons
        super().__init__("\n  ".join([f"{ref} {outcome}", *reasons]))


class NotGoneError(ProviderError):
    """Deletion was asked for but did not finish."""


def timeout_seconds(manifest: Manifest, requested: float) -> float:
    """The wait's limit: the program's customTimeouts, else the object's annotation, else ten minutes."""
    annotated = objects.annotation(manifest, objects.TIMEOUT)
    if requested > 0:
        return requested
    return float(annotated) if annotated.isdecimal() else DEFAULT_TIMEOUT_SECONDS


def until_ready(cluster: Cluster, live: Manifest, patience: Patience) -> Manifest:
    """The object once it is up. Raises NotReadyError when it failed, the deadline passed or the wait was cancelled."""
    ref = objects.ref_of(live)
    deadline = time.monotonic() + patience.timeout_seconds
    pause = FIRST_PAUSE_SECONDS
    ready_since: float | None = None
    while True:
        state = _health(cluster, live)
        now = time.monotonic()
        ready_since = (ready_since or now) if state.ready else None
        if ready_since is not None and now - ready_since >= state.settle_seconds:
            return live
        if state.failed:
            raise NotReadyError(ref, live, f"failed ({state.summary})", state.reasons)
        if now >= deadline:
            outcome = f"is not ready after {patience.timeout_seconds:.0f} s ({state.summary})"
            raise NotReadyError(ref, live, outcome, state.reasons)
        patience.report("; ".join(text for text in (state.summary, *state.reasons[:1]) if text))
        if patience.cancelled.wait(min(pause, max(deadline - now, 0.0))):
            raise NotReadyError(ref, live, f"was not awaited to the end: cancelled ({state.summary})", state.reasons)
        pause = min(pause * 1.3, LONGEST_PAUSE_SECONDS)
        live = _fresh(cluster, ref, live)


def until_gone(cluster: Cluster, ref: Ref, uid: str, patience: Patience) -> None:
    """Returns once no object of this identity and uid exists. Raises NotGoneError, naming what holds it."""
    deadline = time.monotonic() + patience.timeout_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        live = cluster.get(ref)
        if live is None or objects.section(live, "metadata").get("uid") != uid:
            return
        if time.monotonic() >= deadline:
            raise NotGoneError(f"{ref} is not gone after {patience.timeout_seconds:.0f} s: {what_holds(live)}")
        patience.report(f"being deleted: {what_holds(live)}")
        if patience.cancelled.wait(min(pause, max(deadline - time.monotonic(), 0.0))):
            raise NotGoneError(f"{ref} is being deleted, but the wait for it was cancelled: {what_holds(live)}")
        pause = min(pause * 1.3, LONGEST_PAUSE_SECONDS)


def what_holds(live: Manifest) -> str:
    """What keeps an object that is being deleted: its finalizers, or what is left in a namespace."""
    left = [
        str(condition.get("message"))
        for condition in objects.items(live, "status", "conditions")
        if condition.get("type")
        in ("NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletionContentFailure")
        and condition.get("status") == "True"
    ]
    finalizers = objects.section(live, "metadata").get("finalizers")
    if finalizers:
        left.append(f"waiting for finalizers {', '.join(finalizers)}")
    return "; ".join(left) or "waiting for the API server"


def _health(cluster: Cluster, live: Manifest) -> readiness.Health:
    """How far the object is; while the API server does not answer, that it does not."""
    try:
        return readiness.health(cluster, live)
    except (RefusedError, UnreachableError) as error:
        return readiness.Health(ready=False, summary=str(error))


def _fresh(cluster: Cluster, ref: Ref, live: Manifest) -> Manifest:
    """The object now, or as last seen while the API server does not answer. Raises NotReadyError if it was deleted."""
    try:
        fresh = cluster.get(ref)
    except (RefusedError, UnreachableError):
        return live
    if fresh is None:
        raise NotReadyError(ref, live, "was deleted by somebody else while it came up", ())
    return fresh
