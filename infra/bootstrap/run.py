"""`nightowl bootstrap`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rich.console import Console

from infra.bootstrap.account import Account, connect
from infra.bootstrap.buckets import LogBucketStep, StateBucketStep
from infra.bootstrap.github_provider import GithubProviderStep
from infra.bootstrap.key import KeyStep
from infra.bootstrap.place import Place
from infra.bootstrap.report import Mode, Outcome, changes_tables, outcome_json, steps_table
from infra.bootstrap.stack_file import StackFileStep, make_data_key
from infra.bootstrap.step import Step, StepResult, carry_out, survey
from infra.errors import UsageError
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.stack_file import settings_from_stack_file


def run_bootstrap(
    file: Path,
    *,
    stack: str,
    mode: Mode,
    environment: Mapping[str, str],
    as_json: bool = False,
    say: Callable[[str], None] = print,
) -> bool:
    """Prepare the account and region of the stack file `file`, and print what was done, as tables or as JSON.

    Everything is looked at before anything is made, so a refusal leaves the account as it was. With `dry-run` and
    `check` nothing is made. `environment` is what the shell says (`os.environ`).

    Returns:
        Whether all is well: nothing must be written by hand, and with `check` nothing differs.

    Raises:
        SettingsError: the stack file is not usable.
        UsageError: it is not of an EKS stack.
        BootstrapError: credentials, account or region are not the stack's, AWS refuses, or something of these names is
            somebody else's.
    """
    place = _place(file, stack)
    account = connect(place, environment)
    stack_file = StackFileStep(path=file, name=f"{file.parent.name}/{file.name}", stack=stack, place=place)
    steps = tuple(_each(account, survey))
    found = stack_file.survey()
    if mode == "apply":
        steps = _make(account)
        key = str(steps[0].identifier)
        found = stack_file.carry_out(lambda: make_data_key(account.kms, key))
    outcome = Outcome(stack=stack, place=place, mode=mode, steps=steps, stack_file=found)
    if as_json:
        say(json.dumps(outcome_json(outcome), indent=2))
    else:
        _print(outcome, say)
    if mode == "check":
        return not outcome.changes
    return mode == "dry-run" or found.problem is None


def _place(file: Path, stack: str) -> Place:
    platform = settings_from_stack_file(file).platform
    if not isinstance(platform, EksPlatformSettings):
        raise UsageError(
            f"stack {stack!r} deploys to an existing cluster (nightowl:platform.kind), and a bootstrap prepares an AWS "
            "account; name a stack with kind: eks"
        )
    return Place(account_id=platform.account_id, region=platform.region)


def _each(account: Account, act: Callable[[Step], StepResult]) -> Iterator[StepResult]:
    """Do one thing with every resource, in the order in which they need each other."""
    key = act(KeyStep(kms=account.kms, place=account.place))
    yield key
    yield act(LogBucketStep(s3=account.s3, place=account.place))
    yield act(StateBucketStep(s3=account.s3, place=account.place, key_arn=key.identifier))
    yield act(GithubProviderStep(iam=account.iam, place=account.place))


def _make(account: Account) -> tuple[StepResult, ...]:
    done: list[StepResult] = []
    try:
        for step in _each(account, carry_out):
            done.append(step)
    except BaseException:
        if done:
            Console(stderr=True).print(steps_table(done))
        raise
    return tuple(done)


def _print(outcome: Outcome, say: Callable[[str], None]) -> None:
    console = Console()
    if outcome.mode == "apply":
        console.print(steps_table((*outcome.steps, outcome.stack_file.step)))
    elif outcome.changes:
        console.print(changes_tables(outcome.changes))
        word = "difference" if outcome.mode == "check" else "change"
        count = len(outcome.changes)
        say(f"{count} {word}{'' if count == 1 else 's'}; nothing was changed")
    else:
        say(f"{outcome.place.account_id} {outcome.place.region}: everything is as it should be")
    if outcome.stack_file.problem is not None:
        say(f"\n{outcome.stack_file.problem}. The lines:")
        for line in outcome.stack_file.lines:
            say(f"    {line}")
    if outcome.mode == "apply":
        say("\nNext:")
        for command in outcome.next_commands:
            say(command)
