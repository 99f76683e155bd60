"""`nightowl local up`: from nothing to running applications on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from infra.engine import Outcome, run_program
from infra.errors import NightowlError, UsageError
from infra.local import cluster, toolchain
from infra.local.engine import local_engine
from infra.local.kube import connect
from infra.local.paths import KUBE_CONTEXT, ClusterPaths
from infra.local.progress import Progress, Step
from infra.local.status import ClusterStatus, collect
from infra.rollouts.watch import Rollouts
from infra.settings.stack import StackSettings
from infra.settings.stack_file import settings_from_stack_file

AVAILABLE_WITHIN_SECONDS = 180.0
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class UpResult:
    """How `up` ended: what the engine did, what runs, and how long each step took."""

    outcome: Outcome
    status: ClusterStatus
    steps: list[Step]


def up(
    paths: ClusterPaths, stack_file: Path, progress: Progress, options: cluster.ClusterOptions, *, refresh: bool
) -> UpResult:
    """Bring the stack of `stack_file` up on the cluster of `paths`; make the tools and the cluster if they are missing.

    The stack file is read first, so that a mistake in it costs no time. Idempotent: what is there stays.

    Raises:
        NightowlError: the stack file is wrong, or a step failed. What was made stays; the next `up` goes on from there.
    """
    settings = _local_settings(stack_file)
    with cluster.deploying(paths):
        outcome = _deploy(paths, stack_file, settings, progress, options, refresh=refresh)
        with progress.step("available"):
            status = wait_until_available(paths, settings.namespace.name)
    return UpResult(outcome, status, progress.steps)


def _deploy(
    paths: ClusterPaths,
    stack_file: Path,
    settings: StackSettings,
    progress: Progress,
    options: cluster.ClusterOptions,
    *,
    refresh: bool,
) -> Outcome:
    with progress.step("tools"):
        tools = toolchain.resolve(progress.tool)
    with progress.step("cluster"):
        made = cluster.create(paths, tools, options, progress.cluster)
        progress.say(f"{paths.name}: {made.outcome}, API server {made.api_server}")
    with progress.step("applications"):
        engine = local_engine(paths, tools.engine, progress.say)
        rollouts = Rollouts(namespace=settings.namespace.name, connect=lambda: connect(paths.kubeconfig))
        return engine.deploy(stack_file, run_program, refresh=refresh, on_progress=progress.resource, watch=rollouts)


def wait_until_available(
    paths: ClusterPaths, namespace: str, *, within_seconds: float = AVAILABLE_WITHIN_SECONDS
) -> ClusterStatus:
    """Wait until every app of a namespace has its replicas and every autoscaler its metrics.

    Raises:
        NightowlError: not within the time; the message names the apps that are missing something.
    """
    api = connect(paths.kubeconfig)
    deadline = time.monotonic() + within_seconds
    while not (status := collect(paths.name, api).of_namespace(namespace)).available:
        if time.monotonic() > deadline:
            missing = ", ".join(app.name for app in status.apps if not app.available) or "metrics of an autoscaler"
            raise NightowlError(
                f"not available after {within_seconds:.0f} s: {missing}; "
                f"see `nightowl local status --name {paths.name}`"
            )
        time.sleep(POLL_SECONDS)
    return status


def _local_settings(stack_file: Path) -> StackSettings:
    settings = settings_from_stack_file(stack_file)
    platform = settings.platform
    if platform.kind != "existing" or platform.context != KUBE_CONTEXT:
        raise UsageError(
            f"{stack_file.name}: nightowl:platform is not this machine; "
            f"local stacks have kind: existing and context: {KUBE_CONTEXT}"
        )
    return settings
