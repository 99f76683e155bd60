"""`nightowl ci preview`: what a pull request would change in a stack, as one comment that is edited in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.ci.actions_run import ActionsRun
from infra.ci.engine import Target
from infra.ci.github import connect
from infra.ci.own_rights import own_rights
from infra.ci.report import block, code, counted, joined, policy_lines, with_changes
from infra.engine.outcome import InterruptedRunError, Preview, StepChange
from infra.engine.program import run_program
from infra.errors import NightowlError
from infra.plan.durations import duration
from infra.plan.plan import Plan, plan_of_file
from infra.plan.run import PolicyViolationError
from infra.plan.schedule import clock, schedule
from infra.settings.stack_file import settings_from_stack_file
from policies.evaluation import Evaluation

POLICIES_ROOM = 15_000
ERRORS_ROOM = 10_000
WARNINGS_ROOM = 5_000
"""Characters of these parts at most, so that something is left for the changes."""
LINKS_SHOWN = 4
MAKING_OPERATIONS = ("create", "update", "replace", "import")


class PreviewFailedError(NightowlError):
    """There is no preview; the comment says why."""


@dataclass(frozen=True, kw_only=True)
class PreviewReport:
    """What is known of a stack after a preview. What it did not come to is None; `failure` says why."""

    stack: str
    preview: Preview | None = None
    plan: Plan | None = None
    failure: str = ""
    commit: str = ""
    run_url: str = ""

    @property
    def steps(self) -> Sequence[StepChange]:
        """The changes; none where there is no preview."""
        return () if self.preview is None else self.preview.steps


def run_preview(target: Target, number: int | None, run: ActionsRun) -> None:
    """Preview a stack with the real engine, judge it by the policies, and report both on the pull request `number`.

    The same goes to the job's summary. Without a number it goes there alone.
    A dry run reads and judges the stack file, which needs neither engine nor network, and writes nothing.

    Raises:
        PreviewFailedError: the settings are not usable, or the preview failed.
        PolicyViolationError: mandatory policies are violated.
        GithubError: the comment cannot be written.
    """
    github = None if run.dry_run or number is None else connect(run)
    report = _report(target, run)
    body = preview_comment(report)
    if run.dry_run:
        run.print(body)
        where = "in the summary of the job" if number is None else f"in a comment on pull request {number}"
        run.print(f"would preview {target.stack} by the engine, and tell it {where}")
    else:
        run.summarize(body)
    if github is not None and number is not None:
        run.print(github.upsert_comment(number, f"nightowl:preview:{target.stack}", body))
    if report.failure:
        raise PreviewFailedError(f"{target.stack} cannot be previewed: {report.failure}")
    if report.plan is not None and report.plan.policies.mandatory:
        raise PolicyViolationError(target.stack, report.plan.policies.mandatory)


def preview_comment(report: PreviewReport) -> str:
    """Write the comment: the verdict first, then changes, policies, time and warnings, within GitHub's limit."""
    preview, plan = report.preview, report.plan
    before = [
        f"### {code(report.stack)}: {_verdict(report)}",
        block([report.failure], room=ERRORS_ROOM) if report.failure else "",
        _own_rights(report.stack, report.steps),
    ]
    after = [
        "" if plan is None else _policies(plan.policies),
        "" if plan is None else _time(plan, report.steps),
        "" if preview is None else _warnings(preview.messages),
        _footer(report),
    ]
    return with_changes(before, report.steps, after)


def _report(target: Target, run: ActionsRun) -> PreviewReport:
    plan: Plan | None = None
    preview: Preview | None = None
    failure = ""
    try:
        settings = settings_from_stack_file(target.stack_file)
        plan = plan_of_file(target.stack_file, target.stack)
        if not run.dry_run:
            run.print(f"previewing {target.stack}")
            preview = target.engine(settings).preview(target.stack_file, run_program)
    except InterruptedRunError:
        raise
    except NightowlError as error:
        failure = str(error)
    return PreviewReport(
        stack=target.stack, preview=preview, plan=plan, failure=failure, commit=run.sha, run_url=run.url
    )


def _verdict(report: PreviewReport) -> str:
    if report.failure:
        return "the preview failed"
    mandatory = 0 if report.plan is None else len(report.plan.policies.mandatory)
    if mandatory:
        return f"refused, {counted(mandatory, 'mandatory policy violation')}"
    if report.preview is None:
        return "not previewed"
    return counted(len(report.steps), "change") if report.steps else "no changes"


def _own_rights(stack: str, steps: Sequence[StepChange]) -> str:
    touched = own_rights(steps)
    if not touched:
        return ""
    return (
        f"**This changes the pipeline's own rights ({counted(len(touched), 'resource')}).** The pipeline may not do "
        "that, and its deployment will be refused: after the merge, an administrator runs "
        f"{code(f'pulumi up -s {stack}')} once."
    )


def _policies(evaluation: Evaluation) -> str:
    mandatory = len(evaluation.mandatory)
    advisory = len(evaluation.violations) - mandatory
    if not evaluation.violations:
        return f"**Policies:** {evaluation.rules} rules, no violation."
    heading = (
        f"**Policies:** {evaluation.rules} rules, {counted(mandatory, 'mandatory violation')}, {advisory} advisory."
    )
    return joined([heading, block(policy_lines(evaluation), room=POLICIES_ROOM)])


def _time(plan: Plan, steps: Sequence[StepChange]) -> str:
    """Write the time of the slowest chain of what changes; everything else is there already and takes none."""
    changing = {step.urn for step in steps if step.op in MAKING_OPERATIONS}
    timed = schedule(plan.graph, lambda resource: duration(resource).seconds if resource.urn in changing else 0)
    chain = timed.chain(list(plan.graph))
    if not steps or not chain:
        return ""
    links = sorted(chain, key=lambda step: step.seconds, reverse=True)[:LINKS_SHOWN]
    slowest = ", ".join(code(f"{step.resource.label} {clock(step.seconds)}") for step in chain if step in links)
    return f"**Time:** about {clock(chain[-1].end)} min, most of it for {slowest}; counted as if each were made anew."


def _warnings(messages: Sequence[str]) -> str:
    return joined(["**Warnings:**", block(messages, room=WARNINGS_ROOM)]) if messages else ""


def _footer(report: PreviewReport) -> str:
    commit = f"Commit {code(report.commit[:12])}. " if report.commit else ""
    log = f" [Log]({report.run_url})." if report.run_url else ""
    return f"{commit}Nothing was changed.{log}"
