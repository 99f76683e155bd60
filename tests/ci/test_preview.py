"""The comment that a preview writes, and when it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.ci.actions_run import ActionsRun
from infra.ci.github import LONGEST_BODY
from infra.ci.preview import PreviewFailedError, PreviewReport, preview_comment, run_preview
from infra.ci.report import block, code
from infra.engine.outcome import DeploymentFailedError, InterruptedRunError, StepChange
from infra.plan.run import PolicyViolationError
from tests.ci.fake_engine import FakeEngine, edit, preview_of, step, target_of
from tests.ci.fake_github import FakeGithub

HPA = step("update", "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "web", "spec.maxReplicas")
DEPLOYMENT = step("create", "kubernetes:apps/v1:Deployment", "web")
ROLE = step("update", "aws:iam/role:Role", "deploy", below="nightowl:eks:Delivery")


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.add_pull(7)
        yield server


def comment_of(github: FakeGithub) -> str:
    (comment,) = github.comments_on(7)
    return comment.body


def test_one_comment_tells_changes_policies_and_time_and_is_edited_by_the_next_preview(
    github: FakeGithub, tmp_path: Path
) -> None:
    engine = FakeEngine(previews=preview_of(DEPLOYMENT, HPA))
    target = target_of(engine, tmp_path)
    run_preview(target, 7, github.run(tmp_path))
    first = comment_of(github)

    assert first.startswith("<!-- nightowl:preview:local -->\n### `local`: 2 changes\n")
    assert "| create | 1 |" in first
    assert "~ update   kubernetes:autoscaling/v2:HorizontalPodAutoscaler  web\n      spec.maxReplicas" in first
    assert re.search(r"\*\*Policies:\*\* \d+ rules, ", first)
    assert "**Time:** about 0:" in first
    assert "pulumi up" not in first
    assert "/actions/runs/4711" in first

    engine.previews = preview_of()
    run_preview(target, 7, github.run(tmp_path))
    assert "### `local`: no changes" in comment_of(github)
    assert "|" not in comment_of(github)
    assert "no changes" in (tmp_path / "summary.md").read_text()


def test_what_the_stack_only_forgets_is_not_told_as_deleted(github: FakeGithub, tmp_path: Path) -> None:
    claim = replace(step("delete", "kubernetes:core/v1:PersistentVolumeClaim", "web.data"), stays=True)
    service = step("delete", "kubernetes:core/v1:Service", "web")
    run_preview(target_of(FakeEngine(previews=preview_of(claim, service)), tmp_path), 7, github.run(tmp_path))

    comment = comment_of(github)
    assert (
        "\n  forget   kubernetes:core/v1:PersistentVolumeClaim  web.data: stays; only the stack forgets it\n"
        "- delete   kubernetes:core/v1:Service  web\n"
    ) in comment
    assert "| delete | 1 |\n| forget | 1 |\n" in comment


def test_a_failed_preview_says_why_in_the_comment_and_fails(github: FakeGithub, tmp_path: Path) -> None:
    engine = FakeEngine(previews=DeploymentFailedError(["no credentials for the account"]))

    with pytest.raises(PreviewFailedError, match="no credentials for the account"):
        run_preview(target_of(engine, tmp_path), 7, github.run(tmp_path))
    assert "### `local`: the preview failed" in comment_of(github)
    assert "no credentials for the account" in comment_of(github)


def test_a_stack_file_that_is_not_usable_is_told_in_the_comment_and_the_engine_is_not_asked(
    github: FakeGithub, tmp_path: Path
) -> None:
    engine = FakeEngine()
    target = target_of(engine, tmp_path)
    edit(target, "max: 60", "max: 2")

    with pytest.raises(PreviewFailedError):
        run_preview(target, 7, github.run(tmp_path))
    assert "nightowl:apps.web.scaling.max: 2 is below min" in comment_of(github)
    assert engine.calls == []


def test_a_mandatory_violation_is_told_with_its_remedy_and_fails(
    github: FakeGithub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = tmp_path / "levels.json"
    levels.write_text('{"all": "mandatory"}')
    monkeypatch.setattr("infra.plan.policies.levels_file", lambda stack, folder: levels)
    target = target_of(FakeEngine(previews=preview_of(HPA)), tmp_path)

    with pytest.raises(PolicyViolationError):
        run_preview(target, 7, github.run(tmp_path))
    assert re.search(r"### `local`: refused, \d+ mandatory policy violation", comment_of(github))
    assert re.search(r"\nmandatory: [a-z-]+: .*\n    \S", comment_of(github))
    assert "spec.maxReplicas" in comment_of(github), "what would change is told all the same"


def test_an_interruption_is_no_failed_preview(github: FakeGithub, tmp_path: Path) -> None:
    engine = FakeEngine(previews=InterruptedRunError(["stopped"]))

    with pytest.raises(InterruptedRunError):
        run_preview(target_of(engine, tmp_path), 7, github.run(tmp_path))
    assert github.comments_on(7) == []


def test_a_dry_run_reads_and_judges_the_stack_file_and_does_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = FakeEngine()
    run_preview(target_of(engine, tmp_path), 7, ActionsRun(dry_run=True))

    told = capsys.readouterr().out
    assert "would preview local by the engine, and tell it in a comment on pull request 7" in told
    assert "### `local`: not previewed" in told
    assert engine.calls == []


def test_without_a_pull_request_the_summary_has_it(tmp_path: Path) -> None:
    run_preview(target_of(FakeEngine(), tmp_path), None, ActionsRun(summary=tmp_path / "summary.md"))

    assert "### `local`: no changes" in (tmp_path / "summary.md").read_text()


def test_a_change_of_the_pipelines_own_rights_says_what_an_administrator_has_to_do() -> None:
    comment = preview_comment(PreviewReport(stack="dev", preview=preview_of(ROLE, HPA)))

    assert "changes the pipeline's own rights (1 resource)" in comment
    assert "`pulumi up -s dev` once" in comment


@pytest.mark.parametrize(
    "other",
    [
        step("update", "aws:iam/role:Role", "node"),
        step("update", "aws:ecr/repository:Repository", "web", below="nightowl:eks:Delivery"),
    ],
)
def test_other_roles_and_other_parts_of_delivery_are_not_the_pipelines_rights(other: StepChange) -> None:
    assert "own rights" not in preview_comment(PreviewReport(stack="dev", preview=preview_of(other)))


def test_a_thousand_changes_fit_into_a_comment_and_the_rest_is_counted() -> None:
    steps = [step("update", "kubernetes:apps/v1:Deployment", f"app-{i}", *["k" * 90] * 9) for i in range(1000)]
    messages = tuple(f"warning {i} " + "w" * 300 for i in range(1000))
    comment = preview_comment(PreviewReport(stack="dev", preview=preview_of(*steps, messages=messages)))

    assert len(comment) < LONGEST_BODY - 100
    assert "app-3" in comment
    assert re.search(r"\.\.\. and \d{4} more lines, which do not fit here", comment)
    assert comment.count("```") % 2 == 0
    assert comment.rstrip().endswith("Nothing was changed.")
    assert "</details>" in comment


def test_names_and_messages_can_neither_mention_nor_mark_up_nor_leave_their_block() -> None:
    evil = "@octocat <img src=x> ````\n```\n# heading\u202e"
    report = PreviewReport(stack="dev", preview=preview_of(step("create", evil, evil), messages=(evil,)), failure=evil)
    outside: list[str] = []
    fence = ""
    for line in preview_comment(report).splitlines():
        if fence:
            fence = "" if line == fence else fence
        elif opening := re.match("`{3,}", line):
            fence = opening.group()
        else:
            outside.append(line)

    assert not fence
    text = "\n".join(outside)
    for part in ("@octocat", "<img", "# heading\u202e", "\u202e"):
        assert part not in text.replace("### `dev`", "")
    assert "\u202e" not in preview_comment(report)


def test_inline_code_and_blocks_cannot_be_ended_from_within() -> None:
    assert code("a`b`\nc") == "`a'b' c`"
    assert block(["```", "x"]).splitlines()[0] == "````text"
