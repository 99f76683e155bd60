"""`nightowl ci drift`: whether what runs is what the code says, as one issue that opens and closes by itself."""

from __future__ import annotations

from infra.ci.actions_run import ActionsRun
from infra.ci.engine import Target
from infra.ci.github import connect
from infra.ci.report import change_lines, code, counted, with_changes
from infra.engine.driver import Engine
from infra.engine.outcome import Preview, StackLockedError
from infra.engine.program import run_program
from infra.errors import NightowlError
from infra.settings.stack_file import settings_from_stack_file

LABEL = "drift"

UNSEEN = ("**kubernetes:helm.sh/v3:Release::**", "**nightowl:charts:Chart$**", "**nightowl:charts:Manifests$**")
"""What the role that checks cannot see: Helm keeps the records of its releases in Secrets, charts bring Secrets, and
kinds that Kubernetes does not know."""
OUT_OF_REACH = ("**kubernetes:*/**",)
"""The objects of a cluster whose API server is reached from inside its VPC only, where no check runs."""


class DriftFoundError(NightowlError):
    """What runs is not what the code says; the issue has the differences."""


def run_drift(target: Target, run: ActionsRun) -> None:
    """Look whether a deployment would change anything, and keep one issue about it: open with drift, closed without.

    A failure that is no drift, such as missing credentials or another run's lock, leaves the issue as it is.
    A dry run reads the stack file and does nothing else.

    Raises:
        DriftFoundError: there is drift; the issue is written.
        StackLockedError: a deployment is under way.
        DeploymentFailedError: the engine failed.
        GithubError: the issue cannot be written.
    """
    settings = settings_from_stack_file(target.stack_file)
    if run.dry_run:
        run.print(
            f"would preview {target.stack} by the engine, and open, edit or close its issue with the label {LABEL!r}"
        )
        return
    github = connect(run)
    run.print(f"comparing {target.stack} with what runs")
    if settings.delivery.runner:
        run.print("the objects of its cluster are out of reach from here; the next deployment sets them back")
    leave_out = (*UNSEEN, *OUT_OF_REACH) if settings.delivery.runner else UNSEEN
    engine = target.engine(settings)
    # A preview neither takes nor heeds the lock of a state bucket or folder, so nobody may deploy before or after it.
    _refuse_deployment_under_way(target, engine)
    preview = engine.preview(target.stack_file, run_program, refresh=True, leave_out=leave_out)
    _refuse_deployment_under_way(target, engine)
    marker = f"nightowl:drift:{target.stack}"
    if not preview.steps:
        closed = github.close_issue(
            marker, f"{code(target.stack)} is as the code says again. {run.url}".rstrip(), LABEL
        )
        run.print(f"{target.stack} is as the code says{'; its issue is closed' if closed else ''}")
        return
    for line in change_lines(preview.steps):
        run.print(f"  {line}")
    body = drift_issue(target.stack, preview, run_url=run.url, commit=run.sha)
    run.summarize(body)
    url = github.upsert_issue(marker, f"Drift in {target.stack}", body, LABEL)
    raise DriftFoundError(f"{target.stack} has drifted: {counted(len(preview.steps), 'resource')}; see {url}")


def _refuse_deployment_under_way(target: Target, engine: Engine) -> None:
    holders = engine.lock_holders(target.stack_file)
    if holders:
        raise StackLockedError(
            [
                f"a deployment of {target.stack} is under way, so what differs may be no drift; locked by "
                f"{', '.join(map(str, holders))}; check again when it has ended, or, if that run is gone, take its "
                f"lock off: `nightowl ci recover -s {target.stack}`"
            ]
        )


def drift_issue(stack: str, preview: Preview, *, run_url: str = "", commit: str = "") -> str:
    """Write the issue: what a deployment would do now to bring back what the code says."""
    at = f" at {code(commit[:12])}" if commit else ""
    log = f"[Log]({run_url})" if run_url else ""
    before = (
        f"What runs in {code(stack)} is not what the code{at} says. Somebody changed it by hand, or a merged change "
        "is not deployed yet. The next deployment would do this:"
    )
    after = (
        "Deploy the stack to set it back, or put the change into the code. This issue is closed by the first check "
        f"that finds nothing. {log}".rstrip()
    )
    return with_changes([before], preview.steps, [after])
