"""Data on a real control plane: it is bound in seconds, and outlives all that is done to its app."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml
from kubernetes.client import CoreV1Api

from tests.e2e.conftest import CLUSTER, Cluster

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
STACK = "data"
SECONDS = 120
"""Without a volume for the claim, `up` would wait for the deadline of ten minutes."""


def up(cluster: Cluster, apps: dict[str, Any]) -> str:
    stacks = cluster.machine.project / "stacks"
    local: dict[str, Any] = yaml.safe_load((stacks / "Pulumi.local.yaml").read_text())["config"]
    image = local["nightowl:apps"]["web"]["image"]
    config = {
        "nightowl:platform": local["nightowl:platform"],
        "nightowl:namespace": {"name": STACK},
        "nightowl:apps": {name: {"kind": "worker", "image": image, "replicas": 1, **app} for name, app in apps.items()},
    }
    (stacks / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": config}))
    run = cluster.machine.nightowl("local", "up", "--name", CLUSTER, "--stack", STACK, timeout=SECONDS)
    assert run.code == 0, run.out + run.err
    return run.out + run.err


def claims(cluster: Cluster) -> dict[str, tuple[str, str]]:
    found = CoreV1Api(cluster.api).list_namespaced_persistent_volume_claim(STACK).items
    return {claim.metadata.name: (claim.metadata.uid, claim.status.phase) for claim in found}


def destroy(cluster: Cluster) -> None:
    machine = cluster.machine
    shell = machine.nightowl("local", "env", "--name", CLUSTER).out
    command = f"{shell}\npulumi destroy --yes --non-interactive --stack {STACK}"
    folder = machine.paths(CLUSTER).workspace
    subprocess.run(["/bin/sh", "-ec", command], cwd=folder, env=machine.environment, check=True, timeout=SECONDS)


def volume(**keys: Any) -> dict[str, Any]:
    return {"volumes": {"data": {"mount": "/data", "size": "5Gi", "kind": "persistent", **keys}}}


def test_data_survives_rename_removal_and_destroy_and_goes_where_it_is_not_kept(cluster: Cluster) -> None:
    up(cluster, {"db": volume(), "cache": volume(keep=False)})
    made = claims(cluster)
    assert {name: phase for name, (_, phase) in made.items()} == {"db.data": "Bound", "cache.data": "Bound"}

    said = up(cluster, {"database": volume(was="db", size="6Gi")})
    assert "the data of 5Gi in claim cache.data will be deleted" in " ".join(said.split())
    # Its pod would wait for the volume of the former one, or write to it beside it.
    assert said.index("delete-replaced Deployment db") < said.index("create-replacement Deployment database")
    assert claims(cluster) == {"db.data": made["db.data"]}

    said = up(cluster, {"other": {}})
    assert "the data of 6Gi in claim db.data will be kept" in " ".join(said.split())
    assert claims(cluster) == {"db.data": made["db.data"]}

    destroy(cluster)
    assert claims(cluster) == {"db.data": made["db.data"]}

    up(cluster, {"db": volume(size="6Gi")})
    assert claims(cluster) == {"db.data": made["db.data"]}
