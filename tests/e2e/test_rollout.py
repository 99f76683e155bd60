from __future__ import annotations

import pytest
from kubernetes.client import BatchV1Api, CoreV1Api

from infra.labels import NAME_LABEL
from tests.e2e.conftest import NAMESPACE, Cluster, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def pod_names(cluster: Cluster, app: str) -> set[str]:
    pods = CoreV1Api(cluster.api).list_namespaced_pod(NAMESPACE, label_selector=f"{NAME_LABEL}={app}").items
    return {pod.metadata.name for pod in pods if pod.status.phase == "Running" and not pod.metadata.deletion_timestamp}


def test_a_bad_image_fails_up_with_the_pods_own_reason_and_the_old_pods_stay(edited: Cluster) -> None:
    before = pod_names(edited, "web")
    edited.edit("web", image="registry.invalid/web:1.0.0", rollout={"deadline": "20s"}, health={})

    run = edited.up()

    assert run.code == 1
    told = run.out + run.err
    assert "ErrImagePull" in told or "ImagePullBackOff" in told
    assert "registry.invalid/web:1.0.0" in told
    assert "Traceback" not in told
    assert pod_names(edited, "web") >= before, "the old version keeps serving"


def test_a_changed_env_value_rolls_the_pods(edited: Cluster) -> None:
    before = pod_names(edited, "web")
    edited.edit("web", env={"PODINFO_UI_MESSAGE": "Good morning", "PODINFO_CONFIG_PATH": "/etc/podinfo"})

    run = edited.up()

    assert run.code == 0, run.out + run.err
    wait_for("every old pod is replaced", lambda: not pod_names(edited, "web") & before, 60)
    values = [
        (item.data or {}).get("PODINFO_UI_MESSAGE")
        for item in CoreV1Api(edited.api).list_namespaced_config_map(NAMESPACE).items
    ]
    assert [value for value in values if value] == ["Good morning"], "the old ConfigMap is gone"


def test_an_up_does_not_reset_what_the_autoscaler_decided(edited: Cluster) -> None:
    edited.edit("worker", scaling={"min": 4, "max": 6})
    assert edited.up().code == 0
    wait_for("the autoscaler's four replicas", lambda: edited.app("worker").ready == 4, 60)

    edited.edit("worker", env={"CHANGED": "yes"})
    assert edited.up().code == 0

    assert edited.app("worker").ready >= 4


def test_a_cron_app_runs_to_its_end(edited: Cluster) -> None:
    edited.edit("report", schedule="* * * * *")
    assert edited.up().code == 0

    def succeeded() -> bool:
        jobs = BatchV1Api(edited.api).list_namespaced_job(NAMESPACE).items
        return any((job.status.succeeded or 0) > 0 for job in jobs)

    wait_for("a run that succeeded", succeeded, 120)


def test_a_wrong_value_is_refused_before_anything_changes(edited: Cluster) -> None:
    before = pod_names(edited, "web")
    edited.edit("web", scaling={"min": 3, "max": 2})

    run = edited.up()

    assert run.code == 2
    assert "nightowl:apps.web.scaling.max: 2 is below min 3" in run.err
    assert "Traceback" not in run.err
    assert pod_names(edited, "web") == before
