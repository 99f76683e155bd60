"""`nightowl local bench`: how fast the local platform is on this machine, and beside the same work by hand."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.engine.workspace import stack_name
from infra.errors import NightowlError
from infra.kube import connect
from infra.local.by_hand import up_by_hand
from infra.local.cluster.description import describe
from infra.local.cluster.lifecycle import delete
from infra.local.load import LoadSample, find_target, run_load
from infra.local.paths import ClusterPaths
from infra.local.progress import Progress
from infra.local.status import collect
from infra.plan.manifests import manifests
from infra.plan.plan import plan_of_file
from infra.system.commands import CommandFailedError, run
from infra.toolchain.resolve import resolve

STEP_FACTOR = 20
"""The load step: twenty times the replicas that the app idles with."""
STEP_LIMIT_SECONDS = 150.0
UP_LIMIT_SECONDS = 900.0
METRICS_LIMIT_SECONDS = 180.0
POLL_SECONDS = 0.5
RATIO_GOAL = 2.0
"""How many times as long as the same work by hand the first `up` may take."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was measured, and on what. `absorbed_seconds` is None if the step was not absorbed within its limit.

    `load_before` is the mean number of programs that ran or waited to in the minute before: a busy machine measures
    its other work too. `up_by_hand_ratio` is the first `up` as a multiple of the same work by hand. `metrics_seconds`
    is how long after the second `up` the autoscaler saw the use of its pods: `up` does not wait for it.
    """

    machine: str
    processors: int
    load_before: float
    first_up_seconds: float
    second_up_seconds: float
    by_hand_seconds: float
    up_by_hand_ratio: float
    up_by_hand_ratio_goal: float = RATIO_GOAL
    metrics_seconds: float
    step_replicas: int
    absorbed_seconds: float | None
    peak_nodes: int
    peak_memory_mebibytes: int
    down_seconds: float

    def lines(self) -> list[str]:
        """Write one line per figure."""
        values = asdict(self)
        goal = values.pop("up_by_hand_ratio_goal")
        met = "met" if self.up_by_hand_ratio <= goal else "missed"
        values["up_by_hand_ratio"] = f"{self.up_by_hand_ratio} (goal: at most {goal:g}; {met})"
        return [f"{figure.replace('_', ' '):<24} {value}" for figure, value in values.items()]


def measure(paths: ClusterPaths, by_hand: ClusterPaths, stack_file: Path, app: str, progress: Progress) -> Figures:
    """Bring a cluster up twice, put a twentyfold load on `app`, take it down, and do the same work by hand.

    Each `up` is the whole command, with the start of Python. The tools are made before. By hand comes last, when all
    that it reads from disk has just been read: the ratio does not flatter `up`.

    Raises:
        NightowlError: a step failed; the clusters are removed all the same.
    """
    load_before = round(os.getloadavg()[0], 1)
    with progress.step("tools"):
        tools = resolve(progress.tool)
    try:
        first_up_seconds = _timed_step(progress, "first up", lambda: _command_up(paths, stack_file))
        second_up_seconds = _timed_step(progress, "second up", lambda: _command_up(paths, stack_file))
        metrics_seconds = _timed_step(progress, "metrics", lambda: _await_metrics(paths, app))
        flood = _flood(paths, app, progress)
    finally:
        down_seconds = _seconds(lambda: delete(paths))
    objects = "---\n".join(manifests(plan_of_file(stack_file, stack_name(stack_file)).graph).values())
    try:
        by_hand_seconds = _timed_step(
            progress, "by hand", lambda: up_by_hand(by_hand, tools, objects, progress.cluster)
        )
    finally:
        delete(by_hand)
    return Figures(
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        processors=os.cpu_count() or 1,
        load_before=load_before,
        first_up_seconds=first_up_seconds,
        second_up_seconds=second_up_seconds,
        by_hand_seconds=by_hand_seconds,
        up_by_hand_ratio=round(first_up_seconds / by_hand_seconds, 2),
        metrics_seconds=metrics_seconds,
        step_replicas=flood.last.needed,
        absorbed_seconds=None if flood.last.absorbed_seconds is None else round(flood.last.absorbed_seconds, 1),
        peak_nodes=flood.peak_nodes,
        peak_memory_mebibytes=flood.peak_memory_bytes // 2**20,
        down_seconds=down_seconds,
    )


@dataclass(frozen=True, kw_only=True)
class _Flood:
    """How the load step went."""

    last: LoadSample
    peak_nodes: int
    peak_memory_bytes: int


def _command_up(paths: ClusterPaths, stack_file: Path) -> None:
    command = [sys.executable, "-c", "from infra.cli import main; main()", "local", "up"]
    options = ["--name", paths.name, "--stack", stack_name(stack_file)]
    try:
        run([*command, *options], folder=stack_file.parent, timeout_seconds=UP_LIMIT_SECONDS)
    except CommandFailedError as error:
        raise NightowlError(f"nightowl local up: {error}\n{error.last_lines}") from error


def _await_metrics(paths: ClusterPaths, app: str) -> None:
    api = connect(paths.kubeconfig)
    deadline = time.monotonic() + METRICS_LIMIT_SECONDS
    while not ((status := collect(paths.name, api).app(app)) and status.scaling and status.scaling.has_metrics):
        if time.monotonic() > deadline:
            raise NightowlError(f"the autoscaler of {app!r} has no metrics after {METRICS_LIMIT_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _flood(paths: ClusterPaths, app: str, progress: Progress) -> _Flood:
    peak_nodes, peak_memory_bytes = 0, 0

    def watch(sample: LoadSample) -> None:
        nonlocal peak_nodes, peak_memory_bytes
        peak_nodes = max(peak_nodes, len(sample.cluster.nodes))
        peak_memory_bytes = max(peak_memory_bytes, describe(paths).memory_bytes)

    api = connect(paths.kubeconfig)
    target = find_target(collect(paths.name, api), api, app)
    cores = STEP_FACTOR * target.minimum * target.request_millicores * target.target_percent / 100 / 1000
    progress.say(f"load step: {cores:g} cores on {app}")
    last = run_load(
        api,
        target,
        cluster_name=paths.name,
        cores=cores,
        seconds=STEP_LIMIT_SECONDS,
        until_absorbed=True,
        on_sample=watch,
    )
    return _Flood(last=last, peak_nodes=peak_nodes, peak_memory_bytes=peak_memory_bytes)


def _timed_step(progress: Progress, name: str, work: Callable[[], object]) -> float:
    with progress.step(name):
        seconds = _seconds(work)
    progress.say(f"{seconds} s")
    return seconds


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return round(time.monotonic() - started, 1)
