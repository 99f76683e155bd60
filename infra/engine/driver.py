"""The Pulumi engine, driven for the stacks of one workspace: the program runs in this process, the CLI beside it.

What the engine writes, and where, is the workspace's affair. The stack files of the project are read; what Pulumi
itself may write into one is the key of its secrets.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar, cast

from pulumi import automation

from infra.engine.command import EngineCommand
from infra.engine.locks import LockHolder
from infra.engine.outcome import (
    DeploymentFailedError,
    InterruptedRunError,
    OnProgress,
    Preview,
    Recovery,
    ResourceProgress,
    RunResult,
    StackLockedError,
    StackMissingError,
    Watch,
)
from infra.engine.report import EngineReport, clean_message
from infra.engine.workspace import Workspace
from infra.system.interruption import interruptions_handled_by
from infra.urns import urn_name

LOG = logging.getLogger(__name__)
HIDDEN_OUTPUT = "[secret]"

Program: TypeAlias = Callable[[], None]
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The engine for the stacks of one workspace, run by the Pulumi CLI at `pulumi_binary`."""

    workspace: Workspace
    pulumi_binary: Path
    stop_seconds: float | None = None
    """How long the steps under way may go on after an interruption; None for until they end, or a second one."""
    options: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Options of the CLI by its command, beyond those that the methods have."""

    def deploy(
        self,
        stack_file: Path,
        program: Program,
        *,
        refresh: bool = False,
        on_progress: OnProgress | None = None,
        watch: Watch | None = None,
    ) -> RunResult:
        """Bring the stack to what `program` declares, and make it first if the backend has none.

        With `refresh`, hand edits are found and undone, also where the project's own options do not say so. What
        `watch` knows of a failure is told before what the engine says, and it may end the run.

        Raises:
            DeploymentFailedError, StackLockedError, InterruptedRunError.
        """

        def work(stack: automation.Stack, events: EngineReport) -> RunResult:
            result = stack.up(
                program=program, refresh=refresh or None, color="never", on_event=events.handle, show_secrets=False
            )
            shown = {name: HIDDEN_OUTPUT if one.secret else one.value for name, one in result.outputs.items()}
            return events.result(shown)

        return self._run(stack_file, work, on_progress, create=True, watch=watch)

    def prepare(self, stack_file: Path) -> None:
        """Create the stack if the backend has none, so that its first deployment need not. Raises as `deploy` does."""
        self._run(stack_file, lambda _stack, _events: None, create=True)

    def destroy(self, stack_file: Path, *, on_progress: OnProgress | None = None) -> RunResult:
        """Delete all that the stack has made. The backend knows it afterwards, as a stack without anything.

        Where the backend has no such stack there is nothing to do, and the outcome says so. Raises as `deploy` does.
        """

        def work(stack: automation.Stack, events: EngineReport) -> RunResult:
            stack.destroy(color="never", on_event=events.handle, show_secrets=False)
            return events.result({})

        try:
            return self._run(stack_file, work, on_progress)
        except StackMissingError:
            return RunResult(changes={}, seconds=0.0, outputs={})

    def preview(
        self,
        stack_file: Path,
        program: Program,
        *,
        refresh: bool = False,
        leave_out: Sequence[str] = (),
    ) -> Preview:
        """Return what `deploy` would do. Nothing is changed, nothing is locked.

        With `refresh` everything is looked at first; without, the state is taken as it is, whatever the project's
        options say. `leave_out` are URNs, with `**` for any text, that are neither looked at nor compared.

        Raises:
            StackMissingError: the backend has no such stack.
            DeploymentFailedError, InterruptedRunError.
        """

        def work(stack: automation.Stack, events: EngineReport) -> Preview:
            stack.preview(
                program=program,
                refresh=refresh or None,
                exclude=list(leave_out) or None,
                color="never",
                on_event=events.handle,
            )
            return Preview(changes=events.changes, steps=tuple(events.steps), messages=tuple(events.warnings))

        # The Automation API can ask for a refresh, and not for none.
        return self._run(stack_file, work, more={} if refresh else {"preview": ["--refresh=false"]})

    def lock_holders(self, stack_file: Path) -> tuple[LockHolder, ...]:
        """Return who has locked the stack."""
        return self.workspace.lock_holders(self.workspace.prepare(stack_file))

    def recover(self, stack_file: Path) -> Recovery:
        """Put a stack right after a run that did not end by itself: take its locks off, and look at what was under way.

        What the run was changing is read again. What it was creating is forgotten, as nobody knows the ids: it may
        exist all the same, and has to be looked for by hand. A run that is still at work loses its lock too.
        Raises as `preview` does.
        """
        holders = self.lock_holders(stack_file)

        def work(stack: automation.Stack, events: EngineReport) -> Recovery:
            if holders:
                stack.cancel()
            pending = self._pending(stack)
            if pending:
                stack.refresh(clear_pending_creates=True, color="never", on_event=events.handle, show_secrets=False)
            return Recovery(locks=holders, pending=pending, remaining=self._pending(stack) if pending else ())

        return self._run(stack_file, work)

    def _run(
        self,
        stack_file: Path,
        work: Callable[[automation.Stack, EngineReport], Result],
        on_progress: OnProgress | None = None,
        *,
        create: bool = False,
        more: Mapping[str, Sequence[str]] | None = None,
        watch: Watch | None = None,
    ) -> Result:
        name = self.workspace.prepare(stack_file)
        command = EngineCommand(self.pulumi_binary, _both(self.options, more or {}))
        show: OnProgress = on_progress or (lambda _: None)
        watching = contextlib.nullcontext() if watch is None else watch(show, command.interrupt)
        choose = _select_or_create if create else automation.Stack.select

        def whole(events: EngineReport) -> Result:
            stack = choose(name, self._workspace(command))
            holders = self.workspace.lock_holders(name) if self.workspace.runs_here_only else ()
            if holders and all(holder.is_dead for holder in holders):
                LOG.debug("%s: the lock of a dead process is taken off", name)
                stack.cancel()
            return work(stack, events)

        with (
            _kubeconfig_in_environment(self.workspace.environment.get("KUBECONFIG")),
            _abandoned_programs_ignored(),
            watching as watcher,
        ):

            def on_step(step: ResourceProgress) -> None:
                if watcher is not None:
                    watcher.on_progress(step)
                show(step)

            events = EngineReport(on_progress=on_step)
            try:
                return _interruptible(lambda: whole(events), command, events, self.stop_seconds)
            except DeploymentFailedError as error:
                if watcher is None:
                    raise
                raise type(error)([*watcher.explain_failure(), *error.messages]) from None

    def _pending(self, stack: automation.Stack) -> tuple[str, ...]:
        """Return what the state records as under way. It is read as it is stored: with its secrets encrypted."""
        command = ["stack", "export", "--stack", stack.name]
        text = stack.workspace.pulumi_command.run(command, str(self.workspace.work_dir), self._variables()).stdout
        deployment = cast(dict[str, Any], json.loads(text).get("deployment") or {})
        operations = cast(list[dict[str, Any]], deployment.get("pending_operations") or [])
        return tuple(
            f"{one['type']} {one['resource']['type']} {urn_name(one['resource']['urn'])}" for one in operations
        )

    def _workspace(self, command: EngineCommand) -> automation.LocalWorkspace:
        return _CliWorkspace(
            self.workspace.has_stack,
            work_dir=str(self.workspace.work_dir),
            env_vars=self._variables(),
            secrets_provider=self.workspace.secrets_provider,
            pulumi_command=command,
        )

    def _variables(self) -> dict[str, str]:
        home = self.workspace.pulumi_home
        of_home = {} if home is None else {"PULUMI_HOME": str(home)}
        return {**self.workspace.environment, **of_home, "PULUMI_SKIP_UPDATE_CHECK": "true"}


class _CliWorkspace(automation.LocalWorkspace):
    """The Automation API's workspace, with fewer runs of the CLI: each takes a third of a second.

    `has_stack` tells of a stack that need not be looked for. Every command of the API names its stack, so none has to
    be selected first.
    """

    def __init__(self, has_stack: Callable[[str], bool], **options: Any) -> None:
        super().__init__(**options)
        self._has_stack = has_stack

    def select_stack(self, stack_name: str) -> None:
        """Raise StackNotFoundError if there is no such stack."""
        if not self._has_stack(stack_name):
            super().select_stack(stack_name)

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        """Read the outputs once, as the CLI shows them: no secret is asked for, as none is told."""
        command = ["stack", "output", "--json", "--stack", stack_name]
        text = self.pulumi_command.run(command, self.work_dir, self.env_vars).stdout
        shown = cast(dict[str, Any], json.loads(text))
        return {
            name: automation.OutputValue(value=value, secret=value == HIDDEN_OUTPUT) for name, value in shown.items()
        }


def _both(some: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return {command: [*some.get(command, ()), *others.get(command, ())] for command in {*some, *others}}


def _select_or_create(name: str, workspace: automation.LocalWorkspace) -> automation.Stack:
    """Select the stack, which mostly exists: the other way round costs a run of the CLI each time."""
    try:
        return automation.Stack.select(name, workspace)
    except automation.StackNotFoundError:
        return automation.Stack.create(name, workspace)


class _Happening(Enum):
    INTERRUPTION = auto()
    END = auto()


def _interruptible(
    work: Callable[[], Result], command: EngineCommand, events: EngineReport, stop_seconds: float | None
) -> Result:
    """Return the result of `work`, done on another thread so that Ctrl-C is turned into a clean stop of the engine."""
    # A signal handler may put into this kind of queue, whatever it interrupts.
    happened: SimpleQueue[_Happening] = SimpleQueue()
    interrupted = False
    with (
        interruptions_handled_by(lambda: happened.put(_Happening.INTERRUPTION)),
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine") as pool,
    ):
        future = pool.submit(work)
        future.add_done_callback(lambda _: happened.put(_Happening.END))
        try:
            while happened.get() is _Happening.INTERRUPTION:
                command.interrupt()
                if stop_seconds is not None and not interrupted:
                    at_once = threading.Timer(stop_seconds, command.interrupt)
                    at_once.daemon = True
                    at_once.start()
                interrupted = True
                events.on_progress(_stopping(stop_seconds))
            result = future.result()
        except automation.CommandError as error:
            raise _failure(error, events, interrupted=interrupted) from None
        finally:
            # Whatever else ends the wait, the pool waits for the engine, which would go on as if nobody had left.
            if not future.done():
                command.interrupt()
    if not happened.empty():
        # It came when the work was done: the caller stops.
        raise KeyboardInterrupt
    return result


def _stopping(stop_seconds: float | None) -> ResourceProgress:
    message = (
        "stopping after the steps under way; press Ctrl-C again to stop at once"
        if stop_seconds is None
        else f"stopping; the steps under way have {stop_seconds:g} s to end"
    )
    return ResourceProgress(op="", type="", name="", status="warning", message=message)


def _failure(error: automation.CommandError, events: EngineReport, *, interrupted: bool) -> DeploymentFailedError:
    if interrupted:
        advice = "stopped before the end; what was done is recorded, and the next run continues from there"
        return InterruptedRunError([*events.error_messages(), advice])
    if isinstance(error, automation.ConcurrentUpdateError):
        return StackLockedError([_locked(str(error))])
    if isinstance(error, automation.StackNotFoundError):
        return StackMissingError(["the backend has no such stack; its first deployment makes it"])
    return DeploymentFailedError(events.error_messages() or [_last_words(error)])


def _locked(message: str) -> str:
    """Name the holders of the lock as the CLI's message does.

    Source: checkForLock in github.com/pulumi/pulumi/pkg/v3/backend/diy/lock.go.
    """
    holders = re.findall(r"created by (\S+@\S+) \(pid (\d+)\) at (\S+)", message)
    named = "".join(f"; locked by {who} (process {pid}) since {since}" for who, pid, since in holders)
    return f"another run is at work on this stack; wait for its end, or stop it, and try again{named}"


def _last_words(error: automation.CommandError) -> str:
    """Return what the CLI wrote to standard error, for failures that the engine has not reported."""
    written = str(error).partition("stderr:")[2]
    lines = [clean_message(line).removeprefix("error: ") for line in written.splitlines()]
    return "\n".join(line for line in lines if line) or "the Pulumi engine failed without a message"


@contextlib.contextmanager
def _kubeconfig_in_environment(kubeconfig: str | None) -> Generator[None]:
    """Set KUBECONFIG for the program, which runs in this process and whose provider reads it there."""
    if kubeconfig is None:
        yield
        return
    before = os.environ.get("KUBECONFIG")
    os.environ["KUBECONFIG"] = kubeconfig
    try:
        yield
    finally:
        if before is None:
            del os.environ["KUBECONFIG"]
        else:
            os.environ["KUBECONFIG"] = before


@contextlib.contextmanager
def _abandoned_programs_ignored() -> Generator[None]:
    """Keep Python from reporting the program that a failed run has left in the middle; the failure is told anyway."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda report: None if inspect.iscoroutine(report.object) else before(report)
    try:
        yield
    finally:
        gc.collect()
        sys.unraisablehook = before
