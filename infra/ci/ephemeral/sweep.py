"""`nightowl ci ephemeral sweep`: removes the stacks that nobody needs any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from infra.ci.ephemeral.lifecycle import run_down
from infra.ci.ephemeral.place import LABEL, Place
from infra.ci.ephemeral.removal import RemovalFailedError
from infra.ci.ephemeral.states import MOST_TRIES
from infra.ci.report import block, cell, code, joined
from infra.engine.locks import STACKS_FOLDER
from infra.engine.outcome import InterruptedRunError
from infra.errors import NightowlError
from infra.settings.pull_request import pull_request_name, pull_request_number
from infra.settings.scalars import seconds_text

DEFAULT_TTL_SECONDS = 72 * 3600
"""A stack lives so long after the last sign of life: a deployment, or anything that happens to its pull request."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What was done about one stack, and why.

    `due` is what a dry run would remove. `failed` is tried again in the next night, unless the reason says otherwise;
    `given up` was reported in an earlier night.
    """

    stack: str
    done: Literal["kept", "removed", "due", "failed", "given up"]
    why: str


class SweepError(NightowlError):
    """Some stacks could not be judged or removed; the others were."""


def run_sweep(place: Place, *, ttl_seconds: int = DEFAULT_TTL_SECONDS, now: datetime | None = None) -> Sequence[Swept]:
    """Remove each stack of a pull request that is closed, has lost its label, or has been quiet for `ttl_seconds`.

    Without GitHub only the time counts. One failure does not stop the others; the table of results is written in any
    case. A stack whose state is unsafe, or that could not be removed in several nights, is reported once on its pull
    request and not tried again until its state changes.

    Raises:
        SweepError: some could not be judged or removed.
        InterruptedRunError: it was cancelled; the next sweep goes on.
        NightowlError: the backend's stacks cannot be listed.
    """
    at, ttl = now or datetime.now(UTC), timedelta(seconds=ttl_seconds)
    by_number = sorted((pull_request_number(stack) or 0, written) for stack, written in place.guests.stacks().items())
    swept = [_sweep(place, number, written, ttl, at) for number, written in by_number]
    place.run.summarize(table(swept))
    failed = [one.stack for one in swept if one.done == "failed"]
    if failed:
        raise SweepError(f"{', '.join(failed)} could not be swept; the table says why")
    return swept


def table(swept: Sequence[Swept]) -> str:
    """Write what was done, as Markdown."""
    if not swept:
        return "There is no stack of a pull request."
    rows = [f"| {code(one.stack)} | {one.done} | {cell(one.why)} |" for one in swept]
    return "\n".join(["| stack | | why |", "| --- | --- | --- |", *rows])


def _sweep(place: Place, number: int, written: datetime, ttl: timedelta, now: datetime) -> Swept:
    stack = pull_request_name(number)
    try:
        why = reason(place, number, written, ttl, now)
        if why is None:
            return Swept(stack=stack, done="kept", why="in use")
        known = place.guests.quarantine(stack)
        if known is not None and known.closed:
            return Swept(stack=stack, done="given up", why=known.why)
        run_down(place, number, why=f"Why: {why}.", now=now)
    except InterruptedRunError:
        raise
    except RemovalFailedError as error:
        if error.quarantine.closed:
            place.comment(number, given_up_body(place, stack, error))
        return Swept(stack=stack, done="failed", why=_failure(error))
    except NightowlError as error:
        return Swept(stack=stack, done="failed", why=str(error))
    if place.run.dry_run:
        return Swept(stack=stack, done="due", why=f"would be: {why}")
    return Swept(stack=stack, done="removed", why=why)


def given_up_body(place: Place, stack: str, error: RemovalFailedError) -> str:
    """Write what an administrator has to remove by hand, as Markdown."""
    return joined(
        [
            f"The stack {code(stack)} could not be removed, and the sweep does not try it again.",
            block([str(error)], room=20_000),
            f"An administrator removes it by hand: the namespace {code(stack)}, in AWS what has the tag "
            f"{code(f'stack: {stack}')}, and then its files "
            f"{code(f'{STACKS_FOLDER}/{place.guests.project}/{stack}.*')} in "
            f"{code(place.guests.backend.url)}.",
        ]
    )


def _failure(error: RemovalFailedError) -> str:
    end = "; it is not tried again" if error.quarantine.closed else f" (try {error.quarantine.tries} of {MOST_TRIES})"
    return f"{error}{end}"


def reason(place: Place, number: int, written: datetime, ttl: timedelta, now: datetime) -> str | None:
    """Return why a stack is to go, or None while it is needed.

    Raises:
        GithubError: GitHub does not know the pull request, or does not answer: then nothing is removed.
    """
    signs = [written]
    if place.github is not None:
        pull = place.github.pull_request(number)
        if not pull.open:
            return f"#{number} is closed"
        if LABEL not in pull.labels:
            return f"#{number} has no label {LABEL!r} any more"
        signs.append(pull.updated)
    if now - max(signs) <= ttl:
        return None
    quiet = seconds_text(int(ttl.total_seconds()))
    return f"nothing happened for more than {quiet}; set the label {LABEL!r} again to have it back"
