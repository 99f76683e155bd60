"""What folders of files make, and which files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.settings.problems import SettingsError
from tests.apps.samples import web
from tests.charts.samples import DEFINITION, Body, body, build_charts, chart

GREETING: Body = {"apiVersion": "example.com/v1", "kind": "Greeting", "metadata": {"name": "hello"}}


def written(project: Path, **files: list[Body]) -> Path:
    for name, documents in files.items():
        file = project / "manifests" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump_all(documents))
    return project


def test_objects_come_from_all_files_of_a_folder_and_stand_in_the_namespace_of_the_apps(tmp_path: Path) -> None:
    rules = body("ConfigMap", "rules", metadata={"namespace": "other"})
    written(
        tmp_path, a=[GREETING, DEFINITION], b=[body("ClusterRole", "reader", "rbac.authorization.k8s.io/v1"), rules]
    )
    made = build_charts({}, manifests=["manifests"], project=tmp_path)
    of_files = {one.name: one.props["metadata"].get("namespace") for one in made.objects() if "Manifests" in one.urn}
    assert of_files == {
        "manifests/hello": "apps",
        "manifests/greetings.example.com": None,
        "manifests/reader": None,
        "manifests/other/rules": "other",
    }
    assert "CustomResourceDefinition manifests/greetings.example.com" in made.made_before(
        made.one("Greeting", "manifests/hello")
    )


def test_a_list_stands_for_its_items(tmp_path: Path) -> None:
    written(
        tmp_path, a=[{"apiVersion": "v1", "kind": "List", "items": [body("ConfigMap", "a"), body("ConfigMap", "b")]}]
    )
    made = build_charts({}, manifests=["manifests"], project=tmp_path)
    assert {one.object_name for one in made.all("ConfigMap")} == {"a", "b"}


def test_folders_come_one_after_the_other_and_after_the_charts(tmp_path: Path) -> None:
    written(tmp_path, a=[GREETING], b=[body("ConfigMap", "second")])
    made = build_charts(
        {"greeter": chart()}, [DEFINITION], manifests=["manifests/a.yaml", "manifests/b.yaml"], project=tmp_path
    )
    before = made.made_before(made.one("ConfigMap", "manifests/b.yaml/second"))
    assert before >= {
        "Greeting manifests/a.yaml/hello",
        "CustomResourceDefinition greeter/greetings.example.com",
        "NetworkPolicy namespace.default-deny",
    }


def test_apps_wait_for_a_folder_that_says_so(tmp_path: Path) -> None:
    written(tmp_path, a=[body("ConfigMap", "a")])
    first = [{"folder": "manifests", "beforeApps": True}]
    made = build_charts({}, manifests=first, apps={"web": web()}, project=tmp_path)
    assert "ConfigMap manifests/a" in made.made_before(made.one("Deployment", "web"))


def test_a_day_without_quotes_stays_a_text_as_kubectl_has_it(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {day: 2026-11-26}\n")
    made = build_charts({}, manifests=["a.yaml"], project=tmp_path)
    assert made.only("ConfigMap").props["data"] == {"day": "2026-11-26"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no file that ends in .json, .yaml, .yml"),
        ("a: [", "manifests/x.yaml:1: is not YAML; look at the indentation, the quotes and the brackets"),
        ("a: 1\n---\nb: {c: d\ne: f}", "manifests/x.yaml:3: the mapping that begins here is not closed; write }"),
        ("a: 1", "manifests/x.yaml has a document without apiVersion and kind, so it is no object of Kubernetes"),
        ("[1]", "manifests/x.yaml has a document without apiVersion and kind, so it is no object of Kubernetes"),
        ("apiVersion: v1\nkind: ConfigMap", "manifests/x.yaml has an object of kind ConfigMap without a name"),
        (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}",
            "manifests/x.yaml has the values of Secret a in plain text; keep them in a store",
        ),
        (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: {'x' * 2**21}}}",
            "manifests/x.yaml: ConfigMap a is larger than the 1.5 MiB that a cluster keeps; split it",
        ),
    ],
    ids=["empty", "no YAML", "an open mapping", "no object", "a list", "no name", "a secret", "too large"],
)
def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "manifests").mkdir()
    if content:
        (tmp_path / "manifests" / "x.yaml").write_text(content)
    with pytest.raises(SettingsError) as refused:
        build_charts({}, manifests=["manifests"], project=tmp_path)
    assert str(refused.value).startswith("nightowl:manifests[0]: ")
    assert message in str(refused.value)


def test_a_folder_that_is_not_there_is_told_from_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nightowl:manifests\\[0\\]: manifests does not exist; name a folder"):
        build_charts({}, manifests=["manifests"], project=tmp_path)


def test_a_file_with_values_lies_below_the_values_of_the_stack_file(tmp_path: Path) -> None:
    (tmp_path / "keda.yaml").write_text("a: {b: 1, c: 2}\nlist: [1, 2]\n")
    values = []

    def rendering(options: object) -> list[Body]:
        assert isinstance(options, dict)
        values.append(options["values"])
        return [body("ConfigMap", "a")]

    build_charts(
        {"keda": chart(valuesFile="keda.yaml", values={"a": {"c": 3}, "list": [3]})}, rendering, project=tmp_path
    )
    assert values == [{"a": {"b": 1, "c": 3}, "list": [3]}]


def test_all_files_that_cannot_be_used_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "keda.yaml").write_text("auth: {password: hunter2-hunter2, existingSecret: keda}\n")
    charts = {"keda": chart(valuesFile="keda.yaml"), "own": {"chart": "charts/own"}, "x": chart(valuesFile="no.yaml")}
    with pytest.raises(SettingsError) as refused:
        build_charts(charts, project=tmp_path)
    lines = str(refused.value).splitlines()
    assert lines[0] == (
        "nightowl:charts.keda.valuesFile: keda.yaml: auth.password looks like a secret; keep it in a store, and name a "
        "Secret of the cluster there, or list values.auth.password in notSecret if it is none"
    )
    assert lines[1] == "nightowl:charts.own.chart: charts/own has no Chart.yaml; name its folder"
    below = f"below {tmp_path}, the folder with Pulumi.yaml"
    assert lines[2] == f"nightowl:charts.x.valuesFile: no.yaml does not exist {below}"
    assert len(lines) == 3
