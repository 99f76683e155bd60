from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kubernetes.client import ApiException, CoreV1Api, V1Eviction, V1ObjectMeta, V1Pod

from infra.labels import NAME_LABEL
from tests.e2e.conftest import NAMESPACE, Cluster, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_a_drain_takes_one_replica_at_a_time_and_comes_to_its_end(cluster: Cluster) -> None:
    core = CoreV1Api(cluster.api)
    wait_for("three ready replicas, and no more", lambda: cluster.app("web").ready == 3, 240)
    pods = core.list_namespaced_pod(NAMESPACE, label_selector=f"{NAME_LABEL}=web").items
    # A pod that is being stopped, or is not ready yet, counts for no budget: its eviction is always allowed.
    first, second, *_ = [pod for pod in pods if pod.metadata.deletion_timestamp is None and is_ready(pod)]
    with cordoned(core):
        # Nowhere to go: a simulated replacement is ready faster than the next request arrives.
        evict(core, first)
        with pytest.raises(ApiException) as refusal:
            evict(core, second)
        assert refusal.value.status == 429, "the budget allows one disruption at a time"
    with cordoned(core, first.spec.node_name):
        wait_for("the replacement", lambda: cluster.app("web").available, 120)
        wait_for("the second eviction is allowed", lambda: evicted(core, second), 60)
        wait_for("all replicas again", lambda: cluster.app("web").available, 120)


@contextmanager
def cordoned(core: CoreV1Api, *names: str) -> Iterator[None]:
    """Let no pod start on the named nodes, or on any; afterwards, pods may start there again."""
    nodes = names or tuple(node.metadata.name for node in core.list_node().items)
    for name in nodes:
        cordon(core, name, unschedulable=True)
    try:
        yield
    finally:
        for name in nodes:
            cordon(core, name, unschedulable=False)


def cordon(core: CoreV1Api, node: str, *, unschedulable: bool) -> None:
    """Set whether pods may start on a node. The autoscaler may have removed it meanwhile."""
    try:
        core.patch_node(node, {"spec": {"unschedulable": unschedulable}})
    except ApiException as error:
        if error.status != 404:
            raise


def is_ready(pod: V1Pod) -> bool:
    """Whether a pod counts as healthy for its budget."""
    return any(item.type == "Ready" and item.status == "True" for item in pod.status.conditions or [])


def evict(core: CoreV1Api, pod: V1Pod) -> None:
    """Ask for the eviction of a pod, as `kubectl drain` does."""
    eviction = V1Eviction(metadata=V1ObjectMeta(name=pod.metadata.name, namespace=NAMESPACE))
    core.create_namespaced_pod_eviction(pod.metadata.name, NAMESPACE, eviction)


def evicted(core: CoreV1Api, pod: V1Pod) -> bool:
    """Whether the eviction was allowed, or the pod is gone already."""
    try:
        evict(core, pod)
    except ApiException as refusal:
        return refusal.status == 404
    return True
