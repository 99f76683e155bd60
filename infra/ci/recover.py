"""`nightowl ci recover`: a stack after a run that was killed: its lock, and what the run had under way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from infra.ci.actions_run import ActionsRun
from infra.ci.engine import Target
from infra.ci.report import block, change_lines, code, joined
from infra.engine.outcome import Preview, Recovery
from infra.engine.program import run_program
from infra.errors import NightowlError, UsageError
from infra.settings.pull_request import pull_request_number
from infra.settings.stack_file import settings_from_stack_file

YOUNG = timedelta(hours=1)
"""A deployment can take this long (`nightowl plan`), so the holder of a younger lock may be at work."""


class StillPendingError(NightowlError):
    """The state still records operations as under way."""


def run_recover(target: Target, run: ActionsRun, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Print who has locked a stack, take the lock off, clear what is pending, and print what remains to do.

    It can be run at any time and again; a stack without lock and pending operations stays as it is. A dry run
    reads the stack file and does nothing else.

    Raises:
        UsageError: it is the stack of a pull request, whose state no engine may read as it is.
        StillPendingError: operations are recorded as under way still.
        DeploymentFailedError: the engine failed; a lock may be off already.
    """
    number = pull_request_number(target.stack)
    if number is not None:
        raise UsageError(
            f"--stack: {target.stack} is a pull request's, and its state is the pull request's own word; "
            f"`nightowl ci ephemeral down --pull-request {number}` checks the state and removes the stack"
        )
    settings = settings_from_stack_file(target.stack_file)
    if run.dry_run:
        run.print(f"would take the locks off {target.stack}, clear its pending operations and preview it")
        return
    engine = target.engine(settings)
    for holder in engine.lock_holders(target.stack_file):
        age = holder.age(now())
        run.print(f"locked by {holder}{'' if age is None else f', {_duration(age)} ago'}")
        if age is not None and age < YOUNG:
            run.print("warning: that is so recent that the run may be at work; if it is, stop it before anything else")
    recovery = engine.recover(target.stack_file)
    run.print(_done(recovery))
    preview = engine.preview(target.stack_file, run_program, refresh=True)
    for line in change_lines(preview.steps):
        run.print(f"  {line}")
    run.summarize(recovery_summary(target.stack, recovery, preview))
    if recovery.remaining:
        remaining = "\n".join(f"  {operation}" for operation in recovery.remaining)
        raise StillPendingError(
            f"{target.stack} still records as under way:\n{remaining}\n"
            f"look at these by hand: `pulumi refresh -s {target.stack}` asks about each"
        )


def recovery_summary(stack: str, recovery: Recovery, preview: Preview) -> str:
    """Write what was put right, what may be left behind, and what the next deployment does, as Markdown."""
    left = [operation for operation in recovery.pending if operation.startswith("creating")]
    return joined(
        [
            f"### {code(stack)}: {_done(recovery)}",
            joined(["**Was under way:**", block(recovery.pending)]) if recovery.pending else "",
            "What was being created may exist without being in the state: look for it, and delete or import it."
            if left
            else "",
            joined(["**The next deployment would do:**", block(change_lines(preview.steps), language="diff")])
            if preview.steps
            else "The next deployment would change nothing.",
        ]
    )


def _done(recovery: Recovery) -> str:
    locks = "there was no lock" if not recovery.locks else f"took off {len(recovery.locks)} lock(s)"
    cleared = len(recovery.pending) - len(recovery.remaining)
    return f"{locks}, cleared {cleared} of {len(recovery.pending)} pending operation(s)"


def _duration(age: timedelta) -> str:
    minutes = max(0, round(age.total_seconds() / 60))
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
