"""Replicas that know each other, releases and order, on a real control plane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes.client import AppsV1Api, BatchV1Api, CoreV1Api, DiscoveryV1Api

from tests.e2e.conftest import CLUSTER, Cluster, Run, remove_namespaces, wait_for
from tests.e2e.kubelet import NO_IMAGE, failing_release

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SECONDS = 180
IMAGE = "docker.io/library/rabbitmq:4.2.8"
LAST_WORDS = "migrating users\nrelation users has no column email"


@pytest.fixture(scope="module", autouse=True)
def _removed_at_the_end(cluster: Cluster) -> Iterator[None]:
    yield
    remove_namespaces(cluster, "members", "releases")


def up(cluster: Cluster, stack: str, apps: dict[str, Any]) -> Run:
    stacks = cluster.machine.project / "stacks"
    local: dict[str, Any] = yaml.safe_load((stacks / "Pulumi.local.yaml").read_text())["config"]
    config = {
        "nightowl:platform": local["nightowl:platform"],
        "nightowl:namespace": {"name": stack},
        "nightowl:apps": apps,
    }
    (stacks / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))
    return cluster.machine.nightowl("local", "up", "--name", CLUSTER, "--stack", stack, timeout=SECONDS)


def told(run: Run) -> str:
    """What a run printed, whatever the width of its terminal."""
    return " ".join((run.out + run.err).split())


def images(cluster: Cluster, namespace: str) -> dict[str, str]:
    pods = CoreV1Api(cluster.api).list_namespaced_pod(namespace).items
    return {pod.metadata.name: pod.spec.containers[0].image for pod in pods}


def test_replicas_keep_their_names_addresses_and_data_through_updates(cluster: Cluster) -> None:
    core = CoreV1Api(cluster.api)

    def queue(**keys: Any) -> dict[str, Any]:
        keep = keys.pop("keep", True)
        volumes = {"data": {"mount": "/data", "size": "1Gi", "kind": "persistent", "keep": keep}}
        app = {"kind": "stateful", "image": IMAGE, "port": 5672, "replicas": 3, "volumes": volumes, **keys}
        return {"queue": app}

    def claims() -> dict[str, str]:
        found = core.list_namespaced_persistent_volume_claim("members").items
        return {claim.metadata.name: claim.metadata.uid for claim in found if not claim.metadata.deletion_timestamp}

    run = up(cluster, "members", queue())
    assert run.code == 0, run.out + run.err
    made = claims()
    assert sorted(made) == ["volume-data-queue-0", "volume-data-queue-1", "volume-data-queue-2"]
    (peers,) = (
        DiscoveryV1Api(cluster.api)
        .list_namespaced_endpoint_slice("members", label_selector="kubernetes.io/service-name=queue-peers")
        .items
    )
    assert sorted(endpoint.hostname for endpoint in peers.endpoints) == ["queue-0", "queue-1", "queue-2"]

    run = up(cluster, "members", queue(image=f"{IMAGE}-alpine", partition=2))
    assert run.code == 0, run.out + run.err
    assert images(cluster, "members") == {
        "queue-0": IMAGE, "queue-1": IMAGE, "queue-2": f"{IMAGE}-alpine",
    }  # fmt: skip
    assert claims() == made

    run = up(cluster, "members", queue(image=f"{IMAGE}-alpine", replicas=2, keep=False))
    assert "the data of 1Gi in claim volume-data-queue-2 will be deleted" in told(run)
    assert set(images(cluster, "members").values()) == {f"{IMAGE}-alpine"}
    wait_for("the claim of the replica that went", lambda: len(claims()) == len(made) - 1, 60)
    del made["volume-data-queue-2"]
    assert claims() == made

    run = up(cluster, "members", queue(image=f"{IMAGE}-alpine", replicas=2))
    assert run.code == 0, run.out + run.err
    run = up(cluster, "members", {"other": {"kind": "worker", "image": IMAGE, "replicas": 1}})
    assert "the data of 1Gi in claim volume-data-queue-1 will be kept" in told(run)
    assert claims() == made


def test_a_release_that_fails_is_told_with_its_last_lines_while_the_old_version_serves(cluster: Cluster) -> None:
    batch = BatchV1Api(cluster.api)

    def apps(image: str, command: str) -> dict[str, Any]:
        web = {"image": image, "port": 8080, "replicas": 1, "dependsOn": ["db"]}
        release = {"command": [command], "timeout": "60s", "retries": 0}
        db = {"kind": "worker", "image": IMAGE, "replicas": 1}
        seed = {"kind": "job", "image": IMAGE, "dependsOn": ["web"]}
        return {"web": {**web, "release": release}, "db": db, "seed": seed}

    run = up(cluster, "releases", apps(IMAGE, "migrate-1"))
    assert run.code == 0, run.out + run.err
    jobs = {job.metadata.labels["app.kubernetes.io/name"]: job for job in batch.list_namespaced_job("releases").items}
    deployments = AppsV1Api(cluster.api)
    made = {one.metadata.name: one for one in deployments.list_namespaced_deployment("releases").items}
    assert made["db"].metadata.creation_timestamp <= jobs["web"].status.start_time
    assert jobs["web"].status.completion_time <= made["web"].metadata.creation_timestamp
    assert made["web"].metadata.creation_timestamp <= jobs["seed"].status.start_time

    with failing_release(cluster.api, "releases", "web", last_words=LAST_WORDS, seconds=SECONDS):
        run = up(cluster, "releases", apps(NO_IMAGE, "migrate-2"))
    assert run.code == 1, run.out + run.err
    assert "the release of web failed: BackoffLimitExceeded" in told(run)
    assert "relation users has no column email" in told(run)
    (served,) = [
        one for one in deployments.list_namespaced_replica_set("releases").items
        if one.metadata.name.startswith("web-")
    ]  # fmt: skip
    assert served.spec.template.spec.containers[0].image == IMAGE
    assert served.status.available_replicas == 1

    run = up(cluster, "releases", apps(f"{IMAGE}-alpine", "migrate-3"))
    assert run.code == 0, run.out + run.err
    assert deployments.read_namespaced_deployment("web", "releases").status.available_replicas == 1
