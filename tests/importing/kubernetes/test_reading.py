"""Which files are read, and what is told of those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.errors import UsageError
from infra.importing.kubernetes.reading import read_objects
from tests.importing.kubernetes.importing import deployment, service


def test_files_of_a_folder_hold_documents_and_lists_each_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(f"---\n# nothing\n---\n{deployment().strip()}\n---\n")
    (tmp_path / "a.json").write_text(
        '{"apiVersion": "v1", "kind": "List",\n\t"items": [\n'
        '\t{"apiVersion": "v1", "kind": "Secret",\n\t"metadata": {"name": "s"}}]}'
    )
    source, objects = read_objects([tmp_path])
    assert [one.label for one in objects] == ["Secret s", "Deployment web"]
    assert source.place(("Secret", "s", "metadata", "name")).endswith("a.json:4")
    assert source.place(("Deployment", "web", "kind")).endswith("b.yaml:5")


def test_the_mode_of_a_file_is_read_as_kubernetes_reads_it(tmp_path: Path) -> None:
    pod = "volumes: [{ name: v, configMap: { name: v }}]"
    (tmp_path / "a.yaml").write_text(deployment(pod=pod + "\ntolerations: []\nsecurityContext:\n  mode: 0750"))
    _, (found,) = read_objects([tmp_path])
    assert found.spec.at("template", "spec", "securityContext", "mode").value == 0o750


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.yaml": "kind: x: y"}, "a.yaml"),
        ({"a.yaml": "replicas: 1"}, "a.yaml:1: kind: is no object of Kubernetes"),
        ({"a.yaml": "---\n\n- a\n- b"}, "a.yaml:3: is no object of Kubernetes"),
        ({"a.yaml": "kind: List\napiVersion: v1\nitems: 5"}, "no object of Kubernetes is there"),
        ({"a.yaml": "kind: List\napiVersion: v1\nitems:\n- 5"}, "a.yaml:4: kind: is no object of Kubernetes"),
        ({"a.yaml": "apiVersion: v1\nkind: Pod"}, "a.yaml:1: metadata.name: is missing"),
        ({"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}"}, "helm template"),
        ({"a.yaml": 'apiVersion: v1\nkind: Pod\nmetadata: {name: "{{ .Release.Name }}"}'}, "helm template"),
        ({"Chart.yaml": "name: x"}, "helm template"),
        ({"kustomization.yaml": "namePrefix: a-", "a.yaml": service()}, "kubectl kustomize"),
        ({"readme.txt": ""}, "no file there ends in"),
        ({"a.yaml": "---\n"}, "no object of Kubernetes is there"),
        ({"a.yaml": "a: " + "x" * 2**20}, "is larger than 1 MiB"),
    ],
)
def test_bad_input_names_file_and_remedy(files: dict[str, str], message: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        read_objects([tmp_path])


def test_a_kustomization_that_only_lists_the_files_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]")
    (tmp_path / "a.yaml").write_text(service())
    assert len(read_objects([tmp_path])[1]) == 1
