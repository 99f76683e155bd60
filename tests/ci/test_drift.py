"""The one issue about drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.ci.actions_run import ActionsRun
from infra.ci.drift import DriftFoundError, run_drift
from infra.engine.locks import LockHolder
from infra.engine.outcome import DeploymentFailedError, Preview, StackLockedError
from infra.settings.stack_file import stack_config
from tests.ci.fake_engine import NOTHING, FakeEngine, preview_of, step, target_of
from tests.ci.fake_github import FakeGithub
from tests.printed import printed_to

HPA = step("update", "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "web", "spec.maxReplicas")
POLICY = step("create", "kubernetes:networking.k8s.io/v1:NetworkPolicy", "namespace.default-deny")


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


def test_drift_opens_one_issue_the_next_night_edits_it_and_its_end_closes_it(
    github: FakeGithub, tmp_path: Path
) -> None:
    engine = FakeEngine(previews=preview_of(HPA))
    target = target_of(engine, tmp_path)
    with pytest.raises(DriftFoundError, match="local has drifted: 1 resource; see https://"):
        run_drift(target, github.run(tmp_path))
    (issue,) = github.open_issues()
    assert (issue.title, issue.labels) == ("Drift in local", ["drift"])
    assert "spec.maxReplicas" in (issue.body or "")

    engine.previews = preview_of(HPA, POLICY)
    with pytest.raises(DriftFoundError, match="2 resources"):
        run_drift(target, github.run(tmp_path))
    assert [one.number for one in github.open_issues()] == [issue.number]
    assert "namespace.default-deny" in (issue.body or "")

    engine.previews = NOTHING
    run_drift(target, github.run(tmp_path))
    assert github.open_issues() == []
    assert ["as the code says again" in comment.body for comment in github.comments_on(issue.number)] == [True]
    assert set(engine.calls) == {"preview --refresh"}


@pytest.mark.parametrize("runner", [True, False])
def test_of_a_cluster_that_only_builds_reach_no_object_is_compared(
    github: FakeGithub, tmp_path: Path, runner: bool
) -> None:
    engine, said = FakeEngine(), list[str]()
    target = target_of(engine, tmp_path, "dev")
    config: Any = stack_config(target.stack_file)
    subject = "repo:example/nightowl"
    names = {"repository": "example/nightowl", "repositoryId": "1"}
    subjects = {"deploy": [f"{subject}:environment:dev"], "preview": [f"{subject}:pull_request"]}
    region = config["nightowl:platform"]["region"]
    delivery = {"backend": f"s3://state?region={region}", "github": {**names, **subjects}, "runner": runner}
    target.stack_file.write_text(yaml.safe_dump({"config": {**config, "nightowl:delivery": delivery}}))

    run_drift(target, replace(github.run(tmp_path), console=printed_to(said)))

    assert ("**kubernetes:*/**" in engine.left_out) is runner
    assert any("out of reach" in line for line in said) is runner


def test_without_drift_nothing_is_written(github: FakeGithub, tmp_path: Path) -> None:
    run_drift(target_of(FakeEngine(), tmp_path), github.run(tmp_path))

    assert github.issues == {}


@pytest.mark.parametrize("error", [DeploymentFailedError(["no credentials"]), StackLockedError(["locked"])])
def test_a_failure_that_is_no_drift_leaves_the_issue_alone(
    github: FakeGithub, tmp_path: Path, error: DeploymentFailedError
) -> None:
    target = target_of(FakeEngine(previews=preview_of(HPA)), tmp_path)
    with pytest.raises(DriftFoundError):
        run_drift(target, github.run(tmp_path))
    (issue,) = github.open_issues()
    before = issue.body

    with pytest.raises(type(error)):
        run_drift(target_of(FakeEngine(previews=error), tmp_path), github.run(tmp_path))
    assert github.open_issues() == [issue]
    assert issue.body == before


@pytest.mark.parametrize("begins", ["before", "meanwhile"])
@pytest.mark.parametrize("previews", [preview_of(HPA, POLICY), NOTHING], ids=["differs", "same"])
def test_a_deployment_under_way_is_no_drift_and_leaves_the_issue_alone(
    github: FakeGithub, tmp_path: Path, begins: str, previews: Preview
) -> None:
    with pytest.raises(DriftFoundError):
        run_drift(target_of(FakeEngine(previews=preview_of(HPA)), tmp_path), github.run(tmp_path))
    (issue,) = github.open_issues()
    before = issue.body

    locked = (LockHolder(user="runner", host="a", pid=7),)
    engine = FakeEngine(previews=previews, holders_after_preview=locked if begins == "meanwhile" else ())
    engine.holders = locked if begins == "before" else ()
    with pytest.raises(StackLockedError, match=r"a deployment of local is under way.*runner@a \(process 7\)"):
        run_drift(target_of(engine, tmp_path), github.run(tmp_path))
    assert github.open_issues() == [issue]
    assert (issue.body, github.comments_on(issue.number)) == (before, [])


def test_a_dry_run_asks_neither_the_engine_nor_github(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine()
    run_drift(target_of(engine, tmp_path), ActionsRun(dry_run=True))

    assert "would preview local" in capsys.readouterr().out
    assert engine.calls == []
