"""Each snippet of docs/additions.md is a stack that can be planned, with the files that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.charts.rendering import TEMPLATE
from infra.plan.access import pod_access
from infra.settings.build import build_settings
from infra.settings.stack import StackSettings
from infra.stack import build
from tests.chart_values import CHARTS, value_keys
from tests.charts.samples import body
from tests.harness import CONTEXT, Graph, run
from tests.platforms.eks.stacks import sections

PAGE = (Path(__file__).parents[1] / "docs" / "additions.md").read_text(encoding="utf-8")
SNIPPETS: Mapping[str, list[str]] = {
    part.partition("\n")[0]: re.findall(r"```yaml\n(.*?)```", part, re.DOTALL)
    for part in PAGE.split("\n## ")[1:]
    if "```yaml" in part
}
EXISTING: dict[str, Any] = {"platform": {"kind": "existing", "context": CONTEXT}, "apps": {}}


def stack_of(snippet: str) -> dict[str, Any]:
    return {key.removeprefix("nightowl:"): value for key, value in yaml.safe_load(snippet).items()}


def write_files(blocks: list[str], project: Path) -> None:
    for block in blocks:
        file = project / block.partition("\n")[0].removeprefix("# ")
        file.parent.mkdir(parents=True)
        file.write_text(block)


def planned(settings: StackSettings, project: Path) -> Graph:
    """Build the stack with a Deployment and its account in the place of each chart's objects: nothing is fetched."""

    def template(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        options = json.loads(arguments["jsonOpts"])
        chart, there = options["release_name"], {"namespace": options["namespace"]}
        account = settings.charts[chart].service_account or chart
        return {"result": [body("ServiceAccount", account, metadata=there), body("Deployment", chart, "apps/v1")]}

    def program() -> None:
        build(settings, project=project)

    return run(program, calls={TEMPLATE: template})


def test_the_page_has_the_usual_additions() -> None:
    assert list(SNIPPETS) == [
        "external-dns",
        "cert-manager",
        "ingress-nginx",
        "KEDA",
        "kube-prometheus-stack",
        "Argo CD",
        "Datadog",
        "External Secrets",
        "Velero",
        "Kyverno",
        "Istio",
    ]


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_makes_its_chart_and_its_files(name: str, tmp_path: Path) -> None:
    stack, *files = SNIPPETS[name]
    write_files(files, tmp_path)
    settings = build_settings(EXISTING | stack_of(stack))
    made = planned(settings, tmp_path)
    for chart in settings.charts:
        assert made.has("Deployment", f"{chart}/{chart}")
    of_files = [one for one in made.objects() if "nightowl:charts:Manifests" in one.urn]
    assert len(of_files) == sum(len(list(yaml.safe_load_all(file))) for file in files)


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_names_a_version_and_values_that_the_chart_has(name: str) -> None:
    for key, chart in stack_of(SNIPPETS[name][0])["charts"].items():
        known = CHARTS[key]
        assert chart["version"] == known.version, "read the values of the new version, and write both down"
        assert sorted(value_keys(chart.get("values", {}))) == sorted([*known.values, *known.in_templates])


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_is_taken_on_eks_with_its_permissions(name: str) -> None:
    stack = stack_of(SNIPPETS[name][0])
    settings = build_settings(sections(**stack))
    asked = {f"charts.{chart}" for chart, chosen in settings.charts.items() if chosen.permissions}
    assert {one.holder for one in pod_access(settings) if one.may} >= asked


def test_the_autoscaler_of_an_app_steps_back_for_keda(tmp_path: Path) -> None:
    stack, *files = SNIPPETS["KEDA"]
    write_files(files, tmp_path)
    made = planned(build_settings(EXISTING | stack_of(stack)), tmp_path)
    assert made.all("HorizontalPodAutoscaler") == []
    worker = made.one("Deployment", "worker")
    assert worker.props["spec"]["replicas"] == 2
    assert worker.ignore_changes == ["spec.replicas"]
    scaled = made.one("ScaledObject", "manifests/keda/worker")
    assert scaled.props["spec"]["scaleTargetRef"]["name"] == worker.object_name


def test_apps_of_a_mesh_reach_its_control_plane_and_come_after_it(tmp_path: Path) -> None:
    made = planned(build_settings(EXISTING | stack_of(SNIPPETS["Istio"][0])), tmp_path)
    assert "Deployment istiod/istiod" in made.made_before(made.one("Deployment", "web"))
    [rule] = [
        rule
        for rule in made.one("NetworkPolicy", "web").props["spec"]["egress"]
        if rule.get("ports", [{}])[0].get("port") == 15012
    ]
    assert rule["to"][0]["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "istio-system"}}
