from __future__ import annotations

from collections.abc import Iterator

import pytest
from kubernetes.client import BatchV1Api, CoreV1Api

from infra.labels import NAME_LABEL
from tests.e2e.conftest import NAMESPACE, Cluster, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def original(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, for tests that edit the stack file: after the last one it runs the original again."""
    yield cluster
    cluster.restore()
    again = cluster.up()
    assert again.code == 0, again.out + again.err


def pod_names(cluster: Cluster, app: str) -> set[str]:
    pods = CoreV1Api(cluster.api).list_namespaced_pod(NAMESPACE, label_selector=f"{NAME_LABEL}={app}").items
    return {pod.metadata.name for pod in pods if pod.status.phase == "Running" and not pod.metadata.deletion_timestamp}


def test_a_wrong_value_is_refused_before_anything_changes(original: Cluster) -> None:
    before = pod_names(original, "web")
    original.edit("web", scaling={"min": 3, "max": 2})

    run = original.up()
    original.restore()

    assert run.code == 2
    assert "nightowl:apps.web.scaling.max: 2 is below min 3" in run.err
    assert "Traceback" not in run.err
    assert pod_names(original, "web") == before


def test_a_bad_image_fails_up_with_the_pods_own_reason_and_the_old_pods_stay(original: Cluster) -> None:
    before = pod_names(original, "web")
    original.edit("web", image="registry.invalid/web:1.0.0", rollout={"deadline": "20s"}, health={})

    run = original.up()
    original.restore()

    assert run.code == 1
    told = run.out + run.err
    assert "ErrImagePull" in told or "ImagePullBackOff" in told
    assert "registry.invalid/web:1.0.0" in told
    assert "Traceback" not in told
    assert pod_names(original, "web") >= before, "the old version keeps serving"


def test_a_changed_value_rolls_the_pods_and_leaves_the_autoscalers_decision(original: Cluster) -> None:
    original.edit("worker", scaling={"min": 4, "max": 6})
    original.edit("report", schedule="* * * * *")
    recovered = original.up()
    assert recovered.code == 0, recovered.out + recovered.err
    wait_for("the autoscaler's four replicas", lambda: original.app("worker").ready == 4, 60)
    before = pod_names(original, "web")

    original.edit("web", env={"PODINFO_UI_MESSAGE": "Good morning", "PODINFO_CONFIG_PATH": "/etc/podinfo"})
    original.edit("worker", env={"CHANGED": "yes"})
    run = original.up()

    assert run.code == 0, run.out + run.err
    wait_for("every old pod is replaced", lambda: not pod_names(original, "web") & before, 60)
    values = [
        (item.data or {}).get("PODINFO_UI_MESSAGE")
        for item in CoreV1Api(original.api).list_namespaced_config_map(NAMESPACE).items
    ]
    assert [value for value in values if value] == ["Good morning"], "the old ConfigMap is gone"
    assert original.app("worker").ready >= 4, "an update does not reset what the autoscaler decided"


def test_a_cron_app_runs_to_its_end(original: Cluster) -> None:
    def succeeded() -> bool:
        jobs = BatchV1Api(original.api).list_namespaced_job(NAMESPACE).items
        return any((job.status.succeeded or 0) > 0 for job in jobs)

    wait_for("a run that succeeded, of the schedule of every minute that the last test left", succeeded, 120)
