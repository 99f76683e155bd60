"""A voting app comes from Compose and from a Swarm stack, and runs as it did there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import AppsV1Api, CoreV1Api, NetworkingV1Api

from infra.local.up import wait_until_available
from tests.e2e.conftest import CLUSTER, REPOSITORY, Cluster, remove_namespaces

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

EXAMPLE = REPOSITORY / "examples" / "compose"
SWARM = """\
version: "3.9"
services:
  vote:
    image: registry.example.com/vote:1.4.0
    ports: ["5000:80"]
    networks: [front]
    deploy:
      replicas: 2
      update_config: { parallelism: 1, order: start-first, failure_action: rollback }
      resources: { limits: { memory: 256M }, reservations: { cpus: "0.25", memory: 128M } }
      placement: { constraints: [node.labels.topology.kubernetes.io/zone == local-a] }
  worker:
    image: registry.example.com/worker:1.4.0
    networks: [front]
    stop_grace_period: 45s
    deploy: { replicas: 1, update_config: { order: stop-first } }
  redis:
    image: redis:8-alpine
    networks: [front]
    deploy: { replicas: 1 }
networks: { front: {} }
"""


@pytest.fixture(scope="module")
def cluster_with_ballots(cluster: Cluster) -> Iterator[Cluster]:
    yield cluster
    remove_namespaces(cluster, "ballots", "polls")


def imported(cluster: Cluster, file: Path, *options: str) -> dict[str, Any]:
    """Import a file and deploy the stack that comes of it; return the report."""
    run = cluster.machine.nightowl("import", "compose", str(file), "--json", *options)
    assert run.code == 0, run.out + run.err
    report = json.loads(run.out)
    planned = cluster.machine.nightowl("plan", "-s", report["stack"], "--json")
    assert planned.code == 0, planned.out + planned.err
    up = cluster.up("--stack", report["stack"])
    assert up.code == 0, up.out + up.err
    assert wait_until_available(cluster.machine.paths(CLUSTER), report["stack"]).available
    return report


def deployments(cluster: Cluster, namespace: str) -> dict[str, Any]:
    return {item.metadata.name: item for item in AppsV1Api(cluster.api).list_namespaced_deployment(namespace).items}


def container(deployment: Any) -> Any:
    return deployment.spec.template.spec.containers[0]


def environment(cluster: Cluster, deployment: Any) -> dict[str, str]:
    """What the variables of an app are, from its ConfigMaps and its own list."""
    core, namespace = CoreV1Api(cluster.api), deployment.metadata.namespace
    found: dict[str, str] = {}
    for source in container(deployment).env_from or []:
        found |= core.read_namespaced_config_map(source.config_map_ref.name, namespace).data
    return found | {one.name: one.value for one in container(deployment).env or [] if one.value is not None}


def callers(cluster: Cluster, namespace: str, app: str) -> set[str]:
    """The apps that an app's network policy lets in."""
    policy = NetworkingV1Api(cluster.api).read_namespaced_network_policy(app, namespace)
    peers = [peer for rule in policy.spec.ingress or [] for peer in rule._from or [] if peer.pod_selector]
    labels = [peer.pod_selector.match_labels or {} for peer in peers]
    return {one["app.kubernetes.io/name"] for one in labels if "app.kubernetes.io/name" in one}


def test_a_compose_file_runs_as_it_did(cluster_with_ballots: Cluster) -> None:
    cluster = cluster_with_ballots
    report = imported(cluster, EXAMPLE / "compose.yaml")

    running = deployments(cluster, "ballots")
    assert {name: one.spec.replicas for name, one in running.items()} == {
        "vote": 1,
        "result": 1,
        "worker": 1,
        "redis": 1,
        "db": 1,
    }
    assert environment(cluster, running["vote"]) == {"OPTION_A": "Owls", "OPTION_B": "Larks"}
    assert container(running["result"]).image == "registry.example.com/result:1.4.0"
    assert {port.container_port for port in container(running["result"]).ports} == {80, 9229}

    asked = container(running["vote"]).readiness_probe
    assert asked._exec.command == ["curl", "-f", "http://localhost"]
    assert (asked.period_seconds, asked.timeout_seconds, asked.failure_threshold) == (15, 5, 3)
    assert container(running["redis"]).readiness_probe._exec.command == ["redis-cli", "ping"]

    assert {"vote", "worker", "result"} <= callers(cluster, "ballots", "redis")
    assert "worker" in callers(cluster, "ballots", "db")
    [claim] = CoreV1Api(cluster.api).list_namespaced_persistent_volume_claim("ballots").items
    assert claim.metadata.name == "db.data"

    columns = {finding["key"]: finding["column"] for finding in report["findings"]}
    assert columns["services.vote.environment.OPTION_B"] == "taken over"
    assert "hoot-hoot-1234" not in json.dumps(report)
    stack_file = cluster.machine.project / "stacks" / "Pulumi.ballots.yaml"
    assert "hoot-hoot-1234" not in stack_file.read_text()
    assert any("create secret generic db" in step["command"] for step in report["steps"])


def test_a_swarm_stack_keeps_its_replicas_its_update_order_and_its_nodes(
    cluster_with_ballots: Cluster, tmp_path: Path
) -> None:
    cluster = cluster_with_ballots
    file = tmp_path / "compose.yaml"
    file.write_text(SWARM)
    imported(cluster, file, "--stack", "polls")

    running = deployments(cluster, "polls")
    vote, worker = running["vote"], running["worker"]
    assert vote.spec.replicas == 2
    assert vote.spec.strategy.type == "RollingUpdate"
    assert vote.spec.strategy.rolling_update.max_unavailable == 0
    assert vote.spec.template.spec.node_selector == {"topology.kubernetes.io/zone": "local-a"}
    assert container(vote).resources.requests == {"cpu": "250m", "memory": "128Mi"}
    assert container(vote).resources.limits == {"memory": "256Mi"}
    assert worker.spec.strategy.type == "Recreate"
    assert worker.spec.template.spec.termination_grace_period_seconds >= 45
    assert {"vote", "worker"} <= callers(cluster, "polls", "redis")


def test_a_second_import_replaces_nothing(cluster_with_ballots: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(SWARM)
    run = cluster_with_ballots.machine.nightowl("import", "compose", str(file), "--stack", "polls")
    assert run.code == 2
    assert "--force" in run.err
