"""`nightowl ci ephemeral up` and `down`: the stack of one pull request comes and goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.ci.ephemeral.place import LABEL, EphemeralError, Place
from infra.ci.ephemeral.removal import remove_stack
from infra.ci.ephemeral.states import are_dead
from infra.ci.report import block, cell, code, counted, joined, table
from infra.ci.rollouts import rollouts_of
from infra.engine.display import resource_lines
from infra.engine.outcome import InterruptedRunError, RunResult
from infra.engine.program import run_program
from infra.errors import NightowlError
from infra.plan.plan import plan_of_file
from infra.plan.run import PolicyViolationError
from infra.project import project_name
from infra.settings.eks.priorities import GUEST_BLOCKS, guest_block
from infra.settings.guest import GuestPlatformSettings
from infra.settings.platform import PlatformSettings
from infra.settings.pull_request import pull_request_name, pull_request_number
from infra.settings.stack_file import settings_from_stack_file
from infra.values import mapping

PLAIN_URL = re.compile(r"https://[a-z0-9.-]+(?:/[A-Za-z0-9._~/-]*)?")
"""An address that GitHub makes a link of and nothing else; the outputs of a stack are what a pull request writes."""


def run_up(place: Place, number: int, images: Mapping[str, str], *, now: datetime | None = None) -> None:
    """Deploy the stack of a pull request with `images` (app to reference), and comment where it answers.

    A second call brings the same stack up to date. The lock of a run that died is taken off first.

    Raises:
        EphemeralError: the pull request may not have a stack, or another one has its place.
        PolicyViolationError: mandatory policies are violated; nothing was made.
        InterruptedRunError: it was cancelled; the next call, or `run_sweep`, goes on from there.
        NightowlError: GitHub, the stack file or the engine.
    """
    check_pull_request(place, number)
    name = pull_request_name(number)
    with TemporaryDirectory() as folder:
        file = place.write_file(number, images, Path(folder))
        settings = settings_from_stack_file(file)
        plan = plan_of_file(file, name)
    if plan.policies.mandatory:
        raise PolicyViolationError(name, plan.policies.mandatory)
    if place.run.dry_run:
        place.run.print(
            f"would deploy {name}: {counted(len(list(plan.graph)), 'resource')} on the cluster of {place.base}"
        )
        return
    check_place_is_free(place, number, settings.platform)
    file = place.write_file(number, images)
    try:
        if name in place.guests.stacks():
            _take_dead_lock_off(place, file, now)
        watch = rollouts_of(settings, project_name(place.project), name)
        outcome = place.engine.deploy(file, run_program, on_progress=resource_lines(place.run.console), watch=watch)
    except InterruptedRunError:
        raise
    except NightowlError as error:
        place.comment(number, failure_body(name, error, run_url=place.run.url))
        raise
    body = addresses_body(name, outcome, base=place.base, sha=place.run.sha)
    place.comment(number, body)
    place.run.summarize(body)


def run_down(place: Place, number: int, *, why: str = "", now: datetime | None = None) -> bool:
    """Remove the stack of a pull request and all that it has; return whether there was one.

    `why` is written on the pull request. Where there is no stack nothing is done or written. Nothing of the stack is
    run, whatever its state says, and the lock of a run that died is taken off first.

    Raises:
        RemovalFailedError: its state has what no stack of a pull request records, or the engine failed.
        NightowlError: GitHub, the stack file of the base, or the state backend.
    """
    name = pull_request_name(number)
    if name not in place.guests.stacks():
        place.run.print(f"{name}: there is no such stack, nothing to do")
        if not place.run.dry_run:
            place.file(number).unlink(missing_ok=True)
        return False
    if place.run.dry_run:
        place.run.print(f"would remove {name}")
        return True
    file = place.removal_file(number)
    outcome = remove_stack(
        place.engine,
        place.guests,
        place.expected(name),
        file,
        now=now or datetime.now(UTC),
        on_progress=resource_lines(place.run.console),
    )
    file.unlink(missing_ok=True)
    place.run.print(f"{name}: removed, {counted(outcome.changed, 'resource')}")
    place.comment(number, joined([f"The stack {code(name)} is removed.", why]))
    return True


def check_pull_request(place: Place, number: int) -> None:
    """Check that a pull request may have a stack, where GitHub can be asked.

    Raises:
        EphemeralError: it is closed, has no label, or comes from another repository.
        GithubError: GitHub does not answer, or knows no such pull request.
    """
    if place.github is None:
        return
    pull = place.github.pull_request(number)
    if not pull.open:
        raise EphemeralError(f"#{number} is closed, so it gets no stack; reopen it")
    if LABEL not in pull.labels:
        raise EphemeralError(f"#{number} has no label {LABEL!r}, so it gets no stack; somebody who may merge sets it")
    if pull.head_repository.lower() != place.run.repository.lower():
        raise EphemeralError(
            f"#{number} comes from {pull.head_repository or 'a repository that is gone'}: only branches of "
            f"{place.run.repository} get a stack, as its code runs with the rights of this job"
        )


def check_place_is_free(place: Place, number: int, platform: PlatformSettings) -> None:
    """Check that no other pull request has the listener priorities of this one.

    Raises:
        EphemeralError: naming the other one.
    """
    if not isinstance(platform, GuestPlatformSettings):
        return
    for stack in place.guests.stacks():
        other = pull_request_number(stack)
        if other is not None and other != number and guest_block(other) == guest_block(number):
            raise EphemeralError(
                f"#{number} and #{other} would have the same priorities on the load balancer, as their numbers differ "
                f"by a multiple of {GUEST_BLOCKS}; take the label off #{other}, then set it here again"
            )


def addresses_body(name: str, outcome: RunResult, *, base: str, sha: str) -> str:
    """Write where the apps of a stack answer, as Markdown."""
    apps = {name: mapping(app) for name, app in mapping(outcome.outputs.get("apps")).items()}
    of_commit = f" with {code(sha[:12])}" if sha else ""
    rows = [(cell(app), _address(described)) for app, described in sorted(apps.items())]
    start = f"The stack {code(name)} runs on the cluster of {code(base)}{of_commit}."
    end = f"It goes with this pull request, or with the label {code(LABEL)}."
    return joined([start, table(("app", "address"), rows), end])


def failure_body(name: str, error: NightowlError, *, run_url: str) -> str:
    """Write why a stack could not be deployed, as Markdown."""
    log = f"[The job's log]({run_url}) has the rest." if run_url else ""
    return joined([f"The stack {code(name)} could not be deployed.", block([str(error)], room=20_000), log])


def _take_dead_lock_off(place: Place, file: Path, now: datetime | None) -> None:
    """Unlock a stack whose run has died, or nobody could ever deploy it."""
    holders = place.engine.lock_holders(file)
    if not holders or not are_dead(holders, now or datetime.now(UTC)):
        return
    place.run.print(
        f"{file.stem.removeprefix('Pulumi.')}: locked by {', '.join(map(str, holders))}; taking the lock off"
    )
    place.engine.recover(file)


def _address(app: Mapping[str, Any]) -> str:
    if app.get("url"):
        url = str(app["url"])
        return url if PLAIN_URL.fullmatch(url) else cell(url)
    return f"{cell(str(app['service']))}, inside the cluster" if app.get("service") else "none"
