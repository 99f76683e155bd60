from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.errors import UsageError
from infra.plan.manifests import manifests, write_manifests
from infra.plan.plan import Plan
from tests.shipped import shipped_plan

STACKS = Path(__file__).parents[2] / "stacks"


def test_each_object_is_one_file_whose_name_tells_what_it_is(sample: Plan) -> None:
    assert list(manifests(sample.graph)) == [
        "2_apps_horizontalpodautoscaler_web.yaml",
        "2_apps_networkpolicy_worker.yaml",
        "2_apps_service_web.yaml",
        "3_apps_deployment_web.yaml",
        "3_apps_deployment_worker.yaml",
    ]


def test_the_files_are_what_kubectl_reads(sample: Plan) -> None:
    text = manifests(sample.graph)["2_apps_horizontalpodautoscaler_web.yaml"]
    assert text.startswith("apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n")
    assert yaml.safe_load(text)["spec"]["maxReplicas"] == 60


def test_kubectl_which_goes_by_name_gets_what_others_need_first_and_what_runs_pods_last() -> None:
    files = manifests(shipped_plan("prod").graph)
    kinds = [yaml.safe_load(text)["kind"] for _, text in sorted(files.items())]
    first = [kind for kind in kinds if kind in {"Namespace", "PriorityClass", "StorageClass"}]
    assert kinds[: len(first)] == first
    pods = kinds.index("Deployment")
    assert {*kinds[pods:]} == {"Deployment"}
    assert kinds.index("ServiceAccount") < pods


def test_a_second_run_removes_objects_that_are_no_more(sample: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    write_manifests(sample.graph, folder)
    (folder / "apps_deployment_gone.yaml").write_text("kind: Deployment\n")
    written = write_manifests(sample.graph, folder)
    assert sorted(path.name for path in folder.glob("*.yaml")) == [path.name for path in written]


def test_yaml_of_somebody_else_is_never_touched(sample: Plan, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("keep: me\n")
    with pytest.raises(UsageError, match="holds YAML files that no plan wrote"):
        write_manifests(sample.graph, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]
