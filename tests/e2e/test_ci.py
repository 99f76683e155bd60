"""The pipeline's commands on a real cluster with the real engine; only GitHub is played."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import AppsV1Api, AutoscalingV2Api, NetworkingV1Api

from infra.ci.deploy import run_deploy
from infra.ci.drift import DriftFoundError, run_drift
from infra.ci.engine import Target
from infra.ci.preview import run_preview
from infra.ci.recover import run_recover
from infra.engine.locks import locks_of_stack
from infra.engine.outcome import StackLockedError
from tests.ci.fake_github import FakeGithub
from tests.e2e.conftest import CLUSTER, NAMESPACE, Cluster
from tests.e2e.delivery import REPOSITORY, STACK, make_checkout, target_in
from tests.printed import printed_to

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CANCELLED_JOB_SECONDS = 10
"""What GitHub gives a cancelled job to end."""
IMAGE = "ghcr.io/stefanprodan/podinfo:6.14.0@sha256:" + "c" * 64


@dataclass(frozen=True)
class Pipeline:
    """A checkout in a job."""

    target: Target
    backend: str
    locks: Path
    github: FakeGithub
    summary: Path

    def edit(self, app: str, **changes: Any) -> None:
        """Change an app in the checkout's stack file, or add one."""
        document = yaml.safe_load(self.target.stack_file.read_text())
        document["config"]["nightowl:apps"].setdefault(app, {}).update(changes)
        self.target.stack_file.write_text(yaml.safe_dump(document))

    def restore(self) -> None:
        """Undo every edit."""
        self.target.stack_file.write_bytes((REPOSITORY / "stacks" / self.target.stack_file.name).read_bytes())

    def start_deploy(self) -> subprocess.Popen[str]:
        """Start a deployment as a job does."""
        checkout = self.target.stack_file.parents[1]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.delivery", str(checkout), self.backend],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def pipeline(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    paths = cluster.machine.paths(CLUSTER)
    for name, value in {
        "KUBECONFIG": str(paths.kubeconfig),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase),
        "PULUMI_HOME": str(tmp_path / "pulumi-home"),
        "PULUMI_BACKEND_URL": "file:///of-somebody-else",
    }.items():
        monkeypatch.setenv(name, value)
    target = target_in(make_checkout(tmp_path / "checkout", paths), paths.state.as_uri())
    with FakeGithub() as github:
        github.add_pull(7)
        yield Pipeline(
            target=target,
            backend=paths.state.as_uri(),
            locks=paths.state / locks_of_stack("nightowl", STACK),
            github=github,
            summary=tmp_path / "summary.md",
        )


def test_a_preview_is_one_comment_that_follows_the_pull_request_and_changes_nothing(
    cluster: Cluster, pipeline: Pipeline
) -> None:
    run = pipeline.github.run(pipeline.summary.parent)
    run_preview(pipeline.target, 7, run)
    (comment,) = pipeline.github.comments_on(7)
    assert "### `local`: no changes" in comment.body

    pipeline.edit("web", scaling={"max": 50})
    run_preview(pipeline.target, 7, run)
    (comment,) = pipeline.github.comments_on(7)
    assert "~ update   kubernetes:autoscaling/v2:HorizontalPodAutoscaler  web" in comment.body
    assert "spec.maxReplicas" in comment.body
    scaler = AutoscalingV2Api(cluster.api).read_namespaced_horizontal_pod_autoscaler("web", NAMESPACE)
    assert scaler.spec.max_replicas == 60


def test_a_deployment_runs_the_image_that_was_built_and_the_stack_file_stays(
    cluster: Cluster, pipeline: Pipeline
) -> None:
    run = pipeline.github.run(pipeline.summary.parent)
    before = pipeline.target.stack_file.read_bytes()

    run_deploy(pipeline.target, {"worker": IMAGE}, run)

    deployment = AppsV1Api(cluster.api).read_namespaced_deployment("worker", NAMESPACE)
    assert [container.image for container in deployment.spec.template.spec.containers] == [IMAGE]
    assert pipeline.target.stack_file.read_bytes() == before
    assert "is deployed" in pipeline.summary.read_text()

    run_deploy(pipeline.target, {}, run)
    deployment = AppsV1Api(cluster.api).read_namespaced_deployment("worker", NAMESPACE)
    assert IMAGE not in [container.image for container in deployment.spec.template.spec.containers]


def test_a_change_by_hand_opens_an_issue_and_the_next_deployment_ends_it(cluster: Cluster, pipeline: Pipeline) -> None:
    run = pipeline.github.run(pipeline.summary.parent)
    AutoscalingV2Api(cluster.api).patch_namespaced_horizontal_pod_autoscaler(
        "web", NAMESPACE, {"spec": {"maxReplicas": 7}}
    )
    NetworkingV1Api(cluster.api).delete_namespaced_network_policy("namespace.default-deny", NAMESPACE)

    with pytest.raises(DriftFoundError, match="local has drifted: 2 resources"):
        run_drift(pipeline.target, run)
    (issue,) = pipeline.github.open_issues()
    assert "spec.maxReplicas" in (issue.body or "")
    assert "+ create   kubernetes:networking.k8s.io/v1:NetworkPolicy  namespace.default-deny" in (issue.body or "")

    run_deploy(pipeline.target, {}, run)
    run_drift(pipeline.target, run)
    assert pipeline.github.open_issues() == []


def test_a_cancelled_deployment_ends_in_time_without_a_lock_and_the_next_one_continues(pipeline: Pipeline) -> None:
    with started_and_waiting(pipeline) as process:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=CANCELLED_JOB_SECONDS)
    assert process.returncode == 130, out
    assert "the next run continues from there" in out
    assert list(pipeline.locks.glob("*.json")) == []

    pipeline.restore()
    run_deploy(pipeline.target, {}, pipeline.github.run(pipeline.summary.parent))


def test_after_a_killed_deployment_recover_frees_the_stack(cluster: Cluster, pipeline: Pipeline) -> None:
    run = pipeline.github.run(pipeline.summary.parent)
    with started_and_waiting(pipeline) as process:
        for child in children_of(process.pid):
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.communicate()
    assert len(list(pipeline.locks.glob("*.json"))) == 1
    pipeline.restore()
    with pytest.raises(StackLockedError, match=r"locked by \S+@\S+ \(process \d+\)(.|\n)*nightowl ci recover -s local"):
        run_deploy(pipeline.target, {}, run)

    said: list[str] = []
    run_recover(pipeline.target, replace(run, console=printed_to(said)))

    told = "\n".join(said)
    # A slow machine may have had another update under way as well.
    assert re.search(r"took off 1 lock\(s\), cleared ([1-9]) of \1 pending operation\(s\)", told), told
    assert "creating kubernetes:apps/v1:Deployment slow" in pipeline.summary.read_text()
    assert "may exist without being in the state" in pipeline.summary.read_text()
    AppsV1Api(cluster.api).delete_namespaced_deployment("slow", NAMESPACE)
    run_deploy(pipeline.target, {}, run)
    assert list(pipeline.locks.glob("*.json")) == []


def started_and_waiting(pipeline: Pipeline) -> subprocess.Popen[str]:
    """A deployment that waits for the pods of a new app, whose image nobody has."""
    pipeline.edit(
        "slow",
        image="registry.invalid/slow:1.0.0@sha256:" + "d" * 64,
        port=8080,
        health={"readiness": "/readyz", "liveness": "/healthz"},
        rollout={"deadline": "5m"},
    )
    process = pipeline.start_deploy()
    assert process.stdout is not None
    told: list[str] = []
    for line in process.stdout:
        told.append(line)
        if "Deployment slow" in line and "Pods available" in line:
            return process
    pytest.fail("it ended before it waited:\n" + "".join(told))


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        if task.name != str(pid)
        for child in (task / "children").read_text().split()
    ]
