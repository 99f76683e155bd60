"""`nightowl local bench`: how fast the local platform is on this machine."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.local.cluster import ClusterOptions, delete, describe
from infra.local.kube import connect
from infra.local.load import LoadSample, find_target, run_load
from infra.local.paths import ClusterPaths
from infra.local.progress import Progress
from infra.local.status import collect
from infra.local.up import up

STEP_FACTOR = 20
"""The load step: twenty times the replicas that the app idles with."""
STEP_LIMIT_SECONDS = 150.0


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was measured, and on what. `absorbed_seconds` is None if the step was not absorbed within its limit."""

    machine: str
    processors: int
    first_up_seconds: float
    second_up_seconds: float
    step_replicas: int
    absorbed_seconds: float | None
    peak_nodes: int
    peak_memory_mebibytes: int
    down_seconds: float


def measure(paths: ClusterPaths, stack_file: Path, app: str, progress: Progress) -> Figures:
    """Bring a cluster up twice, put a twentyfold load on `app`, and take the cluster down.

    The tools are cached already, or their build counts as part of the first `up`.

    Raises:
        NightowlError: a step failed; the cluster is removed all the same.
    """
    peak_nodes, peak_memory_bytes = 0, 0

    def watch(sample: LoadSample) -> None:
        nonlocal peak_nodes, peak_memory_bytes
        peak_nodes = max(peak_nodes, len(sample.cluster.nodes))
        peak_memory_bytes = max(peak_memory_bytes, describe(paths).memory_bytes)

    try:
        first_up_seconds = _seconds(lambda: up(paths, stack_file, progress, ClusterOptions(), refresh=False))
        second_up_seconds = _seconds(lambda: up(paths, stack_file, progress, ClusterOptions(), refresh=False))
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
    finally:
        down_seconds = _seconds(lambda: delete(paths))
    return Figures(
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        processors=os.cpu_count() or 1,
        first_up_seconds=first_up_seconds,
        second_up_seconds=second_up_seconds,
        step_replicas=last.needed,
        absorbed_seconds=None if last.absorbed_seconds is None else round(last.absorbed_seconds, 1),
        peak_nodes=peak_nodes,
        peak_memory_mebibytes=peak_memory_bytes // 2**20,
        down_seconds=down_seconds,
    )


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return round(time.monotonic() - started, 1)
