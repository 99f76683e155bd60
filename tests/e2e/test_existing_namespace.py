"""Secrets of an existing cluster: their namespace is there before the apps are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes.client import AppsV1Api, CoreV1Api, V1Namespace, V1ObjectMeta, V1Secret

from tests.e2e.conftest import CLUSTER, Cluster

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
THEIRS = "theirs"


@pytest.fixture(scope="module")
def namespace_with_secret(cluster: Cluster) -> Iterator[str]:
    core = CoreV1Api(cluster.api)
    core.create_namespace(V1Namespace(metadata=V1ObjectMeta(name=THEIRS, labels={"team": "shop"})))
    core.create_namespaced_secret(THEIRS, V1Secret(metadata=V1ObjectMeta(name="web"), string_data={"key": "value"}))
    yield THEIRS
    core.delete_namespace(THEIRS)


def test_a_namespace_of_somebody_else_is_refused_although_data_is_kept_in_it(
    cluster: Cluster, namespace_with_secret: str
) -> None:
    stacks = cluster.machine.project / "stacks"
    local: dict[str, Any] = yaml.safe_load((stacks / "Pulumi.local.yaml").read_text())["config"]
    app = {
        "kind": "worker",
        "image": local["nightowl:apps"]["web"]["image"],
        "replicas": 1,
        "volumes": {"data": {"mount": "/data", "size": "1Gi", "kind": "persistent"}},
    }
    config = {
        "nightowl:platform": local["nightowl:platform"],
        "nightowl:namespace": {"name": namespace_with_secret},
        "nightowl:apps": {"db": app},
    }
    (stacks / "Pulumi.intruder.yaml").write_text(yaml.safe_dump({"config": config}))

    run = cluster.machine.nightowl("local", "up", "--name", CLUSTER, "--stack", "intruder")

    assert run.code == 1
    assert f"nightowl:namespace.name: {THEIRS} is a namespace of somebody else's on this cluster" in run.out + run.err
    assert CoreV1Api(cluster.api).read_namespace(THEIRS).metadata.labels == {
        "kubernetes.io/metadata.name": THEIRS,
        "team": "shop",
    }


def test_the_first_up_takes_over_a_namespace_that_holds_the_secrets(
    cluster: Cluster, namespace_with_secret: str
) -> None:
    stacks = cluster.machine.project / "stacks"
    local: dict[str, Any] = yaml.safe_load((stacks / "Pulumi.local.yaml").read_text())["config"]
    app = {
        "image": local["nightowl:apps"]["web"]["image"],
        "port": 9898,
        "replicas": 1,
        "secrets": {"session-key": "web/key"},
    }
    config = {
        "nightowl:platform": local["nightowl:platform"],
        "nightowl:namespace": {"name": namespace_with_secret, "existing": True},
        "nightowl:apps": {"front": app},
    }
    (stacks / f"Pulumi.{THEIRS}.yaml").write_text(yaml.safe_dump({"config": config}))

    run = cluster.machine.nightowl("local", "up", "--name", CLUSTER, "--stack", THEIRS)

    assert run.code == 0, run.out + run.err
    assert AppsV1Api(cluster.api).read_namespaced_deployment("front", THEIRS).status.available_replicas == 1
    labels = CoreV1Api(cluster.api).read_namespace(THEIRS).metadata.labels
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["team"] == "shop"
    assert CoreV1Api(cluster.api).read_namespaced_secret("web", THEIRS).data
    (state,) = cluster.machine.paths(CLUSTER).state.glob(f".pulumi/stacks/*/{THEIRS}.json")
    kept = [
        found["id"]
        for found in json.loads(state.read_text())["checkpoint"]["latest"]["resources"]
        if found.get("retainOnDelete")
    ]
    assert kept == [THEIRS], "a destroy leaves it, and the Secrets in it"
