"""`nightowl local up`: from nothing to running applications on this machine."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from infra.engine.outcome import RunResult
from infra.engine.program import load_program, run_program
from infra.engine.workspace import stack_name
from infra.errors import NightowlError
from infra.kube import connect
from infra.local.cluster import lifecycle
from infra.local.cluster.description import describe
from infra.local.hand_edits import HandEdit, find_hand_edits
from infra.local.paths import KUBE_CONTEXT, ClusterPaths
from infra.local.pod_sizes import pod_size_errors
from infra.local.progress import Progress
from infra.local.shell import link_programs
from infra.local.status import ClusterStatus, collect
from infra.local.workspace import local_engine, note_project, require_own, unfinished_before
from infra.rollouts.watch import watch_rollouts
from infra.settings.problems import SettingsError, refusal
from infra.settings.stack import StackSettings
from infra.settings.stack_file import read_stack_file
from infra.toolchain.resolve import resolve

LOG = logging.getLogger(__name__)
AVAILABLE_WITHIN_SECONDS = 180.0
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class UpResult:
    """How `up` ended: what the engine did, what runs, how long each step took, and what no update takes away."""

    outcome: RunResult
    status: ClusterStatus
    steps: Mapping[str, float]
    hand_edits: list[HandEdit]
    refreshed: bool


def up(
    paths: ClusterPaths,
    stack_file: Path,
    progress: Progress,
    *,
    project: str,
    api_port: int | None = None,
    refresh: bool,
) -> UpResult:
    """Bring the stack of `stack_file` up on the cluster of `paths`; make the tools and the cluster if they are missing.

    The stack file is read first, so that a mistake in it costs no time. Idempotent: what is there stays. `project` is
    the name of the project that is deployed from.

    Raises:
        NightowlError: the stack file is wrong, or a step failed. What was made stays; the next `up` goes on from there.
    """
    namespace, stack = _local_settings(stack_file).namespace.name, stack_name(stack_file)
    with lifecycle.deploying(paths):
        require_own(paths, stack, project)
        with progress.step("tools"):
            tools = resolve(progress.tool)
        with progress.step("cluster"):
            engine = local_engine(paths, tools.engine, progress.say)

            def prepare() -> None:
                link_programs(paths, {"pulumi": tools.engine.pulumi, "kubectl": tools.kubectl})
                engine.prepare(stack_file)
                load_program()

            made = lifecycle.create(paths, tools, progress.cluster, prepare, api_port=api_port)
            progress.say(f"{paths.name}: {made}, API server {describe(paths).api_server}")
        # The apps need the API server only; nodes and metrics come while the engine is at work.
        ready = _in_background(lambda: lifecycle.wait_until_ready(paths, tools, progress.cluster))
        note_project(paths, stack, project)
        with progress.step("applications"), unfinished_before(paths, stack) as unfinished:
            if unfinished:
                LOG.debug("the last deployment did not come to its end, so the cluster is looked at first")
            outcome = engine.deploy(
                stack_file,
                run_program,
                refresh=refresh or unfinished,
                on_progress=progress.resource,
                watch=watch_rollouts(namespace, lambda: connect(paths.kubeconfig)),
            )
        with progress.step("available"):
            ready.result()
            status = wait_until_available(paths, namespace)
        hand_edits = find_hand_edits(connect(paths.kubeconfig), namespace)
    return UpResult(outcome, status, progress.steps, hand_edits, refreshed=refresh)


def wait_until_available(
    paths: ClusterPaths, namespace: str, *, within_seconds: float = AVAILABLE_WITHIN_SECONDS
) -> ClusterStatus:
    """Wait until every app of a namespace has its replicas. An autoscaler that was just made needs no metrics yet.

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


def _in_background(work: Callable[[], None]) -> Future[None]:
    """Do `work` on a thread that an end of this program does not wait for."""
    future = Future[None]()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whoever asks for the result gets it
            future.set_exception(error)

    threading.Thread(target=do, name="background", daemon=True).start()
    return future


def _local_settings(stack_file: Path) -> StackSettings:
    file = read_stack_file(stack_file)
    settings = file.settings()
    with file.layers.locating():
        _check_local(settings)
    return settings


def _check_local(settings: StackSettings) -> None:
    platform = settings.platform
    if platform.kind != "existing" or platform.context != KUBE_CONTEXT:
        message = f"is not this machine; local stacks have kind: existing and context: {KUBE_CONTEXT}"
        raise refusal("nightowl:platform", message)
    too_large = list(pod_size_errors(settings.apps))
    if too_large:
        raise SettingsError(too_large)
