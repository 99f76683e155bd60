"""What an update says of the data of a stateful app's replicas, from the state of the update before."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.settings.problems import SettingsError
from tests.apps.samples import IMAGE, worker
from tests.harness import build_apps


def log_of(
    app: dict[str, Any] | None, *, policy: str = "Retain", namespace: str = "apps", name: str = "db", replicas: int = 3
) -> list[str]:
    """Build the stack with `app` in the place of one of three replicas with 5Gi each."""
    template = {"metadata": {"name": "volume-data"}, "spec": {"resources": {"requests": {"storage": "5Gi"}}}}
    spec = {
        "replicas": replicas,
        "podManagementPolicy": "OrderedReady",
        "volumeClaimTemplates": [template],
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": policy, "whenScaled": policy},
    }
    outputs = {"metadata": {"name": "db", "namespace": namespace}, "spec": spec}
    made = {"type": "kubernetes:apps/v1:StatefulSet", "outputs": outputs}
    return build_apps({"web": worker()} if app is None else {name: app}, state={"urn": made}).log


def stateful(*, replicas: int = 3, start: str = "ordered", **volume: Any) -> dict[str, Any]:
    volumes = {"data": {"mount": "/d", "size": "5Gi", "kind": "persistent", **volume}}
    return {"kind": "stateful", "image": IMAGE, "replicas": replicas, "start": start, "volumes": volumes}


def kept(replica: int) -> str:
    claim = f"volume-data-db-{replica}"
    return (
        f"the data of 5Gi in claim {claim} will be kept: replica {replica} of db has it again, and "
        f"`kubectl -n apps delete pvc {claim}` deletes it"
    )


def deleted(replica: int) -> str:
    return f"the data of 5Gi in claim volume-data-db-{replica} will be deleted, as its volume said keep: false"


def test_the_data_of_an_app_that_leaves_the_stack_file_goes_as_it_was_said_before() -> None:
    assert log_of(None) == [kept(0), kept(1), kept(2)]
    assert log_of(None, policy="Delete") == [deleted(0), deleted(1), deleted(2)]
    assert log_of(worker()) == [kept(0), kept(1), kept(2)], "an app of another kind has none of these claims"


def test_the_data_of_replicas_that_go_is_treated_as_the_stack_file_says_now() -> None:
    assert log_of(stateful(replicas=1)) == [kept(1), kept(2)]
    assert log_of(stateful(replicas=2, keep=False)) == [deleted(2)]


def test_nothing_is_said_where_all_replicas_stay_or_are_of_another_namespace() -> None:
    assert log_of(stateful()) == log_of(stateful(replicas=5)) == log_of(None, namespace="other") == []


@pytest.mark.parametrize(
    ("app", "problem"),
    [
        (stateful(start="parallel"), "start: ordered is what the app was made with, for good"),
        (stateful(size="6Gi"), "volumes.data.size: 6Gi is not the 5Gi of the replicas' claims"),
        (stateful(storageClass="fast"), "volumes.data.storageClass: fast is not the class of the replicas' claims"),
        (
            {"kind": "stateful", "image": IMAGE},
            "volumes: data is missing, and the claims of a stateful app are given once",
        ),
    ],
    ids=["start", "size", "class", "missing"],
)
def test_what_kubernetes_takes_once_is_refused_with_the_way_around(app: dict[str, Any], problem: str) -> None:
    line = f"nightowl:apps.db.{problem}; write that again; or let the StatefulSet be made anew around its replicas"
    with pytest.raises(SettingsError, match=re.escape(line)):
        log_of(app)


def worker_with(**volume: Any) -> dict[str, Any]:
    return worker(replicas=1, volumes={"data": {"mount": "/d", **volume}})


def new(**keys: Any) -> dict[str, Any]:
    return worker_with(size="5Gi", kind="persistent", **keys)


@pytest.mark.parametrize(
    ("name", "app", "policy", "problem"),
    [
        ("db", new(), "Retain", "db.volumes.data.kind: the volume would be empty, as each replica of db had data of"),
        ("sql", new(was="db"), "Retain", "sql.volumes.data.was: the volume would be empty, as each replica of db had"),
        ("sql", worker_with(claim="volume-data-db-0"), "Delete", "sql.volumes.data.claim: volume-data-db-0 would be "),
        ("db", worker_with(claim="volume-data-db-2"), "Retain", "db.volumes.data.claim: db-2 still has volume-data-db"),
    ],
)
def test_the_data_of_a_replica_is_not_looked_for_where_it_is_not_nor_had_twice(
    name: str, app: dict[str, Any], policy: str, problem: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"nightowl:apps.{problem}")):
        log_of(app, name=name, policy=policy)


def test_the_data_of_a_replica_that_has_gone_goes_on_under_its_claim() -> None:
    assert log_of(worker_with(claim="volume-data-db-0"), replicas=0) == []


def test_an_app_does_not_become_stateful_around_empty_volumes() -> None:
    claim = {"metadata": {"name": "db.data", "namespace": "apps", "annotations": {"nightowl/data": "kept"}}}
    made = {"type": "kubernetes:core/v1:PersistentVolumeClaim", "outputs": claim}
    line = "nightowl:apps.db.volumes.data: each replica would begin with an empty volume, as the data is in claim db."
    with pytest.raises(SettingsError, match=re.escape(line)):
        build_apps({"db": stateful()}, state={"urn": made})
