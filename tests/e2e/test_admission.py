from __future__ import annotations

import pytest
from kubernetes.client import ApiException, CoreV1Api

from tests.e2e.conftest import NAMESPACE, Cluster

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def test_the_namespace_enforces_the_restricted_standard(cluster: Cluster) -> None:
    labels = CoreV1Api(cluster.api).read_namespace(NAMESPACE).metadata.labels
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_pod_of_the_apps_was_admitted_and_runs(cluster: Cluster) -> None:
    events = CoreV1Api(cluster.api).list_namespaced_event(NAMESPACE).items
    assert [event.message for event in events if event.reason == "FailedCreate"] == []
    pods = CoreV1Api(cluster.api).list_namespaced_pod(NAMESPACE).items
    assert {pod.status.phase for pod in pods} <= {"Running", "Succeeded"}


def test_a_pod_that_runs_as_root_is_refused(cluster: Cluster) -> None:
    pod = {
        "metadata": {"name": "root"},
        "spec": {"containers": [{"name": "root", "image": "busybox:1", "securityContext": {"runAsUser": 0}}]},
    }
    with pytest.raises(ApiException) as refusal:
        CoreV1Api(cluster.api).create_namespaced_pod(NAMESPACE, pod, dry_run="All")
    assert refusal.value.status == 403
    assert "restricted" in refusal.value.body


def test_a_container_without_resources_gets_the_namespaces_defaults(cluster: Cluster) -> None:
    pod = {
        "metadata": {"name": "bare"},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "bare",
                    "image": "busybox:1",
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                }
            ],
        },
    }
    admitted = CoreV1Api(cluster.api).create_namespaced_pod(NAMESPACE, pod, dry_run="All")
    resources = admitted.spec.containers[0].resources
    assert set(resources.requests) >= {"cpu", "memory"}
    assert "memory" in resources.limits
