"""What an update says of data, from the state of the update before."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.settings.problems import SettingsError
from tests.apps.samples import worker
from tests.harness import Graph, build_apps


def claim(name: str = "db.data", *, data: str | None = "kept", size: str = "5Gi", **spec: Any) -> dict[str, Any]:
    annotations = {} if data is None else {"nightowl/data": data}
    return {
        "type": "kubernetes:core/v1:PersistentVolumeClaim",
        "outputs": {
            "metadata": {"name": name, "namespace": "apps", "annotations": annotations},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec},
        },
    }


def built(*state: dict[str, Any], app: str = "db", **volume: Any) -> Graph:
    volumes = {"data": {"mount": "/data", "size": "5Gi", "kind": "persistent", **volume}} if volume else {}
    return build_apps(
        {app: worker(replicas=1, volumes=volumes)}, state={f"urn{index}": one for index, one in enumerate(state)}
    )


def test_data_that_leaves_the_stack_file_is_kept_and_the_update_says_how_to_get_it_back() -> None:
    assert built(claim()).log == [
        "the data of 5Gi in claim db.data will be kept: a volume with `was: db.data` has it again, and "
        "`kubectl -n apps delete pvc db.data` deletes it"
    ]


def test_data_that_was_given_up_is_deleted_and_the_update_says_so() -> None:
    assert built(claim(data="deleted")).log == [
        "the data of 5Gi in claim db.data will be deleted, as its volume said keep: false"
    ]


def test_nothing_is_said_of_data_that_moves_with_a_renamed_app() -> None:
    assert not built(claim(), app="database", was="db").log


def test_an_update_says_where_it_knows_nothing_of_the_data_that_a_volume_is_to_find() -> None:
    assert [line for line in built(claim("other.data"), was="typo").log if "typo" in line] == [
        "nightowl:apps.db.volumes.data.was: this stack has no claim typo.data; unless the namespace has one that was "
        "kept, the volume begins empty"
    ]
    assert not built(was="typo").log, "a new stack takes over what an earlier one kept"


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (claim(data=None), {}, "claim db.data of namespace apps: its data of 5Gi would be deleted, as a release without"),
    (claim(), {"size": "4Gi"}, "nightowl:apps.db.volumes.data.size: 4Gi is less than the 5Gi that the volume has"),
    (
        claim(storageClassName="slow"),
        {"storageClass": "fast"},
        "nightowl:apps.db.volumes.data.storageClass: the volume is of class slow for good; write slow",
    ),
    (claim(), {"shared": True}, "nightowl:apps.db.volumes.data.shared: a volume is shared or not for good; write fal"),
]


@pytest.mark.parametrize(("state", "volume", "line"), REFUSED, ids=["unannounced", "smaller", "class", "shared"])
def test_what_would_lose_data_or_cannot_change_is_refused(
    state: dict[str, Any], volume: dict[str, Any], line: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(line)):
        built(state, **volume)


def test_a_claim_that_an_update_would_delete_is_not_mounted_as_one_of_somebody_else() -> None:
    line = "nightowl:apps.db.volumes.data.claim: db.data would be deleted, as its volume said keep: false; update with"
    volumes = {"data": {"mount": "/data", "claim": "db.data"}}

    def update(data: str) -> Graph:
        return build_apps({"db": worker(replicas=1, volumes=volumes)}, state={"urn": claim(data=data)})

    with pytest.raises(SettingsError, match=re.escape(line)):
        update("deleted")
    assert "the data of 5Gi in claim db.data will be kept" in update("kept").log[0]


def test_a_namespace_that_ever_held_kept_data_outlives_the_stack() -> None:
    namespace = {
        "type": "kubernetes:core/v1:Namespace",
        "outputs": {"metadata": {"name": "apps", "annotations": {"nightowl/data": "kept"}}},
    }
    assert built(namespace).only("Namespace").retain_on_delete
    assert not built().only("Namespace").retain_on_delete
