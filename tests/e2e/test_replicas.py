"""Who decides how many pods run, when the stack file hands it over and when a person steps in."""

from __future__ import annotations

import pytest
from kubernetes.client import AppsV1Api, CoreV1Api

from infra.labels import NAME_LABEL
from tests.e2e.conftest import NAMESPACE, Cluster

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def replicas(cluster: Cluster) -> int:
    return AppsV1Api(cluster.api).read_namespaced_deployment("worker", NAMESPACE).spec.replicas


def pods(cluster: Cluster) -> set[str]:
    found = CoreV1Api(cluster.api).list_namespaced_pod(NAMESPACE, label_selector=f"{NAME_LABEL}=worker").items
    return {pod.metadata.uid for pod in found if not pod.metadata.deletion_timestamp}


def deploy(cluster: Cluster) -> None:
    run = cluster.up()
    assert run.code == 0, run.out + run.err


def take_back(cluster: Cluster, count: int) -> None:
    """Give the worker a fixed number. The autoscaler goes at the end of the update, and may act once more before."""
    cluster.edit("worker", scaling=None, replicas=count)
    deploy(cluster)
    repaired = cluster.up("--refresh")
    assert repaired.code == 0, repaired.out + repaired.err


def test_from_a_fixed_number_to_an_autoscaler_the_running_pods_go_on(original: Cluster) -> None:
    take_back(original, 4)
    assert replicas(original) == 4
    running = pods(original)

    original.edit("worker", scaling={"min": 2, "max": 6}, replicas=None)
    deploy(original)

    assert replicas(original) == 4
    assert pods(original) == running


def test_no_update_changes_the_number_that_a_person_set(original: Cluster) -> None:
    AppsV1Api(original.api).patch_namespaced_deployment_scale("worker", NAMESPACE, {"spec": {"replicas": 5}})

    original.edit("worker", env={"CHANGED": "by an update"})
    deploy(original)

    assert replicas(original) == 5


def test_a_fixed_number_is_set_even_where_it_is_the_one_that_the_autoscaler_started_from(original: Cluster) -> None:
    take_back(original, 2)

    assert replicas(original) == 2
