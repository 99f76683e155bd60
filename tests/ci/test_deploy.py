"""What a deployment checks before it makes anything, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.ci.actions_run import ActionsRun
from infra.ci.deploy import OwnRightsError, images_from_json, run_deploy
from infra.engine.outcome import (
    DeploymentFailedError,
    InterruptedRunError,
    RunResult,
    StackLockedError,
    StackMissingError,
)
from infra.errors import UsageError
from infra.plan.run import PolicyViolationError
from infra.settings.problems import SettingsError
from tests.ci.fake_engine import DEPLOYED, FakeEngine, edit, preview_of, step, target_of

IMAGE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/nightowl-local/web:tree-1@sha256:" + "a" * 64
HPA = step("update", "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "web", "spec.maxReplicas")
ROLE = step("update", "aws:iam/policy:Policy", "nightowl-dev-deploy-1", below="nightowl:eks:Delivery")
DEPLOY_ROLE = "arn:aws:sts::111122223333:assumed-role/nightowl-dev-deploy/GitHubActions"
ADMINISTRATOR = "arn:aws:sts::111122223333:assumed-role/administrator/me"


@pytest.fixture
def run(tmp_path: Path) -> ActionsRun:
    return ActionsRun(summary=tmp_path / "summary.md")


def summary(run: ActionsRun) -> str:
    assert run.summary is not None
    return run.summary.read_text()


def test_the_summary_tells_what_changed_where_the_apps_answer_and_how_long_it_took(
    run: ActionsRun, tmp_path: Path
) -> None:
    apps = {"web": {"url": "https://app.example.com/", "service": "x"}, "worker": {"url": None, "service": None}}
    outcome = RunResult(changes={"update": 1, "same": 26}, seconds=83.0, outputs={"apps": apps})
    engine = FakeEngine(previews=preview_of(HPA), deploys=outcome)

    run_deploy(target_of(engine, tmp_path), {}, run)

    assert engine.calls == ["preview", "deploy"]
    told = summary(run)
    assert "### `local` is deployed: 1 resource changed" in told
    assert "spec.maxReplicas" in told
    assert "web  https://app.example.com/" in told
    assert "worker" not in told
    assert "It took 1:23 min." in told


def test_the_engine_gets_the_images_and_the_file_is_its_old_self_afterwards(run: ActionsRun, tmp_path: Path) -> None:
    engine = FakeEngine()
    target = target_of(engine, tmp_path)
    before = target.stack_file.read_bytes()

    run_deploy(target, {"web": IMAGE}, run)

    assert len(engine.stack_texts) == 2
    assert all(IMAGE in text for text in engine.stack_texts)
    assert target.stack_file.read_bytes() == before


def test_what_pulumi_writes_into_the_file_stays_where_no_images_are_given(run: ActionsRun, tmp_path: Path) -> None:
    target = target_of(WritingEngine(), tmp_path)

    run_deploy(target, {}, run)

    assert "encryptedkey: x" in target.stack_file.read_text()


class WritingEngine(FakeEngine):
    """Adds to the stack file what Pulumi adds."""

    def deploy(
        self, stack_file: Path, program: Callable[[], None], *, on_progress: Any = None, watch: Any = None
    ) -> RunResult:
        stack_file.write_text(stack_file.read_text() + "encryptedkey: x\n")
        return DEPLOYED


def test_nothing_is_made_where_a_mandatory_policy_is_violated(
    run: ActionsRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = tmp_path / "levels.json"
    levels.write_text('{"all": "mandatory"}')
    monkeypatch.setattr("infra.plan.policies.levels_file", lambda stack, folder: levels)
    engine = FakeEngine()

    with pytest.raises(PolicyViolationError):
        run_deploy(target_of(engine, tmp_path), {}, run)
    assert engine.calls == []


def test_a_wrong_stack_file_is_refused_before_the_engine_is_asked(run: ActionsRun, tmp_path: Path) -> None:
    engine = FakeEngine()
    target = target_of(engine, tmp_path)
    edit(target, "max: 60", "max: 2")

    with pytest.raises(SettingsError):
        run_deploy(target, {}, run)
    assert engine.calls == []


def test_the_deploy_role_cannot_change_its_own_rights_and_an_administrator_can(run: ActionsRun, tmp_path: Path) -> None:
    engine = FakeEngine(previews=preview_of(ROLE, HPA))

    with pytest.raises(
        OwnRightsError,
        match="nothing was made; an administrator runs `pulumi up -s dev` once, then start the workflow anew",
    ) as told:
        run_deploy(target_of(engine, tmp_path, "dev", DEPLOY_ROLE), {}, run)
    assert "update aws:iam/policy:Policy nightowl-dev-deploy-1" in str(told.value)
    assert engine.calls == ["preview"]
    assert "### `dev` is not deployed" in summary(run)

    run_deploy(target_of(engine, tmp_path, "dev", ADMINISTRATOR), {}, run)
    assert engine.calls == ["preview", "preview", "deploy"]


def test_a_stack_that_nobody_has_made_is_left_to_an_administrator(run: ActionsRun, tmp_path: Path) -> None:
    engine = FakeEngine(previews=StackMissingError(["none"]))

    with pytest.raises(StackMissingError, match="an administrator runs `pulumi up -s local` once"):
        run_deploy(target_of(engine, tmp_path), {}, run)
    assert engine.calls == ["preview"]


def test_a_lock_is_told_with_its_holder_and_the_way_out(run: ActionsRun, tmp_path: Path) -> None:
    engine = FakeEngine(deploys=StackLockedError(["another run is at work; locked by me@runner (process 7)"]))

    with pytest.raises(StackLockedError, match=r"me@runner \(process 7\)\nif that run is gone, `nightowl ci recover"):
        run_deploy(target_of(engine, tmp_path), {}, run)


def test_a_cancelled_deployment_ends_with_130_its_summary_and_the_old_file(run: ActionsRun, tmp_path: Path) -> None:
    engine = FakeEngine(deploys=InterruptedRunError(["stopped before the end; the next run continues from there"]))
    target = target_of(engine, tmp_path)
    before = target.stack_file.read_bytes()

    with pytest.raises(InterruptedRunError) as told:
        run_deploy(target, {"web": IMAGE}, run)
    assert told.value.exit_code == 130
    assert "the next run continues from there" in summary(run)
    assert target.stack_file.read_bytes() == before


def test_a_failed_deployment_tells_the_engines_reason(run: ActionsRun, tmp_path: Path) -> None:
    engine = FakeEngine(deploys=DeploymentFailedError(["pod web-1: ErrImagePull"]))

    with pytest.raises(DeploymentFailedError):
        run_deploy(target_of(engine, tmp_path), {}, run)
    assert "pod web-1: ErrImagePull" in summary(run)


@pytest.mark.parametrize("apps", [None, "none", ["web"], {"web": "elsewhere"}])
def test_outputs_that_are_no_map_do_not_fail_a_deployment_that_is_done(
    run: ActionsRun, tmp_path: Path, apps: object
) -> None:
    engine = FakeEngine(deploys=replace(DEPLOYED, outputs={"apps": apps}))
    run_deploy(target_of(engine, tmp_path), {}, run)

    assert "### `local` is deployed" in summary(run)
    assert "Addresses" not in summary(run)


def test_a_dry_run_says_what_would_be_deployed_and_asks_no_engine(
    run: ActionsRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = FakeEngine()
    run_deploy(target_of(engine, tmp_path), {"web": IMAGE}, replace(run, dry_run=True))

    told = capsys.readouterr().out
    assert "would deploy local: " in told
    assert f"web: {IMAGE}" in told
    assert engine.calls == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "--images: '{' is not JSON"),
        ("[]", "is not a map of apps to images"),
        ('{"web": 1}', "the image of 'web' is not a text"),
        ('{"web": ""}', "the image of 'web' is not a text"),
    ],
)
def test_images_that_are_no_map_of_texts_are_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("[", r"\[").replace("{", r"\{")):
        images_from_json(text)
    assert images_from_json('{"web": "a:1"}') == {"web": "a:1"}
