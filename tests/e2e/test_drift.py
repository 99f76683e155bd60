from __future__ import annotations

import json
import shlex

import pytest
from kubernetes.client import AppsV1Api, AutoscalingV2Api, CoreV1Api, NetworkingV1Api

from infra.labels import NAME_LABEL
from tests.e2e.conftest import NAMESPACE, Cluster, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_hand_edited_objects_are_repaired_by_up_with_refresh(cluster: Cluster) -> None:
    scaling, networking = AutoscalingV2Api(cluster.api), NetworkingV1Api(cluster.api)
    scaling.patch_namespaced_horizontal_pod_autoscaler("web", NAMESPACE, {"spec": {"maxReplicas": 7}})
    networking.delete_namespaced_network_policy("namespace.default-deny", NAMESPACE)
    container = {"name": "web", "imagePullPolicy": "Always"}
    AppsV1Api(cluster.api).patch_namespaced_deployment(
        "web", NAMESPACE, {"spec": {"template": {"spec": {"containers": [container]}}}}
    )
    CoreV1Api(cluster.api).patch_namespaced_service("web", NAMESPACE, {"spec": {"selector": {NAME_LABEL: "worker"}}})

    run = cluster.up("--refresh")

    assert run.code == 0, run.out + run.err
    assert scaling.read_namespaced_horizontal_pod_autoscaler("web", NAMESPACE).spec.max_replicas == 60
    assert networking.read_namespaced_network_policy("namespace.default-deny", NAMESPACE).spec.pod_selector is not None
    service = CoreV1Api(cluster.api).read_namespaced_service("web", NAMESPACE)
    assert service.spec.selector == {NAME_LABEL: "web"}
    deployment = AppsV1Api(cluster.api).read_namespaced_deployment("web", NAMESPACE)
    assert deployment.spec.template.spec.containers[0].image_pull_policy == "IfNotPresent"
    # A pod that the autoscaler moves to another node meanwhile makes the Deployment be waited for once more.
    wait_for("nothing is left to repair", lambda: "Nothing changed" in cluster.up("--refresh").out, 120)


def test_what_was_added_by_hand_is_named_with_the_command_that_removes_it(cluster: Cluster) -> None:
    apps = AppsV1Api(cluster.api)
    added = {"name": "web", "env": [{"name": "DEBUG", "value": "1"}]}
    apps.patch_namespaced_deployment("web", NAMESPACE, {"spec": {"template": {"spec": {"containers": [added]}}}})

    run = cluster.up("--refresh")

    assert run.code == 0, run.out + run.err
    assert "everything is as the stack file says" not in run.out
    lines = run.out.splitlines()
    line = next(line for line in lines if "deployment web: spec.template.spec.containers[web].env" in line)
    (operation,) = json.loads(shlex.split(line.split("remove it: ")[1])[-1])
    apps.patch_namespaced_deployment("web", NAMESPACE, [operation])
    variables = apps.read_namespaced_deployment("web", NAMESPACE).spec.template.spec.containers[0].env or []
    assert "DEBUG" not in {variable.name for variable in variables}
    wait_for("nothing is told any more", lambda: "Added by hand" not in cluster.up().out, 120)
