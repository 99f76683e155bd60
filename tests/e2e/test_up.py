from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.local.status import AppStatus
from tests.e2e.conftest import CLUSTER, Cluster, listening_addresses, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def test_up_ends_with_the_apps_the_times_and_what_to_try_next(cluster: Cluster) -> None:
    out = cluster.first_up.out
    assert re.search(r"web +web +3/3 ready", out)
    assert re.search(r"in all +\d+\.\d", out)
    assert "nightowl local load web --cpu 20 --name e2e" in out


def test_every_app_is_available_with_metrics_in_three_zones_on_a_node_made_by_the_autoscaler(cluster: Cluster) -> None:
    wait_for("the autoscalers' first metrics", lambda: all(_sees_cpu(app) for app in cluster.status().apps), 90)
    run = cluster.machine.nightowl("local", "status", "--json", "--name", CLUSTER)
    assert run.code == 0, run.out + run.err
    status = json.loads(run.out)
    apps = {app["name"]: app for app in status["apps"]}
    assert set(apps) == {"web", "worker", "report"}
    assert all(app["available"] for app in apps.values())
    assert len(apps["web"]["zones"]) == 3, "one replica per zone"
    assert apps["web"]["autoscaler"]["metrics"]["cpu"]["current"] is not None
    assert any(node["autoscaled"] for node in status["nodes"])


def _sees_cpu(app: AppStatus) -> bool:
    return app.cpu is None or app.cpu.current is not None


def test_a_second_up_changes_nothing_and_says_so(cluster: Cluster) -> None:
    run = cluster.up()
    assert run.code == 0, run.out + run.err
    assert "Nothing changed" in run.out


def test_everything_listens_on_loopback_only(cluster: Cluster) -> None:
    addresses = listening_addresses(cluster.machine.paths(CLUSTER).root)
    assert len(addresses) >= 5, "etcd, API server, controller manager, scheduler and kwok listen at least"
    assert {str(address) for address in addresses} <= {"127.0.0.1", "::1"}


def test_the_users_kubeconfig_is_not_touched(cluster: Cluster) -> None:
    assert not Path(cluster.machine.environment["KUBECONFIG"]).exists()


def test_nothing_of_the_cluster_is_readable_for_other_users(cluster: Cluster) -> None:
    paths = cluster.machine.paths(CLUSTER)
    for secret in (paths.kubeconfig, paths.passphrase):
        assert secret.stat().st_mode & 0o077 == 0, secret
