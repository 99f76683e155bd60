"""What an update says of the data of a stateful app's replicas, from the state of the update before."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest

from tests.apps.samples import IMAGE, worker
from tests.harness import build_apps


def log_of(app: dict[str, Any] | None, *, policy: str = "Retain", namespace: str = "apps") -> list[str]:
    """Build the stack with `app` in the place of one of three replicas with 5Gi each."""
    template = {"metadata": {"name": "volume-data"}, "spec": {"resources": {"requests": {"storage": "5Gi"}}}}
    spec = {
        "replicas": 3,
        "podManagementPolicy": "OrderedReady",
        "volumeClaimTemplates": [template],
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": policy, "whenScaled": policy},
    }
    outputs = {"metadata": {"name": "db", "namespace": namespace}, "spec": spec}
    made = {"type": "kubernetes:apps/v1:StatefulSet", "outputs": outputs}
    return build_apps({"web": worker()} if app is None else {"db": app}, state={"urn": made}).log


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
    with pytest.raises(pulumi.RunError, match=re.escape(line)):
        log_of(app)
