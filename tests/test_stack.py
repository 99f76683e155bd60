"""The whole program, run as the language host runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest

from infra.errors import NightowlError
from infra.settings.stack import StackSettings
from infra.settings.stack_file import stack_config
from tests.apps.pod_security import violations
from tests.apps.samples import web
from tests.harness import REPOSITORY, Graph, build_apps, run_program


def _config(path: Path) -> dict[str, Any]:
    config = stack_config(path)
    return {key.removeprefix("nightowl:"): value for key, value in config.items() if key.startswith("nightowl:")}


ON_EXISTING_CLUSTERS = {
    path.name: config
    for path in sorted((REPOSITORY / "stacks").glob("Pulumi.*.yaml"))
    if (config := _config(path))["platform"]["kind"] == "existing"
}


@pytest.fixture(scope="module", params=ON_EXISTING_CLUSTERS)
def stack(request: pytest.FixtureRequest) -> dict[str, Any]:
    return ON_EXISTING_CLUSTERS[request.param]


def test_the_local_stack_is_among_those_that_are_run() -> None:
    assert "Pulumi.local.yaml" in ON_EXISTING_CLUSTERS


@pytest.fixture(scope="module", params=[False, True], ids=["up", "preview"])
def graph(request: pytest.FixtureRequest, stack: dict[str, Any]) -> Graph:
    return run_program(stack, preview=request.param)


def test_the_program_runs_without_a_warning(graph: Graph) -> None:
    assert graph.log == []
    assert graph.all("Deployment")


def test_every_object_goes_through_the_explicit_provider(graph: Graph) -> None:
    provider = graph.one("kubernetes", "cluster")
    for made in graph.resources:
        if made.custom and not made.type.startswith("pulumi:providers:"):
            assert made.provider.startswith(f"{provider.urn}::"), f"{made.kind} {made.name}"


def test_every_object_belongs_to_a_component(graph: Graph) -> None:
    components = {made.urn for made in graph.resources if not made.custom}
    assert all(made.parent in components for made in graph.objects())


def test_no_two_objects_of_the_cluster_share_a_name(graph: Graph) -> None:
    named = [(made.type, made.object_name) for made in graph.objects()]
    assert len(named) == len(set(named))


def test_every_pod_passes_the_restricted_standard(graph: Graph, stack: dict[str, Any]) -> None:
    for app in stack["apps"]:
        assert violations(graph.pod(app)) == []


def test_where_there_is_an_autoscaler_an_app_starts_at_its_minimum_and_no_update_sets_replicas(graph: Graph) -> None:
    for autoscaler in graph.all("HorizontalPodAutoscaler"):
        deployment = graph.one("Deployment", autoscaler.props["spec"]["scaleTargetRef"]["name"])
        assert deployment.props["spec"]["replicas"] == autoscaler.props["spec"]["minReplicas"]
        assert deployment.ignore_changes == ["spec.replicas"]


def test_the_outputs_name_the_namespace_and_every_app(graph: Graph, stack: dict[str, Any]) -> None:
    assert graph.outputs["namespace"] == stack.get("namespace", {}).get("name", "apps")
    assert set(graph.outputs["apps"]) == set(stack["apps"])
    for app in graph.outputs["apps"].values():
        assert set(app) == {"kind", "service", "url"}


def test_a_web_app_is_found_under_the_address_of_its_service() -> None:
    graph = build_apps({"web": web(port=9898)}, namespace={"name": "shop"})
    assert graph.outputs["apps"]["web"]["service"] == "web.shop:9898"


def test_bad_settings_stop_the_program_before_any_resource() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        run_program({"platform": {"kind": "existing", "context": "x"}, "apps": {"web": {"image": "x:1", "prt": 1}}})
    assert "nightowl:apps.web" in str(refused.value)


def test_the_program_can_be_imported_from_its_own_folder_as_the_language_host_does() -> None:
    # -P: like the host's own script, without the current folder on the path. The host has imported pulumi before.
    code = "import pulumi, runpy; runpy.run_path('.', run_name='not-the-program')"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=REPOSITORY / "infra",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    # Outside a Pulumi run the first thing that is missing is the configuration, so every import worked.
    assert "nightowl:platform: is required" in done.stderr, done.stderr


def test_what_a_user_can_mend_ends_the_program_with_its_message_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: StackSettings, **_more: object) -> None:
        raise NightowlError("the roles take 11 policies, and a role has at most 10")

    monkeypatch.setattr("infra.program.build", fail)
    with pytest.raises(pulumi.RunError, match=r"^the roles take 11 policies, and a role has at most 10$"):
        run_program({"platform": {"kind": "existing", "context": "staging"}, "apps": {"web": web()}})
