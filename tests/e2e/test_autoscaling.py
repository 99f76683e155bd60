from __future__ import annotations

import pytest

from tests.e2e.conftest import CLUSTER, Cluster, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_load_adds_replicas_and_nodes_and_its_end_removes_them(cluster: Cluster) -> None:
    nodes_before = len(cluster.status().nodes)

    flood = ("--cpu", "4", "--for", "4m", "--until-absorbed")
    run = cluster.machine.nightowl("local", "load", "web", *flood, "--name", CLUSTER)

    assert run.code == 0, run.out + run.err
    assert "Absorbed: " in run.out
    after = cluster.status()
    web = after.app("web")
    assert web is not None
    assert web.ready >= 25, "4 cores at 60 % of 250m a pod need 27 pods, less the autoscaler's tolerance"
    assert len(after.nodes) > nodes_before
    assert max(web.zones.values()) - min(web.zones.values()) <= 1, "the zones are even after growing"

    peak_nodes = len(after.nodes)
    wait_for("fewer replicas without load", lambda: cluster.app("web").desired < web.desired, 150)
    wait_for("fewer nodes without load", lambda: len(cluster.status().nodes) < peak_nodes, 180)


def test_an_app_without_autoscaler_cannot_be_loaded_and_the_message_names_those_that_can(cluster: Cluster) -> None:
    run = cluster.machine.nightowl("local", "load", "report", "--cpu", "1", "--name", CLUSTER)
    assert run.code == 2
    assert "report" in run.err
    assert "web" in run.err
    assert "Traceback" not in run.err
