from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from kubernetes.client import AppsV1Api, BatchV1Api, CoreV1Api

from infra.labels import NAME_LABEL, NIGHTOWL_SELECTOR
from tests.e2e.conftest import CLUSTER, NAMESPACE, Cluster, Run, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def pod_names(cluster: Cluster, app: str) -> set[str]:
    pods = CoreV1Api(cluster.api).list_namespaced_pod(NAMESPACE, label_selector=f"{NAME_LABEL}={app}").items
    return {pod.metadata.name for pod in pods if pod.status.phase == "Running" and not pod.metadata.deletion_timestamp}


def pods(cluster: Cluster, app: str) -> set[tuple[str, int]]:
    """The pods of an app, by uid, and how often their containers were started again."""
    found = CoreV1Api(cluster.api).list_namespaced_pod(NAMESPACE, label_selector=f"{NAME_LABEL}={app}").items
    return {
        (pod.metadata.uid, sum(status.restart_count for status in pod.status.container_statuses or [])) for pod in found
    }


def config_maps(cluster: Cluster) -> set[str]:
    found = CoreV1Api(cluster.api).list_namespaced_config_map(NAMESPACE, label_selector=NIGHTOWL_SELECTOR).items
    return {config_map.metadata.name for config_map in found}


def waiting_for_deletion(cluster: Cluster) -> list[str]:
    """What the engine's state says is still to be deleted."""
    (state,) = cluster.machine.paths(CLUSTER).state.glob(".pulumi/stacks/*/local.json")
    latest = json.loads(state.read_text())["checkpoint"]["latest"]
    return [found["urn"] for found in latest["resources"] if found.get("delete")] + latest.get("pending_operations", [])


def test_a_wrong_value_is_refused_before_anything_changes(original: Cluster) -> None:
    before = pod_names(original, "web")
    original.edit("web", scaling={"min": 3, "max": 2})

    run = original.up()
    original.restore()

    assert run.code == 2
    assert "nightowl:apps.web.scaling.max: 2 is below min 3" in run.err
    assert "Traceback" not in run.err
    assert pod_names(original, "web") == before


@dataclass(frozen=True)
class BadRelease:
    """A release that failed, and what ran before it; the stack file is the one before it again."""

    run: Run
    pods_before: set[tuple[str, int]]
    config_maps_before: set[str]


@pytest.fixture(scope="module")
def bad_release(original: Cluster) -> BadRelease:
    """An image that nobody can pull, with changed configuration."""
    assert original.up().code == 0
    before, maps = pods(original, "web"), config_maps(original)
    original.edit(
        "web",
        image="registry.invalid/web:1.0.0",
        env={"PODINFO_UI_MESSAGE": "Bad morning"},
        files={"/etc/podinfo/config.yaml": "level: debug"},
        rollout={"deadline": "20s"},
        health={"startWithin": "10s"},
    )
    run = original.up()
    original.restore()
    return BadRelease(run, before, maps)


def test_a_bad_image_fails_up_with_the_pods_own_reason_and_the_old_pods_stay(
    bad_release: BadRelease, original: Cluster
) -> None:
    told = bad_release.run.out + bad_release.run.err
    assert bad_release.run.code == 1, told
    assert "ErrImagePull" in told or "ImagePullBackOff" in told
    assert "registry.invalid/web:1.0.0" in told
    assert "Traceback" not in told
    assert pods(original, "web") >= bad_release.pods_before, "the old version keeps serving"
    assert config_maps(original) > bad_release.config_maps_before, "the old pods keep their configuration"


def test_a_failed_release_is_taken_back_by_the_file_before_it(bad_release: BadRelease, original: Cluster) -> None:
    taken_back = original.up()

    assert taken_back.code == 0, taken_back.out + taken_back.err
    wait_for("only the old pods are left", lambda: pods(original, "web") == bad_release.pods_before, 60)
    assert {restarts for _, restarts in bad_release.pods_before} == {0}
    assert config_maps(original) == bad_release.config_maps_before, "the bad release's are gone, those in use are there"
    assert waiting_for_deletion(original) == []
    assert "Nothing changed" in original.up().out


def test_no_old_version_is_left_that_kubectl_could_only_half_undo(original: Cluster) -> None:
    sets = AppsV1Api(original.api).list_namespaced_replica_set(NAMESPACE).items
    used = {
        volume.config_map.name for item in sets for volume in item.spec.template.spec.volumes or [] if volume.config_map
    } | {
        source.config_map_ref.name
        for item in sets
        for container in item.spec.template.spec.containers
        for source in container.env_from or []
    }
    assert used
    assert used <= config_maps(original)


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
