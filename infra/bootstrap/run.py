"""`nightowl bootstrap`: look at everything, then make and change what differs, one thing after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from rich.console import Console

from infra.bootstrap.account import Account
from infra.bootstrap.buckets import log_bucket_step, state_bucket_step
from infra.bootstrap.connection import Connection, connect
from infra.bootstrap.github_provider import github_provider_step
from infra.bootstrap.key import key_step, make_data_key
from infra.bootstrap.report import Report, print_results
from infra.bootstrap.resource import Change
from infra.bootstrap.stack_file import bring_up_to_date
from infra.errors import UsageError
from infra.reconcile import Mode, Result, Step, reconcile
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.stack_file import settings_from_stack_file


def run_bootstrap(
    file: Path, *, stack: str, mode: Mode, environment: Mapping[str, str], as_json: bool = False, console: Console
) -> bool:
    """Prepare the account and region of the stack file `file`, and print what was done, as tables or as JSON.

    Everything is read before anything is made, so a refusal leaves the account as it was. With `dry-run` and
    `check` nothing is made. `environment` is what the shell says (`os.environ`).

    Returns:
        Whether all is well: nothing must be written by hand, and with `check` nothing differs.

    Raises:
        SettingsError: the stack file is not usable.
        UsageError: it is not of an EKS stack.
        AwsError: credentials, account or region are not the stack's, AWS refuses, or something of these names is
            somebody else's.
    """
    account = _account(file, stack)
    aws = connect(account, environment)
    found = bring_up_to_date(file, stack=stack, account=account)
    results: list[Result[Change]] = []
    try:
        for result in reconcile(lambda: _steps(aws), mode):
            results.append(result)
    except BaseException:
        if results:
            print_results(results, Console(stderr=True))
        raise
    if mode == "apply":
        key_arn = str(results[0].step.identifier())
        new_key = partial(make_data_key, aws.kms, key_arn)
        found = bring_up_to_date(file, stack=stack, account=account, new_data_key=new_key)
    report = Report(stack=stack, account=account, mode=mode, resources=results, stack_file=found)
    if as_json:
        report.print_json(console)
    else:
        report.print(console)
    if mode == "check":
        return not report.differs
    return mode == "dry-run" or found.problem is None


def _account(file: Path, stack: str) -> Account:
    platform = settings_from_stack_file(file).platform
    if not isinstance(platform, EksPlatformSettings):
        raise UsageError(
            f"stack {stack!r} deploys to an existing cluster (nightowl:platform.kind), and a bootstrap prepares an AWS "
            "account; name a stack with kind: eks"
        )
    return Account(id=platform.account_id, region=platform.region)


def _steps(aws: Connection) -> Iterator[Step[Change]]:
    """Read every resource, in the order in which they need each other: the key's ARN is known once it is made."""
    key = key_step(aws)
    yield key
    yield log_bucket_step(aws)
    yield state_bucket_step(aws, key.identifier())
    yield github_provider_step(aws)
