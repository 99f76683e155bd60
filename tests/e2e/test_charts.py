"""A chart of somebody's, with a role of its own, and a custom resource of its kind beside the apps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.kube import find, list_objects
from tests.e2e.conftest import Cluster, remove_namespaces

CHART = Path(__file__).with_name("greeter")
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/greetings.greeter.example.com"
MADE_UP = "/api/v1/namespaces/greeter/secrets/greeter-token"
GREETING: dict[str, Any] = {
    "apiVersion": "greeter.example.com/v1",
    "kind": "Greeting",
    "metadata": {"name": "for-web"},
    "spec": {"text": "hello"},
}


def write_stack(cluster: Cluster, sections: dict[str, Any]) -> None:
    file = cluster.machine.project / "stacks" / "Pulumi.local.yaml"
    document = yaml.safe_load(file.read_text())
    others = {
        key: value for key, value in document["config"].items() if key.split(":")[1] not in {"charts", "manifests"}
    }
    document["config"] = {**others, **{f"nightowl:{key}": value for key, value in sections.items()}}
    file.write_text(yaml.safe_dump(document))


def sections(replicas: int) -> dict[str, Any]:
    permissions = [{"s3": "uploads", "access": "read"}]
    greeter = {"chart": "charts/greeter", "values": {"replicas": replicas}, "permissions": permissions}
    return {"charts": {"greeter": greeter}, "manifests": ["manifests/greetings"]}


@pytest.fixture(scope="module")
def greeted(original: Cluster) -> Iterator[Cluster]:
    project = original.machine.project
    shutil.copytree(CHART, project / "charts" / "greeter")
    (project / "manifests" / "greetings").mkdir(parents=True)
    (project / "manifests" / "greetings" / "web.yaml").write_text(yaml.safe_dump(GREETING))
    write_stack(original, sections(1))
    yield original
    deploy(original, {})
    remove_namespaces(original, "greeter")


def deploy(cluster: Cluster, stack: dict[str, Any]) -> str:
    """Deploy the apps with these sections, and return what was said."""
    write_stack(cluster, stack)
    up = cluster.up()
    assert up.code == 0, up.out + up.err
    return up.out


def test_the_plan_counts_the_objects_of_a_chart_and_says_that_its_role_does_nothing_here(greeted: Cluster) -> None:
    plan = greeted.machine.nightowl("plan", "-s", "local")
    assert plan.code == 0, plan.err
    assert "greeter: chart charts/greeter, 8 objects in greeter" in plan.out
    assert "charts.greeter: permissions do nothing here" in " ".join(plan.out.split())


def test_a_chart_runs_with_its_hook_and_custom_resources_of_its_kind(greeted: Cluster) -> None:
    deploy(greeted, sections(1))
    deployment = find(greeted.api, "/apis/apps/v1/namespaces/greeter/deployments/greeter")
    assert deployment is not None
    assert deployment["status"]["readyReplicas"] == 1
    job = find(greeted.api, "/apis/batch/v1/namespaces/greeter/jobs/greeter-greet")
    assert job is not None
    assert job["status"]["succeeded"] == 1
    greetings = list_objects(greeted.api, "/apis/greeter.example.com/v1/greetings")
    assert {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in greetings} == {
        ("greeter", "default"),
        ("apps", "for-web"),
    }
    assert "Nothing changed" in deploy(greeted, sections(1))


def test_a_changed_value_changes_what_it_is_for_and_not_what_the_chart_makes_up(greeted: Cluster) -> None:
    deploy(greeted, sections(1))
    token = find(greeted.api, MADE_UP)
    assert "update Deployment greeter/greeter" in deploy(greeted, sections(2))
    assert token is not None
    assert find(greeted.api, MADE_UP) == token


def test_a_chart_that_leaves_keeps_its_definitions_and_takes_them_over_when_it_comes_back(greeted: Cluster) -> None:
    deploy(greeted, {})
    assert find(greeted.api, "/apis/apps/v1/namespaces/greeter/deployments/greeter") is None
    assert find(greeted.api, DEFINITION), "with a definition all objects of its kind would go"
    deploy(greeted, sections(1))
