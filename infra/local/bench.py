"""`nightowl local bench`: how fast the local platform is on this machine, and beside the same work by hand."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.engine.workspace import stack_name
from infra.errors import NightowlError
from infra.kube import connect
from infra.local.cluster.description import describe
from infra.local.cluster.lifecycle import create, delete
from infra.local.cluster.programs import kubectl
from infra.local.load import LoadSample, find_target, run_load
from infra.local.paths import ClusterPaths
from infra.local.progress import Progress
from infra.local.status import collect
from infra.plan.manifests import manifests
from infra.plan.plan import plan_of_file
from infra.system.commands import CommandFailedError, run
from infra.toolchain.resolve import Tools, resolve

STEP_FACTOR = 20
"""The load step: twenty times the replicas that the app idles with."""
STEP_LIMIT_SECONDS = 150.0
UP_LIMIT_SECONDS = 900.0
METRICS_LIMIT_SECONDS = 180.0
APPLY_SECONDS = 60
AVAILABLE_WITHIN_SECONDS = 180
POLL_SECONDS = 0.5
RATIO_GOAL = 2.0
"""How many times as long as the same work by hand the first `up` may take."""


def measure(
    paths: ClusterPaths, by_hand: ClusterPaths, stack_file: Path, app: str, progress: Progress
) -> dict[str, Any]:
    """Bring a cluster up twice, put a twentyfold load on `app`, take it down, and do the same work by hand.

    Each `up` is the whole command, with the start of Python. The tools are made before. By hand comes last, when all
    that it reads from disk has just been read: the ratio does not flatter `up`.

    Returns what was measured, and on what. `load_before` is the mean number of programs that ran or waited to in the
    minute before: a busy machine measures its other work too. `up_by_hand_ratio` is the first `up` as a multiple of the
    same work by hand. `metrics_seconds` is how long after the second `up` the autoscaler saw the use of its pods: `up`
    does not wait for it. `absorbed_seconds` is None if the step was not absorbed within its limit.

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
        last, peak_nodes, peak_memory_bytes = _flood(paths, app, progress)
    finally:
        down_seconds = _seconds(lambda: delete(paths))
    objects = "---\n".join(manifests(plan_of_file(stack_file, stack_name(stack_file)).graph).values())
    try:
        by_hand_seconds = _timed_step(progress, "by hand", lambda: up_by_hand(by_hand, tools, objects, progress))
    finally:
        delete(by_hand)
    return {
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "processors": os.cpu_count() or 1,
        "load_before": load_before,
        "first_up_seconds": first_up_seconds,
        "second_up_seconds": second_up_seconds,
        "by_hand_seconds": by_hand_seconds,
        "up_by_hand_ratio": round(first_up_seconds / by_hand_seconds, 2),
        "up_by_hand_ratio_goal": RATIO_GOAL,
        "metrics_seconds": metrics_seconds,
        "step_replicas": last.needed,
        "absorbed_seconds": None if last.absorbed_seconds is None else round(last.absorbed_seconds, 1),
        "peak_nodes": peak_nodes,
        "peak_memory_mebibytes": peak_memory_bytes // 2**20,
        "down_seconds": down_seconds,
    }


def figure_lines(figures: Mapping[str, Any]) -> list[str]:
    """Write one line per figure."""
    values = dict(figures)
    goal = values.pop("up_by_hand_ratio_goal")
    met = "met" if values["up_by_hand_ratio"] <= goal else "missed"
    values["up_by_hand_ratio"] = f"{values['up_by_hand_ratio']} (goal: at most {goal:g}; {met})"
    return [f"{figure.replace('_', ' '):<24} {value}" for figure, value in values.items()]


def up_by_hand(paths: ClusterPaths, tools: Tools, objects: str, progress: Progress) -> None:
    """Create a cluster of the same configuration, apply `objects`, a YAML stream, and wait for all Deployments.

    It is what a shell script of kwokctl and kubectl would do: nothing is done beside anything else, and no engine keeps
    a state.

    Raises:
        NightowlError: a step failed. What was made stays.
    """
    create(paths, tools, progress.cluster)
    apply = ["apply", "--server-side", "--filename=-"]
    wait = ["wait", "--for=condition=Available", "--all", "--all-namespaces", f"--timeout={AVAILABLE_WITHIN_SECONDS}s"]
    try:
        kubectl(paths, tools, *apply, stdin_text=objects, within_seconds=APPLY_SECONDS)
        kubectl(paths, tools, *wait, "deployments", within_seconds=AVAILABLE_WITHIN_SECONDS + APPLY_SECONDS)
    except CommandFailedError as error:
        raise NightowlError(f"the same work by hand failed: {error}\n{error.last_lines}") from error


def _command_up(paths: ClusterPaths, stack_file: Path) -> None:
    command = [sys.executable, "-c", "from infra.entry import main; main()", "local", "up"]
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


def _flood(paths: ClusterPaths, app: str, progress: Progress) -> tuple[LoadSample, int, int]:
    """Put the load step on an app; return the last sample, and the most nodes and bytes of memory in any."""
    api = connect(paths.kubeconfig)
    target = find_target(paths.name, api, app)
    cores = STEP_FACTOR * target.minimum * target.request_millicores * target.target_percent / 100 / 1000
    progress.say(f"load step: {cores:g} cores on {app}")
    nodes, memory_bytes = list[int](), list[int]()

    def watch(sample: LoadSample) -> None:
        nodes.append(len(sample.cluster.nodes))
        memory_bytes.append(describe(paths).memory_bytes)

    last = run_load(api, target, cores=cores, seconds=STEP_LIMIT_SECONDS, until_absorbed=True, on_sample=watch)
    return last, max(nodes), max(memory_bytes)


def _timed_step(progress: Progress, name: str, work: Callable[[], object]) -> float:
    with progress.step(name):
        seconds = _seconds(work)
    progress.say(f"{seconds} s")
    return seconds


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return round(time.monotonic() - started, 1)
