"""One more environment, as the guide has it: the apps of staging and prod, on the cluster of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Cluster, remove_namespaces, wait_for
from tests.test_environments import example_of_the_guide

pytestmark = pytest.mark.e2e

READY_SECONDS = 120


@pytest.fixture
def demo(cluster: Cluster) -> Iterator[Cluster]:
    text = example_of_the_guide("the same apps on this machine")
    assert len(text.splitlines()) <= 10
    (cluster.machine.project / "stacks" / "Pulumi.demo.yaml").write_text(text)
    yield cluster
    remove_namespaces(cluster, "demo")


def test_a_file_of_ten_lines_is_an_environment(demo: Cluster) -> None:
    shown = demo.machine.nightowl("config", "-s", "demo", "--origin", "--json")
    assert json.loads(shown.out)["origins"]["nightowl:apps.web.image"].startswith("stacks/base.yaml:")
    planned = demo.machine.nightowl("plan", "-s", "demo")
    assert planned.code == 0, planned.out + planned.err

    deployed = demo.up("--stack", "demo")

    assert deployed.code == 0, deployed.out + deployed.err
    wait_for(
        "web and worker of the environment",
        lambda: (
            {app.name for app in demo.status().apps if app.namespace == "demo" and app.available} == {"web", "worker"}
        ),
        READY_SECONDS,
    )
