import threading
from typing import Any

import pytest

from infra.local.standin import readiness, waiting
from infra.local.standin.api import Cluster
from tests.local.standin_cluster import FakeServer

IMAGE_FAULT = 'Back-off pulling image "nope:1"'


def deployment(replicas: int = 2, **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "d1",
            "generation": 2,
            "annotations": {"deployment.kubernetes.io/revision": "2"},
        },
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}},
        "status": {
            "observedGeneration": 2,
            "updatedReplicas": 2,
            "availableReplicas": 2,
            "conditions": [condition("Progressing", "True", "NewReplicaSetAvailable"), condition("Available", "True")],
            **status,
        },
    }


def condition(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def replica_set(uid: str, revision: str) -> dict[str, Any]:
    return {
        "metadata": {
            "uid": uid,
            "ownerReferences": [{"uid": "d1"}],
            "annotations": {"deployment.kubernetes.io/revision": revision},
        }
    }


def pod(name: str, owner: str, **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "ownerReferences": [{"uid": owner}]},
        "status": status,
    }


def waiting_container(reason: str, message: str) -> list[dict[str, Any]]:
    return [{"name": "app", "image": "nope:1", "state": {"waiting": {"reason": reason, "message": message}}}]


def cluster_with(**objects: dict[str, Any]) -> Cluster:
    folder = {"rs": "/apis/apps/v1/namespaces/shop/replicasets", "pod": "/api/v1/namespaces/shop/pods"}
    return Cluster(FakeServer(objects={f"{folder[name.partition('_')[0]]}/{name}": o for name, o in objects.items()}))


def test_a_rolled_out_deployment_is_up():
    assert readiness.health(cluster_with(), deployment()).ready


@pytest.mark.parametrize(
    "live",
    [
        deployment(observedGeneration=1),
        deployment(updatedReplicas=1),
        deployment(availableReplicas=1),
        deployment(replicas=3),
        deployment(
            conditions=[condition("Progressing", "True", "NewReplicaSetAvailable"), condition("Available", "False")]
        ),
        deployment(conditions=[condition("Progressing", "True", "ReplicaSetUpdated"), condition("Available", "True")]),
    ],
    ids=["unseen", "old pods", "unavailable pods", "scaling", "not available", "rolling"],
)
def test_a_deployment_on_its_way_is_not_up(live: dict[str, Any]):
    health = readiness.health(cluster_with(), live)

    assert not health.ready
    assert not health.failed
    assert health.summary


def test_a_deployment_scaled_to_nothing_is_up():
    assert readiness.health(cluster_with(), deployment(replicas=0, updatedReplicas=0, availableReplicas=0)).ready


def test_a_bad_image_is_told_in_the_new_pods_own_words():
    cluster = cluster_with(
        rs_old=replica_set("r1", "1"),
        rs_new=replica_set("r2", "2"),
        pod_old=pod("web-old", "r1", containerStatuses=waiting_container("CrashLoopBackOff", "old trouble")),
        pod_new=pod("web-new", "r2", containerStatuses=waiting_container("ImagePullBackOff", IMAGE_FAULT)),
    )
    late = condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out progressing")
    health = readiness.health(cluster, deployment(updatedReplicas=1, conditions=[late, condition("Available", "True")]))

    assert health.failed
    assert health.reasons == (
        "ProgressDeadlineExceeded: timed out progressing",
        f"pod web-new: container app (nope:1): ImagePullBackOff: {IMAGE_FAULT}",
    )


def test_pods_with_the_same_fault_are_counted_together():
    fault = [condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available")]
    cluster = cluster_with(
        rs_new=replica_set("r2", "2"),
        pod_a=pod("web-a", "r2", conditions=fault),
        pod_b=pod("web-b", "r2", conditions=fault),
    )
    health = readiness.health(cluster, deployment(updatedReplicas=0))

    assert health.reasons == ("2 pods, such as web-a: not scheduled: Unschedulable: 0/3 nodes are available",)


def test_a_pod_that_may_not_be_created_is_told_by_the_deployments_condition():
    refusal = condition("ReplicaFailure", "True", "FailedCreate", 'violates PodSecurity "restricted:latest"')
    health = readiness.health(cluster_with(), deployment(updatedReplicas=0, conditions=[refusal]))

    assert health.reasons == ('FailedCreate: violates PodSecurity "restricted:latest"',)


def test_a_crashed_container_tells_its_exit_code():
    status = {"name": "app", "image": "a:1", "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}
    live = pod("web", "r", phase="Running", containerStatuses=[status])

    assert readiness.health(cluster_with(), live).reasons == (
        "container app (a:1) ended: OOMKilled with exit code 137",
    )


def test_a_failed_job_fails_at_once_with_its_reason():
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "a", "namespace": "shop", "uid": "j"},
        "spec": {},
    }
    failure = condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    health = readiness.health(cluster_with(), {**job, "status": {"conditions": [failure]}})

    assert health.failed
    assert health.reasons[0] == "BackoffLimitExceeded: Job has reached the specified backoff limit"


def service(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.1", "selector": {"app": "web"}, **spec},
    }


def endpoints(*ready: bool) -> Cluster:
    piece = {"endpoints": [{"conditions": {"ready": value}} for value in ready]}
    return Cluster(FakeServer(objects={"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-1": piece}))


def test_a_service_waits_for_its_endpoints():
    assert not readiness.health(cluster_with(), service()).ready
    assert not readiness.health(endpoints(True, False), service()).ready
    assert readiness.health(endpoints(True, True), service()).ready


def test_a_service_without_pods_is_believed_only_after_a_while():
    assert readiness.health(endpoints(), service()).settle_seconds == readiness.EMPTY_SERVICE_SETTLE_SECONDS
    assert readiness.health(endpoints(True), service()).settle_seconds < 2


@pytest.mark.parametrize("spec", [{"clusterIP": "None"}, {"type": "ExternalName"}, {"selector": {}}])
def test_a_service_that_needs_no_endpoints_is_up_at_once(spec: dict[str, Any]):
    assert readiness.health(cluster_with(), service(**spec)).ready


def test_a_load_balancer_needs_its_address():
    assert not readiness.health(endpoints(True), service(type="LoadBalancer")).ready


@pytest.mark.parametrize("kind", ["HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ConfigMap"])
def test_a_kind_without_a_rule_is_up_as_soon_as_it_exists(kind: str):
    assert readiness.health(cluster_with(), {"apiVersion": "x/v1", "kind": kind, "metadata": {"name": "a"}}).ready


def patience(seconds: float, *, cancelled: bool = False) -> tuple[waiting.Patience, list[str]]:
    event, told = threading.Event(), list[str]()
    if cancelled:
        event.set()
    return waiting.Patience(timeout_seconds=seconds, cancelled=event, report=told.append), told


def test_a_wait_ends_at_its_deadline_and_says_what_is_missing():
    patient, told = patience(0.3)
    live = deployment(availableReplicas=1)
    cluster = Cluster(FakeServer(objects={"/apis/apps/v1/namespaces/shop/deployments/web": live}))

    with pytest.raises(waiting.NotReadyError, match=r"Deployment shop/web is not ready after 0 s \(1 of 2 pods"):
        waiting.until_ready(cluster, live, patient)
    assert told[0].startswith("1 of 2 pods")


def test_a_cancelled_wait_ends_at_once():
    patient, _ = patience(600, cancelled=True)

    with pytest.raises(waiting.NotReadyError, match="cancelled"):
        waiting.until_ready(cluster_with(), deployment(availableReplicas=1), patient)


def test_the_programs_timeout_counts_before_the_annotation():
    annotated = {"metadata": {"annotations": {"pulumi.com/timeoutSeconds": "30"}}}

    assert waiting.timeout_seconds(annotated, 5) == 5
    assert waiting.timeout_seconds(annotated, 0) == 30
    assert waiting.timeout_seconds({}, 0) == 600


def test_a_deletion_that_hangs_names_the_finalizers():
    patient, told = patience(0.3)
    path = "/api/v1/namespaces/shop/configmaps/a"
    live = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "shop", "uid": "u", "finalizers": ["acme.org/keep"]},
    }
    cluster = Cluster(FakeServer(objects={path: live}))

    with pytest.raises(
        waiting.NotGoneError, match=r"ConfigMap shop/a is not gone after 0 s: waiting for finalizers acme.org/keep"
    ):
        waiting.until_gone(cluster, waiting.objects.ref_of(live), "u", patient)
    assert told


def test_an_object_made_again_under_the_same_name_counts_as_gone():
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop", "uid": "new"}}
    cluster = Cluster(FakeServer(objects={"/api/v1/namespaces/shop/configmaps/a": live}))

    waiting.until_gone(cluster, waiting.objects.ref_of(live), "old", patience(0.3)[0])


def test_a_wait_ends_at_once_when_waiting_longer_cannot_help():
    late = condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out")
    patient, told = patience(600)

    with pytest.raises(waiting.NotReadyError, match="ProgressDeadlineExceeded: timed out"):
        waiting.until_ready(cluster_with(), deployment(updatedReplicas=1, conditions=[late]), patient)
    assert not told
