"""A stack after a run that was killed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.ci.actions_run import ActionsRun
from infra.ci.recover import StillPendingError, run_recover
from infra.engine.locks import LockHolder
from infra.engine.outcome import Recovery
from infra.errors import UsageError
from tests.ci.fake_engine import FakeEngine, preview_of, step, target_of
from tests.printed import printed_to

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HPA = step("update", "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "web", "spec.maxReplicas")
PENDING = ("creating kubernetes:apps/v1:Deployment web",)


def holder(hours: float) -> LockHolder:
    return LockHolder(user="runner", host="vm-7", pid=42, since=NOW - timedelta(hours=hours))


def recovered(engine: FakeEngine, folder: Path) -> tuple[str, str]:
    """What was said, and the summary."""
    said: list[str] = []
    run = ActionsRun(summary=folder / "summary.md", console=printed_to(said))
    run_recover(target_of(engine, folder), run, now=lambda: NOW)
    return "\n".join(said), (folder / "summary.md").read_text()


def test_it_says_who_had_the_lock_what_was_under_way_and_what_remains_to_do(tmp_path: Path) -> None:
    old = (holder(5),)
    engine = FakeEngine(
        previews=preview_of(HPA), holders=old, recovers=Recovery(locks=old, pending=PENDING, remaining=())
    )
    said, summary = recovered(engine, tmp_path)

    assert "locked by runner@vm-7 (process 42), since 2026-11-23 07:00:00 UTC, 5 h ago" in said
    assert "warning" not in said
    assert "took off 1 lock(s), cleared 1 of 1 pending operation(s)" in said
    assert "spec.maxReplicas" in said
    assert PENDING[0] in summary
    assert "may exist without being in the state" in summary
    assert engine.calls == ["recover", "preview --refresh"]


def test_a_young_lock_is_warned_of_before_it_is_taken_off(tmp_path: Path) -> None:
    said, _ = recovered(FakeEngine(holders=(holder(0.2),)), tmp_path)

    assert "12 min ago\nwarning: that is so recent that the run may be at work" in said


def test_a_sound_stack_stays_as_it_is(tmp_path: Path) -> None:
    said, summary = recovered(FakeEngine(), tmp_path)

    assert "there was no lock, cleared 0 of 0 pending operation(s)" in said
    assert "The next deployment would change nothing." in summary


def test_operations_that_stay_pending_fail_the_command_and_are_named(tmp_path: Path) -> None:
    engine = FakeEngine(recovers=Recovery(locks=(), pending=PENDING, remaining=PENDING))

    with pytest.raises(StillPendingError, match="creating kubernetes:apps/v1:Deployment web"):
        recovered(engine, tmp_path)


def test_a_dry_run_touches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(holders=(holder(5),))
    run_recover(target_of(engine, tmp_path), ActionsRun(dry_run=True))

    assert "would take the locks off local" in capsys.readouterr().out
    assert engine.calls == []


def test_the_state_of_a_pull_request_is_read_by_no_engine_here_either(tmp_path: Path) -> None:
    engine = FakeEngine()
    target = replace(target_of(engine, tmp_path), stack="pr-7")
    with pytest.raises(UsageError, match="`nightowl ci ephemeral down --pull-request 7` checks the state"):
        run_recover(target, ActionsRun())
    assert engine.calls == []
