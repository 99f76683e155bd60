from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from infra.local.standin import diff, immutable

Kind = provider_pb2.PropertyDiff


def deployment(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app.kubernetes.io/name": "web"}},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "replicas": 1, **spec},
    }


def difference(
    old: dict[str, Any],
    new: dict[str, Any],
    *,
    namespaced: bool = True,
    mutable: bool = False,
    ignored: tuple[str, ...] = (),
) -> provider_pb2.DiffResponse:
    forced = immutable.forced_new(new, mutable_config_maps=mutable, mutable_secrets=mutable)
    return diff.response(old, new, namespaced=namespaced, forced_new=forced, ignored=ignored)


def kinds(answer: provider_pb2.DiffResponse) -> dict[str, Any]:
    return {path: change.kind for path, change in answer.detailedDiff.items()}


def test_equal_inputs_are_no_change():
    answer = difference(deployment(), deployment())

    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert not answer.detailedDiff


def test_a_preview_names_the_changed_paths():
    old = deployment(template={"spec": {"containers": [{"name": "a", "image": "x:1", "env": [{"name": "B"}]}]}})
    new = deployment(template={"spec": {"containers": [{"name": "a", "image": "x:2", "args": ["-v"]}]}})

    assert kinds(difference(old, new)) == {
        "spec.template.spec.containers[0].image": Kind.UPDATE,
        "spec.template.spec.containers[0].env": Kind.DELETE,
        "spec.template.spec.containers[0].args": Kind.ADD,
    }


def test_keys_with_dots_are_written_in_brackets():
    new = deployment()
    new["metadata"]["labels"] = {"app.kubernetes.io/name": "shop"}

    assert list(kinds(difference(deployment(), new))) == ['metadata.labels["app.kubernetes.io/name"]']


def test_true_is_not_taken_for_one():
    assert kinds(difference(deployment(paused=True), deployment(paused=1))) == {"spec.paused": Kind.UPDATE}


def test_a_changed_selector_replaces_a_deployment_and_deletes_the_old_one_first():
    answer = difference(deployment(), deployment(selector={"matchLabels": {"app": "shop"}}))

    assert list(answer.replaces) == ["spec.selector.matchLabels.app"]
    assert kinds(answer) == {"spec.selector.matchLabels.app": Kind.UPDATE_REPLACE}
    assert answer.deleteBeforeReplace


def test_a_changed_name_replaces_with_the_new_object_first():
    new = deployment()
    new["metadata"]["name"] = "shop"
    answer = difference(deployment(), new)

    assert list(answer.replaces) == ["metadata.name"]
    assert not answer.deleteBeforeReplace


def test_a_generated_name_replaces_with_the_new_object_first():
    old, new = deployment(), deployment(selector={"matchLabels": {"app": "shop"}})
    for manifest in (old, new):
        manifest["metadata"]["annotations"] = {"pulumi.com/autonamed": "true"}

    assert not difference(old, new).deleteBeforeReplace


def test_another_kind_replaces_and_another_version_does_not():
    other_kind = {**deployment(), "kind": "StatefulSet"}
    other_version = {**deployment(), "apiVersion": "apps/v2"}

    assert difference(deployment(), other_kind).replaces
    assert not difference(deployment(), other_version).replaces


def test_no_namespace_is_the_default_namespace():
    old, new = deployment(), deployment()
    old["metadata"]["namespace"] = "default"
    del new["metadata"]["namespace"]

    assert not difference(old, new).detailedDiff


def test_the_namespace_of_a_cluster_wide_kind_does_not_matter():
    old = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "namespace": "x"}}
    new = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}

    assert not difference(old, new, namespaced=False).detailedDiff


@pytest.mark.parametrize(
    ("manifest", "path", "value"),
    [
        ({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}, ("data", "a"), "2"),
        ({"apiVersion": "v1", "kind": "Secret", "data": {"a": "1"}}, ("data", "a"), "2"),
        ({"apiVersion": "v1", "kind": "Secret", "type": "Opaque"}, ("type",), "kubernetes.io/tls"),
        ({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"a": 1}}}, ("spec", "template", "a"), 2),
        ({"apiVersion": "v1", "kind": "Service", "spec": {"clusterIP": "None"}}, ("spec", "clusterIP"), "10.0.0.9"),
        ({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"serviceName": "a"}}, ("spec", "serviceName"), "b"),
        ({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "a"}]}}, ("spec", "containers"), []),
        (
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "roleRef": {"name": "a"}},
            ("roleRef", "name"),
            "b",
        ),
        (
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"storageClassName": "a"}},
            ("spec", "storageClassName"),
            "b",
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
def test_an_immutable_field_replaces(manifest: dict[str, Any], path: tuple[str, ...], value: Any):
    old = {"metadata": {"name": "a", "namespace": "b"}, **manifest}

    assert difference(old, replaced(old, path, value)).replaces


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_data_changes_in_place_only_where_configured_and_not_frozen(kind: str):
    old = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, "data": {"a": "1"}}
    new = {**old, "data": {"a": "2"}}

    assert not difference(old, new, mutable=True).replaces
    assert difference({**old, "immutable": True}, {**new, "immutable": True}, mutable=True).replaces


def test_the_size_of_a_claim_changes_in_place():
    old = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "a"},
        "spec": {"resources": {"a": 1}},
    }

    assert not difference(old, replaced(old, ("spec", "resources", "a"), 2)).replaces


def test_ignored_paths_are_no_change():
    new = deployment(replicas=5)

    assert not difference(deployment(), new, ignored=("spec.replicas",)).detailedDiff
    assert difference(deployment(), new, ignored=("spec.rep",)).detailedDiff
    lists = deployment(tolerations=[{"key": "a"}]), deployment(tolerations=[{"key": "b"}])
    assert not difference(*lists, ignored=("spec.tolerations[*].key",)).detailedDiff


def replaced(value: dict[str, Any], path: tuple[str, ...], new: Any) -> dict[str, Any]:
    if len(path) == 1:
        return {**value, path[0]: new}
    return {**value, path[0]: replaced(value[path[0]], path[1:], new)}
