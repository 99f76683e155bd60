from typing import Any

import pytest

from infra.local.standin.api import Cluster, RefusedError, Reply, UnknownKindError
from infra.local.standin.apply import FieldConflictError, apply, merged_ownership, take_over
from infra.local.standin.objects import ref_of
from tests.local.standin_cluster import FakeServer, Request, refused

MANAGER = "pulumi-kubernetes-0a1b2c3d"
WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {}}
WEB_PATH = "/apis/apps/v1/namespaces/shop/deployments/web"


def conflict_with(*owners: str) -> Reply:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "{owner}" using apps/v1',
            "field": ".spec.replicas",
        }
        for owner in owners
    ]
    return refused(409, "Conflict", "Apply failed", causes=causes)


def entry(manager: str, operation: str, *fields: str, **more: str) -> dict[str, Any]:
    owned = {"f:spec": {f"f:{field}": {} for field in fields}}
    return {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": owned, **more}


def test_objects_are_applied_on_the_server_by_the_stacks_manager():
    server = FakeServer()
    apply(Cluster(server), WEB, ref_of(WEB), manager=MANAGER)
    sent = server.sent("PATCH")[0]

    assert sent.path == WEB_PATH
    assert sent.content_type == "application/apply-patch+yaml"
    assert sent.query == {"fieldManager": MANAGER, "force": "false", "fieldValidation": "Strict"}


def test_a_conflict_names_the_field_its_owner_and_the_remedy():
    server = FakeServer(on_apply=lambda _: conflict_with("kube-controller-manager"))

    with pytest.raises(FieldConflictError) as caught:
        apply(Cluster(server), WEB, ref_of(WEB), manager=MANAGER)

    text = str(caught.value)
    assert "Deployment shop/web" in text
    assert '.spec.replicas (conflict with "kube-controller-manager"' in text
    assert "pulumi.com/patchForce" in text


def test_the_force_annotation_takes_fields_from_others():
    server = FakeServer()
    forced = {**WEB, "metadata": {**WEB["metadata"], "annotations": {"pulumi.com/patchForce": "true"}}}
    apply(Cluster(server), forced, ref_of(forced), manager=MANAGER)

    assert server.sent("PATCH")[0].query["force"] == "true"


def test_a_dry_run_looks_past_hand_edits_because_the_update_takes_them_over():
    def answer(request: Request) -> Reply | None:
        return None if request.query["force"] == "true" else conflict_with("kubectl-edit")

    server = FakeServer(on_apply=answer)
    apply(Cluster(server), WEB, ref_of(WEB), manager=MANAGER, dry_run=True)

    assert [request.query["dryRun"] for request in server.sent("PATCH")] == ["All", "All"]


def test_a_dry_run_does_not_look_past_a_controllers_fields():
    server = FakeServer(on_apply=lambda _: conflict_with("kubectl-edit", "kube-controller-manager"))

    with pytest.raises(FieldConflictError):
        apply(Cluster(server), WEB, ref_of(WEB), manager=MANAGER, dry_run=True)


def test_a_conflict_of_another_sort_keeps_the_servers_words():
    server = FakeServer(on_apply=lambda _: refused(409, "Conflict", "the object has been modified"))

    with pytest.raises(RefusedError, match="Deployment shop/web: Conflict: the object has been modified"):
        apply(Cluster(server), WEB, ref_of(WEB), manager=MANAGER)


def test_the_program_takes_over_what_kubectl_edited():
    entries = [entry(MANAGER, "Apply", "selector"), entry("kubectl-edit", "Update", "replicas")]

    assert merged_ownership(entries, manager=MANAGER, api_version="apps/v1") == [
        entry(MANAGER, "Apply", "replicas", "selector")
    ]


def test_the_fields_of_controllers_and_of_status_are_left_alone():
    entries = [
        entry(MANAGER, "Apply", "selector"),
        entry("kube-controller-manager", "Update", "replicas", subresource="scale"),
        entry("kubectl-edit", "Update", "conditions", subresource="status"),
        entry("pulumi-kubernetes-ffffffff", "Apply", "paused"),
    ]

    assert merged_ownership(entries, manager=MANAGER, api_version="apps/v1") == entries


def test_taking_over_is_refused_by_the_server_if_the_object_changed_in_between():
    live = {**WEB, "metadata": {**WEB["metadata"], "resourceVersion": "7"}}
    live["metadata"]["managedFields"] = [entry("kubectl-edit", "Update", "replicas")]
    server = FakeServer(objects={WEB_PATH: live})
    take_over(Cluster(server), live, manager=MANAGER)
    operations = server.sent("PATCH")[0].body

    assert {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"} in operations


def test_nothing_is_sent_where_there_is_nothing_to_take_over():
    server = FakeServer()
    take_over(Cluster(server), {**WEB, "metadata": {"managedFields": [entry(MANAGER, "Apply", "a")]}}, manager=MANAGER)

    assert not server.requests


def test_a_kind_that_is_not_served_is_named_and_looked_for_again_next_time():
    cluster = Cluster(server := FakeServer())

    for _ in range(2):
        with pytest.raises(UnknownKindError, match=r"does not serve kind Certificate of acme\.org/v1"):
            cluster.served("acme.org/v1", "Certificate")
    assert len(server.requests) == 2


def test_discovery_asks_once_for_a_kind_that_exists():
    cluster = Cluster(server := FakeServer())

    assert cluster.served("apps/v1", "Deployment") == cluster.served("apps/v1", "Deployment")
    assert len(server.requests) == 1
