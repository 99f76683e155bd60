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
    remove_namespaces(original, "greeter")


def test_a_chart_is_planned_deployed_changed_and_removed_as_the_apps_are(greeted: Cluster) -> None:
    plan = greeted.machine.nightowl("plan", "-s", "local")
    assert plan.code == 0, plan.err
    assert "greeter: chart charts/greeter, 8 objects in greeter" in plan.out
    assert "charts.greeter: permissions do nothing here" in " ".join(plan.out.split())

    up = greeted.up()
    assert up.code == 0, up.out + up.err
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
    token = find(greeted.api, "/api/v1/namespaces/greeter/secrets/greeter-token")

    again = greeted.up()
    assert "Nothing changed" in again.out, again.out + again.err

    write_stack(greeted, sections(2))
    changed = greeted.up()
    assert "update Deployment greeter/greeter" in changed.out
    assert token == find(greeted.api, "/api/v1/namespaces/greeter/secrets/greeter-token"), "a made-up value stays"

    write_stack(greeted, {})
    gone = greeted.up()
    assert gone.code == 0, gone.out + gone.err
    assert find(greeted.api, "/apis/apps/v1/namespaces/greeter/deployments/greeter") is None
    assert find(greeted.api, DEFINITION), "with a definition all objects of its kind would go"

    write_stack(greeted, sections(1))
    back = greeted.up()
    assert back.code == 0, "what was kept is taken over: " + back.out + back.err
