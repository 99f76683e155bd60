"""What a person added to our objects, as the API server records it."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from infra.labels import NIGHTOWL_SELECTOR
from infra.local.hand_edits import HandEdit, edits_of, find_hand_edits
from tests.local.fake_api_server import serving

Json = dict[str, Any]
CONTAINER = 'k:{"name":"web"}'


def in_container(fields: Json) -> Json:
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": {CONTAINER: {".": {}, "f:name": {}, **fields}}}}}}


def env(*names: str) -> Json:
    return {"f:env": {".": {}, **{f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}, "f:value": {}} for name in names}}}


def managed(manager: str, fields: Json, *, subresource: str = "") -> Json:
    entry = {"manager": manager, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}
    return {**entry, **({"subresource": subresource} if subresource else {})}


def deployment(*entries: Json) -> Json:
    variables = [{"name": "GREETING", "value": "hello"}, {"name": "DEBUG", "value": "1"}]
    return {
        "metadata": {
            "name": "web",
            "namespace": "apps",
            "annotations": {"example.com/owner": "me"},
            "managedFields": [managed("pulumi-kubernetes-1a2b", in_container(env("GREETING"))), *entries],
        },
        "spec": {
            "replicas": 3,
            "template": {
                "metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}},
                "spec": {"containers": [{"name": "web", "env": variables}]},
            },
        },
    }


def removed(item: Json, edit: HandEdit) -> Json:
    """The object after the command's patch, which first makes sure that it removes what was found."""
    words = shlex.split(edit.command)
    assert words[:6] == ["kubectl", "-n", "apps", "patch", "deployment", "web"]
    *tests, operation = json.loads(words[-1])
    assert operation["op"] == "remove"
    assert all(test["op"] == "test" and test["path"].startswith(f"{operation['path']}/") for test in tests)
    *parents, last = [part.replace("~1", "/") for part in operation["path"].split("/")[1:]]
    found: Any = item
    for part in parents:
        found = found[int(part)] if isinstance(found, list) else found[part]
    key = int(last) if isinstance(found, list) else last
    assert all(found[key][test["path"].rpartition("/")[2]] == test["value"] for test in tests)
    del found[key]
    return item


def test_a_variable_added_by_hand_is_named_and_its_command_removes_it_alone():
    item = deployment(managed("kubectl-set", in_container(env("DEBUG"))))

    (edit,) = edits_of(item, "deployment")

    assert edit.field == "spec.template.spec.containers[web].env[DEBUG]"
    assert edit.manager == "kubectl-set"
    after = removed(item, edit)
    assert after["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "GREETING", "value": "hello"}]


def test_an_annotation_added_by_hand_is_named_with_its_key():
    fields = {"f:metadata": {"f:annotations": {".": {}, "f:example.com/owner": {}}}}
    item = deployment(managed("kubectl-annotate", fields))
    item["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"] = {"f:annotations": {}}

    (edit,) = edits_of(item, "deployment")

    assert edit.field == "metadata.annotations[example.com/owner]"
    assert removed(item, edit)["metadata"]["annotations"] == {}


def test_a_field_that_the_stack_has_too_is_set_back_by_an_update_and_not_told():
    assert list(edits_of(deployment(managed("kubectl-edit", in_container(env("GREETING")))), "deployment")) == []


@pytest.mark.parametrize(
    ("manager", "fields", "subresource"),
    [
        ("kube-controller-manager", {"f:metadata": {"f:annotations": {"f:example.com/owner": {}}}}, ""),
        ("kubectl", {"f:spec": {"f:replicas": {}}}, "scale"),
        (
            "kubectl-rollout",
            {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}}}},
            "",
        ),
    ],
    ids=["a controller's own", "the count of replicas", "a restart"],
)
def test_what_is_meant_to_be_there_is_not_told(manager: str, fields: Json, subresource: str):
    item = deployment(managed(manager, fields, subresource=subresource))
    ours = item["metadata"]["managedFields"][0]["fieldsV1"]
    ours["f:spec"]["f:template"]["f:metadata"] = {"f:labels": {"f:app.kubernetes.io/name": {}}}
    assert list(edits_of(item, "deployment")) == []


def test_a_command_whose_index_is_another_element_by_now_takes_nothing_away():
    item = deployment(managed("kubectl-set", in_container(env("DEBUG"))))
    (edit,) = edits_of(item, "deployment")
    item["spec"]["template"]["spec"]["containers"][0]["env"].reverse()
    with pytest.raises(AssertionError):
        removed(item, edit)


def test_a_field_that_is_gone_again_is_not_told():
    item = deployment(managed("kubectl-set", in_container(env("GONE"))))
    assert list(edits_of(item, "deployment")) == []


def test_an_object_that_is_not_ours_is_not_judged():
    item = deployment(managed("kubectl-set", in_container(env("DEBUG"))))
    item["metadata"]["managedFields"].pop(0)
    assert list(edits_of(item, "deployment")) == []


def test_the_objects_of_the_namespace_are_looked_at():
    assert NIGHTOWL_SELECTOR
    item = deployment(managed("kubectl-edit", in_container(env("DEBUG"))))
    with serving({"/apis/apps/v1/namespaces/apps/deployments": {"items": [item]}}) as api:
        (edit,) = find_hand_edits(api, "apps")
    assert str(edit).startswith(
        "deployment web: spec.template.spec.containers[web].env[DEBUG], added with kubectl-edit; "
    )
