from __future__ import annotations

from typing import Any

import pytest

from tests.apps.samples import cron
from tests.harness import build_apps


def _spec(**changes: Any) -> dict[str, Any]:
    return build_apps({"it": cron(**changes)}).one("CronJob", "it").props["spec"]


def test_a_task_runs_on_its_schedule_in_its_time_zone() -> None:
    spec = _spec(schedule="15 2 * * mon-fri", timeZone="Europe/Berlin")
    assert (spec["schedule"], spec["timeZone"]) == ("15 2 * * mon-fri", "Europe/Berlin")


def test_a_run_ends_by_its_timeout_and_is_tried_again_as_often_as_asked() -> None:
    job = _spec(timeout="90s", retries=0)["jobTemplate"]["spec"]
    assert (job["activeDeadlineSeconds"], job["backoffLimit"]) == (90, 0)


@pytest.mark.parametrize(("overlap", "policy"), [("forbid", "Forbid"), ("allow", "Allow"), ("replace", "Replace")])
def test_overlapping_runs_are_handled_as_asked(overlap: str, policy: str) -> None:
    assert _spec(overlap=overlap)["concurrencyPolicy"] == policy


def test_each_attempt_keeps_its_pod_and_no_two_run_at_once() -> None:
    job = _spec()["jobTemplate"]["spec"]
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["podReplacementPolicy"] == "Failed"


def test_missed_and_finished_runs_are_bounded() -> None:
    spec = _spec()
    assert spec["startingDeadlineSeconds"] // 60 < 100
    assert spec["successfulJobsHistoryLimit"] >= 1
    assert spec["failedJobsHistoryLimit"] >= 1
    assert spec["jobTemplate"]["spec"]["ttlSecondsAfterFinished"] > 86400


def test_an_autoscaler_of_nodes_lets_a_run_finish() -> None:
    annotations = build_apps({"it": cron()}).pod("it")["metadata"]["annotations"]
    assert annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert annotations["karpenter.sh/do-not-disrupt"] == "true"
