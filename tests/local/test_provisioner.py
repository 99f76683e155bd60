"""The volumes of the local cluster, as the control plane asks for them."""

from __future__ import annotations

from typing import Any

from infra.local.cluster.provisioner import PROVISIONED_BY, PROVISIONER, WANTED, growth, is_let_go, wanted_volume


def claim(*, size: str = "5Gi", asked: bool = True, **more: Any) -> dict[str, Any]:
    annotations = {WANTED: PROVISIONER} if asked else {}
    spec = {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": size}},
        "storageClassName": "local",
    }
    metadata = {"name": "db.data", "namespace": "apps", "uid": "1a2b", "annotations": annotations}
    return {"metadata": metadata, "spec": {**spec, **more.pop("spec", {})}, **more}


def test_a_claim_gets_a_volume_of_its_own_when_the_control_plane_asks_for_it() -> None:
    volume = wanted_volume(claim(), "Retain")
    assert volume is not None
    assert volume["metadata"] == {"name": "pvc-1a2b", "annotations": {PROVISIONED_BY: PROVISIONER}}
    assert volume["spec"]["claimRef"]["uid"] == "1a2b"
    assert volume["spec"]["capacity"] == {"storage": "5Gi"}
    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


def test_a_claim_waits_while_its_class_waits_for_a_pod_and_gets_no_second_volume() -> None:
    assert wanted_volume(claim(asked=False), "Delete") is None
    assert wanted_volume(claim(spec={"volumeName": "pvc-1a2b"}), "Delete") is None


def test_a_claim_that_asks_for_more_gets_it() -> None:
    assert growth(claim(size="6Gi", status={"capacity": {"storage": "5Gi"}})) == {"storage": "6Gi"}
    assert growth(claim(status={"capacity": {"storage": "5Gi"}})) is None
    assert growth(claim(status={})) is None


def test_a_volume_goes_with_its_claim_unless_its_class_retains_it() -> None:
    def volume(policy: str, phase: str) -> dict[str, Any]:
        annotations = {PROVISIONED_BY: PROVISIONER}
        spec = {"persistentVolumeReclaimPolicy": policy}
        return {"metadata": {"annotations": annotations}, "spec": spec, "status": {"phase": phase}}

    assert is_let_go(volume("Delete", "Released"))
    assert not is_let_go(volume("Retain", "Released"))
    assert not is_let_go(volume("Delete", "Bound"))
