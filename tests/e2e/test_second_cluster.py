from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.up import wait_until_available
from tests.e2e.conftest import CLUSTER, NAMESPACE, Cluster, interrupt, processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SECOND = "e2e-second"


def test_an_interrupted_up_goes_on_and_down_leaves_nothing_while_another_cluster_runs(cluster: Cluster) -> None:
    machine = cluster.machine
    root = machine.paths(SECOND).root
    with machine.start("local", "up", "--name", SECOND) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("applications"):
                break
        interrupt(process)
        process.communicate(timeout=120)
    assert process.returncode == 130

    again = machine.nightowl("local", "up", "--name", SECOND)
    assert again.code == 0, again.out + again.err
    assert processes_of(root)

    down = machine.nightowl("local", "down", "--name", SECOND)
    assert down.code == 0, down.out + down.err
    assert processes_of(root) == {}
    assert not root.exists()
    wait_until_available(machine.paths(CLUSTER), NAMESPACE)
    assert cluster.machine.nightowl("local", "status", "--name", CLUSTER).code == 0


def test_down_without_a_cluster_says_so_and_succeeds(cluster: Cluster) -> None:
    run = cluster.machine.nightowl("local", "down", "--name", "nobody")
    assert run.code == 0
    assert "there is no such cluster" in run.out
    assert not Path(cluster.machine.paths("nobody").root).exists()


def test_commands_for_a_cluster_that_does_not_run_say_how_to_start_it(cluster: Cluster) -> None:
    run = cluster.machine.nightowl("local", "status", "--name", "nobody")
    assert run.code == 2
    assert "nightowl local up" in run.err
    assert "Traceback" not in run.err
