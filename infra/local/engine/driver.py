"""The Pulumi engine, driven for one local cluster: the program runs in this process, the state is the cluster's own.

Everything the engine writes is below the cluster's folder and this tool's Pulumi home. The stack files of the project
are read and never written.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pulumi import automation

from infra.local.engine.command import EngineCommand
from infra.local.engine.outcome import (
    DeploymentFailedError,
    InterruptedRunError,
    OnProgress,
    Outcome,
    Progress,
    StackLockedError,
)
from infra.local.engine.report import EngineReport, clean_message
from infra.local.engine.workspace import environment, has_only_stale_locks, stack_name, write_workspace
from infra.local.paths import ClusterPaths
from infra.local.provider_plugin import ProviderPlugin, pulumi_home

HIDDEN_OUTPUT = "[secret]"

Program: TypeAlias = Callable[[], None]
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The engine for the stacks of one cluster, run by the Pulumi CLI at `pulumi_binary`."""

    paths: ClusterPaths
    pulumi_binary: Path
    plugin: ProviderPlugin

    def deploy(
        self, stack_file: Path, program: Program, *, refresh: bool = False, on_progress: OnProgress | None = None
    ) -> Outcome:
        """Brings the cluster to what `program` declares; with `refresh`, hand edits are found and undone.

        Raises DeploymentFailedError, StackLockedError, InterruptedRunError.
        """

        def work(stack: automation.Stack, events: EngineReport) -> dict[str, Any]:
            result = stack.up(
                program=program, refresh=refresh or None, color="never", on_event=events.take, show_secrets=False
            )
            return _shown(result.outputs)

        return self._run(stack_file, work, on_progress)

    def destroy(self, stack_file: Path, *, on_progress: OnProgress | None = None) -> Outcome:
        """Deletes all that the stack has on the cluster. Raises as `deploy` does."""

        def work(stack: automation.Stack, events: EngineReport) -> dict[str, Any]:
            stack.destroy(color="never", on_event=events.take, show_secrets=False)
            return {}

        return self._run(stack_file, work, on_progress)

    def _run(
        self,
        stack_file: Path,
        work: Callable[[automation.Stack, EngineReport], dict[str, Any]],
        on_progress: OnProgress | None,
    ) -> Outcome:
        started = time.monotonic()
        name = stack_name(stack_file)
        write_workspace(self.paths, stack_file, self.plugin)
        command = EngineCommand(self.pulumi_binary)
        events = EngineReport(on_progress=on_progress or _ignore)

        def whole() -> dict[str, Any]:
            stack = automation.Stack.create_or_select(name, self._workspace(command))
            if has_only_stale_locks(self.paths, name):
                stack.cancel()
            return work(stack, events)

        with _kubeconfig_in_environment(self.paths.kubeconfig), _abandoned_programs_ignored():
            outputs = _interruptible(whole, command, events)
        return Outcome(changes=events.changes, seconds=time.monotonic() - started, outputs=outputs)

    def _workspace(self, command: EngineCommand) -> automation.LocalWorkspace:
        return automation.LocalWorkspace(
            work_dir=str(self.paths.workspace),
            pulumi_home=str(pulumi_home()),
            env_vars={**environment(self.paths), "PULUMI_SKIP_UPDATE_CHECK": "true"},
            secrets_provider="passphrase",
            pulumi_command=command,
        )


def _interruptible(work: Callable[[], Result], command: EngineCommand, events: EngineReport) -> Result:
    """The result of `work`, done on another thread so that Ctrl-C is turned into a clean stop of the engine."""
    interrupted = threading.Event()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine") as pool:
        future = pool.submit(work)
        while True:
            try:
                return future.result()
            except KeyboardInterrupt:
                interrupted.set()
                command.interrupt()
                message = "stopping after the steps under way; press Ctrl-C again to stop at once"
                events.on_progress(Progress(op="", type="", name="", status="warning", message=message))
            except automation.CommandError as error:
                raise _failure(error, events, interrupted=interrupted.is_set()) from None


def _failure(error: automation.CommandError, events: EngineReport, *, interrupted: bool) -> DeploymentFailedError:
    if interrupted:
        advice = "stopped before the end; what was done is recorded, and the next run continues from there"
        return InterruptedRunError([*events.telling_errors(), advice])
    if isinstance(error, automation.ConcurrentUpdateError):
        return StackLockedError(["another run is at work on this stack; wait for its end, or stop it, and try again"])
    return DeploymentFailedError(events.telling_errors() or [_last_words(error)])


def _last_words(error: automation.CommandError) -> str:
    """What the CLI wrote to standard error, for failures that the engine has not reported."""
    written = str(error).partition("stderr:")[2]
    lines = [clean_message(line).removeprefix("error: ") for line in written.splitlines()]
    return "\n".join(line for line in lines if line) or "the Pulumi engine failed without a message"


def _shown(outputs: automation.OutputMap) -> dict[str, Any]:
    return {name: HIDDEN_OUTPUT if output.secret else output.value for name, output in outputs.items()}


@contextlib.contextmanager
def _kubeconfig_in_environment(kubeconfig: Path) -> Generator[None]:
    """Sets KUBECONFIG for the program, which runs in this process and whose provider reads it there."""
    before = os.environ.get("KUBECONFIG")
    os.environ["KUBECONFIG"] = str(kubeconfig)
    try:
        yield
    finally:
        if before is None:
            del os.environ["KUBECONFIG"]
        else:
            os.environ["KUBECONFIG"] = before


@contextlib.contextmanager
def _abandoned_programs_ignored() -> Generator[None]:
    """Keeps Python from reporting the program that a failed run has left in the middle; the failure is told anyway."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda report: None if inspect.iscoroutine(report.object) else before(report)
    try:
        yield
    finally:
        gc.collect()
        sys.unraisablehook = before


def _ignore(_: Progress) -> None:
    """Shows nothing."""
