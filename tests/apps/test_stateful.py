from __future__ import annotations

import functools

from tests.apps.samples import IMAGE
from tests.harness import Graph, build_apps


@functools.cache
def queue() -> Graph:
    volumes = {"data": {"mount": "/var/lib/rabbitmq", "size": "5Gi", "kind": "persistent"}}
    app = {"kind": "stateful", "image": IMAGE, "port": 5672, "ports": {"epmd": 4369}, "replicas": 3}
    return build_apps({"queue": {**app, "start": "parallel", "partition": 2, "volumes": volumes}})


def test_each_replica_has_a_name_and_a_claim_that_stay() -> None:
    spec = queue().one("StatefulSet", "queue").props["spec"]
    assert (spec["replicas"], spec["serviceName"], spec["podManagementPolicy"]) == (3, "queue-peers", "Parallel")
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["resources"] == {"requests": {"storage": "5Gi"}}
    (container,) = spec["template"]["spec"]["containers"]
    assert {"name": claim["metadata"]["name"], "mountPath": "/var/lib/rabbitmq"} in container["volumeMounts"]
    assert queue().only("Namespace").retain_on_delete


def test_the_engine_waits_for_the_replicas_that_a_rollout_reaches() -> None:
    annotations = queue().one("StatefulSet", "queue").props["metadata"]["annotations"]
    assert annotations["pulumi.com/waitFor"] == (
        "jsonpath={$[?@.updateRevision&&@.replicas==3&&@.availableReplicas==3&&@.updatedReplicas>0]}"
    )


def test_data_that_is_not_kept_goes_with_its_replica() -> None:
    volume = {"mount": "/data", "size": "5Gi", "kind": "persistent", "keep": False}
    graph = build_apps({"queue": {"kind": "stateful", "image": IMAGE, "volumes": {"data": volume}}})
    spec = graph.one("StatefulSet", "queue").props["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Delete"}


def test_replicas_find_each_other_before_they_are_ready_and_callers_find_those_that_are() -> None:
    peers = queue().one("Service", "queue-peers").props["spec"]
    assert (peers["clusterIP"], peers["publishNotReadyAddresses"]) == ("None", True)
    assert "clusterIP" not in queue().one("Service", "queue").props["spec"]
    assert "Service queue-peers" in queue().made_before(queue().one("StatefulSet", "queue"))


def test_the_pods_of_a_stateful_app_may_talk_to_each_other() -> None:
    policy = queue().one("NetworkPolicy", "queue").props["spec"]
    own = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "queue"}}}
    assert {"from": [own]} in policy["ingress"]
    assert {"to": [own]} in policy["egress"]


def test_a_drain_takes_one_of_three_so_that_a_quorum_stays() -> None:
    assert queue().one("PodDisruptionBudget", "queue").props["spec"]["maxUnavailable"] == "10%"
    assert not queue().all("HorizontalPodAutoscaler")


def test_the_pods_of_another_version_do_not_distort_the_spread() -> None:
    for rule in queue().pod("queue")["spec"]["topologySpreadConstraints"]:
        assert rule["matchLabelKeys"] == ["controller-revision-hash"]
