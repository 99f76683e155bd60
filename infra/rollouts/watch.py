"""A look at the cluster every second while the engine waits for what makes pods.

The engine's own provider waits for a rollout until its time is up, and then knows little of why. What is wrong is
told here as soon as it is certain, each reason once. Most faults can go away by themselves, as when somebody makes the
Secret that is missing: then the wait goes on. Where only another stack file helps and nothing else is under way, the
engine is stopped: it records what was done, as it does for Ctrl-C, and the old pods go on serving.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.engine.outcome import OnProgress, ResourceProgress, Watch
from infra.errors import NightowlError
from infra.rollouts.look import Workload, reasons_by_workload
from infra.rollouts.reasons import Reason, sentences

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

TYPES = {
    "Deployment": "kubernetes:apps/v1:Deployment",
    "StatefulSet": "kubernetes:apps/v1:StatefulSet",
    "Job": "kubernetes:batch/v1:Job",
}
"""What is watched: the engine's types, by kind."""
KINDS = {type_: kind for kind, type_ in TYPES.items()}
GROUPING_TYPES = ("pulumi:", "nightowl:", "eks:index:")
"""Components: they are under way as long as anything in them is."""
LOOK_SECONDS = 1.0
FIRST_LOOK_SECONDS = 2.0
"""A healthy rollout on this machine takes less, and is not looked at."""
HOPELESS_SECONDS = 3.0
"""For how long a fault that cannot heal must have lasted, and nothing else have begun, before the engine is stopped."""


def watch_rollouts(namespace: str, connect: Callable[[], ApiClient]) -> Watch:
    """Return a watch of a namespace, for each run of the engine.

    `connect` may raise NightowlError as long as the cluster is not there.
    """
    return lambda notify, stop: RolloutWatch(namespace=namespace, connect=connect, notify=notify, stop=stop)


@dataclass(kw_only=True)
class RolloutWatch:
    """Watches during one run of the engine, as a context."""

    namespace: str
    connect: Callable[[], ApiClient]
    notify: OnProgress
    stop: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    _under_way: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    _reasons: Mapping[Workload, Sequence[Reason]] = field(default_factory=dict[Workload, Sequence[Reason]])
    _since: dict[tuple[Workload, str], float] = field(default_factory=dict[tuple[Workload, str], float])
    _notified: set[tuple[Workload, str]] = field(default_factory=set[tuple[Workload, str]])
    _failed: list[Workload] = field(default_factory=list[Workload])
    _api: ApiClient | None = None
    _stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> RolloutWatch:
        self._thread = threading.Thread(target=self._look_until_the_end, name="rollouts", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def on_progress(self, step: ResourceProgress) -> None:
        """Note a step of the engine."""
        if not step.op or step.type.startswith(GROUPING_TYPES):
            return
        with self._lock:
            if step.status == "started":
                self._under_way[step.type, step.name] = self.clock()
            elif step.status in {"done", "failed"}:
                self._under_way.pop((step.type, step.name), None)
            if step.status == "failed" and step.type in KINDS:
                self._failed.append(Workload(KINDS[step.type], step.name))

    def explain_failure(self) -> list[str]:
        """Return why what did not come up has not: a last look, once the engine has given up."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        lost = [*self._failed, *self._waiting()]
        if lost:
            self._look(lost)
        # What was seen of one that has come up since is no reason of this failure.
        return [
            f"{workload.kind} {workload.name}: {reason}"
            for workload, reasons in self._reasons.items()
            if workload in lost
            for reason in sentences(reasons)
        ]

    def _look_until_the_end(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            waiting = [one for one, since in self._waiting().items() if self.clock() - since >= FIRST_LOOK_SECONDS]
            if waiting:
                self.look(waiting)

    def look(self, workloads: Sequence[Workload]) -> None:
        """Look once: tell what is news, and stop the engine where that is all that is left."""
        self._look(workloads)
        now = self.clock()
        seen = {(workload, reason.key): reason for workload, reasons in self._reasons.items() for reason in reasons}
        self._since = {key: self._since.get(key, now) for key in seen}
        for key, reason in seen.items():
            if key not in self._notified and now - self._since[key] >= reason.fault.rule.reported_after_seconds:
                self._notified.add(key)
                self._notify(key[0], reason.sentence)
        if self._is_hopeless(seen, now):
            self._stopped = True
            self._notify(min(workload for workload, _ in seen), "waiting longer cannot help, so the update ends here")
            self.stop()

    def _look(self, workloads: Sequence[Workload]) -> None:
        try:
            self._api = self._api or self.connect()
            self._reasons = reasons_by_workload(self._api, self.namespace, workloads)
        except NightowlError:
            # No answer, or credentials that are too old: the next look connects anew, and no reason is lost.
            self._api = None

    def _is_hopeless(self, seen: Mapping[tuple[Workload, str], Reason], now: float) -> bool:
        """Whether all that is under way has a fault that cannot heal."""
        lost = {
            (TYPES[workload.kind], workload.name)
            for (workload, key), reason in seen.items()
            if reason.fault.rule.hopeless and now - self._since[workload, key] >= HOPELESS_SECONDS
        }
        with self._lock:
            others = self._under_way.keys() - lost
            latest = max(self._under_way.values(), default=now)
        return bool(lost) and not others and not self._stopped and now - latest >= HOPELESS_SECONDS

    def _waiting(self) -> dict[Workload, float]:
        with self._lock:
            return {
                Workload(KINDS[type_], name): since
                for (type_, name), since in self._under_way.items()
                if type_ in KINDS
            }

    def _notify(self, workload: Workload, message: str) -> None:
        step = ResourceProgress(op="", type=TYPES[workload.kind], name=workload.name, status="running", message=message)
        self.notify(step)
