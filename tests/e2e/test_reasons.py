"""Why pods do not become ready, on a real API server with its real controllers.

What a kubelet would write is written by the test, in the kubelet's own words: kwok's pods have neither probes nor
Secrets. For that a pod names a scheduler that does not exist, so that kwok leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from kubernetes.client import AppsV1Api, CoreV1Api

from infra.rollouts.look import DEPLOYMENT, Workload, reasons_by_workload
from infra.rollouts.reasons import Reason
from tests.e2e.conftest import NAMESPACE, Cluster, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PLACE = "reasons"
BY_THE_TEST = "no-such-scheduler"
RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> Iterator[Cluster]:
    """A namespace that enforces the restricted standard and has a quota of one core."""
    core = CoreV1Api(cluster.api)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    core.create_namespace({"metadata": {"name": PLACE, "labels": labels}})
    core.create_namespaced_resource_quota(
        PLACE, {"metadata": {"name": "one-core"}, "spec": {"hard": {"requests.cpu": "1"}}}
    )

    def has_account() -> bool:
        return bool(core.list_namespaced_service_account(PLACE).items)

    wait_for("the namespace's service account", has_account, 60)
    yield cluster
    core.delete_namespace(PLACE)


def deploy(cluster: Cluster, name: str, *, security: dict[str, Any] = RESTRICTED, **pod: Any) -> None:
    labels = {"app": name}
    container = {
        "name": "web",
        "image": pod.pop("image", "registry.example/web:1"),
        "securityContext": security,
        "resources": {"requests": {"cpu": pod.pop("cpu", "10m")}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **pod}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    AppsV1Api(cluster.api).create_namespaced_deployment(PLACE, {"metadata": {"name": name}, "spec": spec})


def reason(cluster: Cluster, name: str, words: str) -> Reason:
    """The reason of a Deployment that has these words, once it is there."""

    def found() -> list[Reason]:
        workload = Workload(DEPLOYMENT, name)
        reasons = reasons_by_workload(cluster.api, PLACE, {workload}).get(workload, [])
        return [each for each in reasons if words in each.sentence]

    wait_for(f"a reason of {name} with {words!r}", lambda: bool(found()), 60)
    return found()[0]


def pod_of(cluster: Cluster, name: str) -> Any:
    core = CoreV1Api(cluster.api)

    def pods() -> list[Any]:
        return core.list_namespaced_pod(PLACE, label_selector=f"app={name}").items

    wait_for(f"the pod of {name}", lambda: bool(pods()), 60)
    return pods()[0]


def write_status(cluster: Cluster, pod: Any, state: dict[str, Any]) -> None:
    """Write what a kubelet writes about a pod's container."""
    container = {
        "name": "web",
        "image": "registry.example/web:1",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": state,
    }
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now()}
    status = {"phase": "Pending", "conditions": [scheduled], "containerStatuses": [container]}
    CoreV1Api(cluster.api).patch_namespaced_pod_status(pod.metadata.name, PLACE, {"status": status})


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_missing_secret_is_named(place: Cluster) -> None:
    deploy(place, "no-secret", schedulerName=BY_THE_TEST)
    # kubernetes 1.36.5: pkg/kubelet/kubelet_pods.go, pkg/kubelet/kuberuntime/kuberuntime_container.go
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "session-key" not found'}
    write_status(place, pod_of(place, "no-secret"), {"waiting": waiting})

    found = reason(place, "no-secret", "CreateContainerConfigError")

    assert 'secret "session-key" not found' in found.sentence
    assert not found.fault.rule.hopeless, "somebody may add it"


def test_a_probe_that_fails_is_told_with_its_answer(place: Cluster) -> None:
    deploy(place, "wrong-port", schedulerName=BY_THE_TEST)
    pod = pod_of(place, "wrong-port")
    write_status(place, pod, {"running": {"startedAt": now()}})
    # kubernetes 1.36.5: pkg/kubelet/prober/prober.go, reason ContainerUnhealthy of pkg/kubelet/events/event.go
    message = "Readiness probe failed: dial tcp 10.0.0.7:9999: connect: connection refused"
    about = {
        "kind": "Pod",
        "namespace": PLACE,
        "name": pod.metadata.name,
        "uid": pod.metadata.uid,
        "fieldPath": "spec.containers{web}",
    }
    event = {
        "metadata": {"generateName": "wrong-port-"},
        "type": "Warning",
        "reason": "Unhealthy",
        "message": message,
        "involvedObject": about,
        "firstTimestamp": now(),
        "lastTimestamp": now(),
    }
    CoreV1Api(place.api).create_namespaced_event(PLACE, event)

    assert message in reason(place, "wrong-port", "Unhealthy").sentence


def test_an_image_that_never_comes_is_named(place: Cluster) -> None:
    deploy(place, "no-image", image="registry.invalid/web:1.0.0")
    assert "registry.invalid/web:1.0.0" in reason(place, "no-image", "Image").sentence


def test_pods_beyond_the_quota_are_told_with_its_figures(place: Cluster) -> None:
    deploy(place, "too-large", cpu="4")
    found = reason(place, "too-large", "exceeded quota")
    assert "requested: requests.cpu=4" in found.sentence
    assert "limited: requests.cpu=1" in found.sentence
    assert not found.fault.rule.hopeless, "another pod may go"


def test_a_refusal_of_pod_security_is_told_as_one_that_waiting_does_not_mend(place: Cluster) -> None:
    deploy(place, "privileged", security={"privileged": True})
    found = reason(place, "privileged", "violates PodSecurity")
    assert "privileged" in found.sentence
    assert found.fault.rule.hopeless


def test_a_claim_without_a_volume_is_told_by_scheduler_and_claim(place: Cluster) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "no-such-class",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    CoreV1Api(place.api).create_namespaced_persistent_volume_claim(PLACE, claim)
    deploy(place, "no-volume", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
    assert "unbound" in reason(place, "no-volume", "not scheduled").sentence
    assert "no-such-class" in reason(place, "no-volume", "claim data").sentence


def test_a_pod_for_which_no_node_has_room_is_told_by_the_scheduler(place: Cluster) -> None:
    deploy(place, "no-node", nodeSelector={"no": "such-node"})
    assert "nodes are available" in reason(place, "no-node", "not scheduled").sentence


def test_up_ends_at_once_where_waiting_cannot_help_and_the_next_one_goes_on(cluster: Cluster) -> None:
    core = CoreV1Api(cluster.api)
    limit = {"type": "Container", "max": {"cpu": "20m"}}  # the API server makes it the default limit too
    core.create_namespaced_limit_range(NAMESPACE, {"metadata": {"name": "tiny"}, "spec": {"limits": [limit]}})
    try:
        cluster.edit("web", env={"PODINFO_UI_MESSAGE": "too large"})
        run = cluster.up()
    finally:
        core.delete_namespaced_limit_range("tiny", NAMESPACE)
        cluster.restore()

    told = run.out + run.err
    assert run.code == 1, told
    assert "must be less than or equal to cpu limit of 20m" in told
    assert "waiting longer cannot help" in told
    assert "Traceback" not in told

    again = cluster.up()
    assert again.code == 0, again.out + again.err
    (container,) = AppsV1Api(cluster.api).read_namespaced_deployment("web", NAMESPACE).spec.template.spec.containers
    maps = {source.config_map_ref.name for source in container.env_from}
    assert maps <= {item.metadata.name for item in core.list_namespaced_config_map(NAMESPACE).items}
    wait_for("all of web", lambda: cluster.app("web").available, 60)
