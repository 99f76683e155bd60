"""`nightowl ci versions`; the day is always the test's."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from infra.ci.actions_run import ActionsRun
from infra.ci.versions import SupportEndsError, run_versions
from infra.system import clock
from infra.versions import KUBERNETES_MINOR, KUBERNETES_VERSIONS
from tests.ci.fake_github import FakeGithub
from tests.harness import REPOSITORY
from tests.printed import printed_to

ENDS = KUBERNETES_VERSIONS[KUBERNETES_MINOR].standard_support_ends


def said(monkeypatch: pytest.MonkeyPatch, day: date, *, as_json: bool = False) -> str:
    lines: list[str] = []
    monkeypatch.setattr(clock, "today", lambda: day)
    try:
        run_versions(REPOSITORY, ActionsRun(results=printed_to(lines)), as_json=as_json)
    except SupportEndsError as error:
        lines.append(str(error))
    return "\n".join(lines)


def test_while_there_is_time_the_command_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    day = ENDS - timedelta(days=61)
    assert said(monkeypatch, day) == "every pinned version of Kubernetes has more than 60 days of standard support left"
    assert json.loads(said(monkeypatch, day, as_json=True)) == []


def test_near_the_end_of_support_it_fails_and_names_each_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    text = said(monkeypatch, ENDS - timedelta(days=30))
    assert f"the default: standard support of Kubernetes {KUBERNETES_MINOR} ends on {ENDS}, in 30 days" in text
    assert "stack prod: standard support" in text
    assert text.splitlines()[-1].endswith("pinned versions have at most 60 days of support left")


def test_a_script_reads_the_same_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: ENDS + timedelta(days=1))
    lines: list[str] = []
    with pytest.raises(SupportEndsError):
        run_versions(REPOSITORY, ActionsRun(results=printed_to(lines)), as_json=True)
    (first, *_) = json.loads("\n".join(lines))
    assert (first["pin"], first["version"], first["standardSupportEnds"]) == (
        "the default",
        KUBERNETES_MINOR,
        ENDS.isoformat(),
    )
    assert first["notice"].startswith(f"standard support of Kubernetes {KUBERNETES_MINOR} ended on {ENDS}")


def test_one_issue_is_opened_kept_up_to_date_and_closed_after_the_upgrade(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with FakeGithub() as github:
        for days in (30, 29):
            monkeypatch.setattr(clock, "today", lambda left=days: ENDS - timedelta(days=left))
            with pytest.raises(SupportEndsError, match="days of support left; see https://"):
                run_versions(REPOSITORY, github.run(tmp_path), issue=True)
        (issue,) = github.open_issues()
        assert (issue.title, issue.labels) == ("Kubernetes versions lose their support", ["versions"])
        assert f"- the default: standard support of Kubernetes {KUBERNETES_MINOR} ends on {ENDS}, in 29 days" in (
            issue.body or ""
        )
        monkeypatch.setattr(clock, "today", lambda: ENDS - timedelta(days=61))
        run_versions(REPOSITORY, github.run(tmp_path), issue=True)
        assert github.open_issues() == []
