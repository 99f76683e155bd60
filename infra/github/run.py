"""`nightowl github`: look at everything, then change what differs, one thing after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from infra.github.actions_settings import actions_step
from infra.github.checksums import checksums_step
from infra.github.client import RepositoryApi, connect, open_repository
from infra.github.code_owners import code_owners_step
from infra.github.environments import (
    DEPLOYMENT_BRANCHES,
    EPHEMERAL,
    EPHEMERAL_BRANCHES,
    PROPOSALS,
    environment_reviewers,
    environment_step,
)
from infra.github.issues import LABELS, issues_step, label_step
from infra.github.main_rules import main_rules_step
from infra.github.origin import repository_of
from infra.github.proposals import app_of, app_step
from infra.github.report import print_json, print_table
from infra.github.required_checks import required_checks
from infra.github.reviewers import Reviewer, find_reviewers, several
from infra.github.stack_facts import EPHEMERAL_BASE, stack_file_step
from infra.github.subjects import SubjectFormat, subject_format
from infra.github.switch import switch_step
from infra.github.workflows import workflows_step
from infra.project import stack_file
from infra.reconcile import Mode, Result, Step, reconcile

UNREVIEWED_STACKS = ("dev",)
"""Every other stack gets the reviewers."""

REVIEWED_STACKS = ("prod",)
"""Stacks that are refused without any reviewer."""


def run_github(
    project: Path,
    environ: Mapping[str, str],
    *,
    repository: str | None,
    stacks: Sequence[str],
    reviewers: Sequence[str],
    switch_on: bool,
    mode: Mode,
    as_json: bool = False,
    console: Console,
) -> bool:
    """Make the repository ready for the delivery workflows, and print what was done as a table or as JSON.

    `repository` is OWNER/NAME, by default that of the git remote `origin`. `reviewers` are LOGINs and
    ORGANIZATION/TEAMs; without any, those that the environments have stay.

    Everything is inspected before anything is changed. Each change is whole in itself, so that after an interruption
    the same command goes on where it stopped. The variable that switches the workflows on comes last.

    Returns:
        Whether all was as it should be before.

    Raises:
        UsageError: a wrong name or option, no token, no rights, or prod without reviewers.
        SettingsError: a stack file or ci.yml is not usable.
        GithubError: GitHub refuses a request; what was done before is printed.
        StackFileError: a stack file cannot be written; what was done before is printed.
    """
    files = {stack: stack_file(project, stack) for stack in dict.fromkeys(stacks)}
    client = connect(environ)
    api = RepositoryApi(open_repository(client, repository or repository_of(project)))
    form = subject_format(api)
    found = find_reviewers(client, reviewers)
    approvers = found or _approvers(api)
    app = app_of(api)
    steps = [
        *_environment_steps(api, list(files), found),
        environment_step(api, PROPOSALS, branches=DEPLOYMENT_BRANCHES),
        app_step(api, app),
        actions_step(api, proposed_by_app=bool(app)),
        workflows_step(api),
        issues_step(api),
        *(label_step(api, name) for name in LABELS),
        main_rules_step(api, client, required_checks(project), approvers=approvers),
        *([code_owners_step(api, project, approvers)] if several(approvers) else []),
        *_stack_file_steps(api, files, form),
        checksums_step(),
        switch_step(api, switch_on=switch_on),
    ]
    results: list[Result[str]] = []
    try:
        for result in reconcile(lambda: steps, mode):
            results.append(result)
    finally:
        if results:
            undone = [Result(step=step, state="not done") for step in steps[len(results) :]]
            report = print_json if as_json else print_table
            report(api.repository, form.prefixes, [*results, *undone], console)
    return not any(step.changes for step in steps)


def _environment_steps(api: RepositoryApi, stacks: Sequence[str], reviewers: Sequence[Reviewer]) -> list[Step[str]]:
    steps = [
        environment_step(
            api,
            stack,
            branches=DEPLOYMENT_BRANCHES,
            reviewers=() if stack in UNREVIEWED_STACKS else reviewers,
            must_be_reviewed=stack in REVIEWED_STACKS,
        )
        for stack in stacks
    ]
    if EPHEMERAL_BASE in stacks:
        steps.append(environment_step(api, EPHEMERAL, branches=EPHEMERAL_BRANCHES))
    return steps


def _approvers(api: RepositoryApi) -> tuple[Reviewer, ...]:
    """Read who approves deployments already."""
    return next(filter(None, (environment_reviewers(api, stack) for stack in REVIEWED_STACKS)), ())


def _stack_file_steps(api: RepositoryApi, files: Mapping[str, Path], form: SubjectFormat) -> list[Step[str]]:
    repository = api.repository
    return [
        stack_file_step(file, stack, repository=repository.full_name, repository_id=repository.id, form=form)
        for stack, file in files.items()
    ]
