"""The examples on a cluster of their own, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from kubernetes.client import AppsV1Api

from infra.kube import connect
from infra.local.up import wait_until_available
from tests.e2e.conftest import REPOSITORY, Machine
from tests.e2e.kubelet import NO_IMAGE, failing_release

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
EXAMPLES = "e2e-examples"
SECONDS = 180


@pytest.fixture(scope="module")
def machine_with_room(machine: Machine) -> Iterator[Machine]:
    yield machine
    machine.nightowl("local", "down", "--name", EXAMPLES)


@pytest.mark.parametrize("example", [file.parent.name for file in sorted(REPOSITORY.glob("examples/*/Pulumi.*.yaml"))])
def test_an_example_becomes_available(example: str, machine_with_room: Machine) -> None:
    file = REPOSITORY / "examples" / example / f"Pulumi.{example}.yaml"
    run = machine_with_room.nightowl("local", "up", "--name", EXAMPLES, "--file", str(file))
    assert run.code == 0, run.out + run.err
    assert wait_until_available(machine_with_room.paths(EXAMPLES), example).available


def test_an_example_whose_release_fails_serves_on(machine_with_room: Machine, tmp_path: Path) -> None:
    example = REPOSITORY / "examples" / "django" / "Pulumi.django.yaml"
    file = tmp_path / example.name
    described = yaml.safe_load(example.read_text())
    web = described["config"]["nightowl:apps"]["web"]
    web |= {"image": NO_IMAGE, "release": {**web["release"], "retries": 0}}
    file.write_text(yaml.safe_dump(described))
    first = machine_with_room.nightowl("local", "up", "--name", EXAMPLES, "--file", str(example))
    assert first.code == 0, first.out + first.err
    api = connect(machine_with_room.paths(EXAMPLES).kubeconfig)

    with failing_release(api, "django", "web", last_words="relation users has no column email", seconds=SECONDS):
        failed = machine_with_room.nightowl("local", "up", "--name", EXAMPLES, "--file", str(file))

    assert failed.code == 1
    assert "relation users has no column email" in failed.out + failed.err
    serving = AppsV1Api(api).read_namespaced_deployment("web", "django")
    assert serving.spec.template.spec.containers[0].image == image_of(example)
    assert serving.status.available_replicas == serving.status.replicas
    assert serving.status.replicas


def image_of(example: Path) -> str:
    return yaml.safe_load(example.read_text())["config"]["nightowl:apps"]["web"]["image"]
