from __future__ import annotations

from infra.apps.volumes import TMP_PATH
from tests.apps.samples import web, worker
from tests.harness import build_apps


def test_a_scratch_folder_is_bounded_and_dies_with_the_pod() -> None:
    spec = build_apps({"it": web(volumes={"cache": {"mount": "/var/cache", "size": "32Mi"}})}).pod("it")["spec"]
    mount = next(mount for mount in spec["containers"][0]["volumeMounts"] if mount["mountPath"] == "/var/cache")
    volume = next(volume for volume in spec["volumes"] if volume["name"] == mount["name"])
    assert volume["emptyDir"] == {"sizeLimit": "32Mi"}


def test_a_read_only_root_comes_with_a_small_tmp() -> None:
    spec = build_apps({"it": web()}).pod("it")["spec"]
    assert [mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]] == [TMP_PATH]
    assert spec["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]


def test_an_app_with_a_tmp_of_its_own_or_a_writable_root_gets_no_other() -> None:
    own = build_apps({"it": web(volumes={"tmp": {"mount": TMP_PATH, "size": "1Gi"}})}).pod("it")["spec"]
    assert own["volumes"] == [{"name": "volume-tmp", "emptyDir": {"sizeLimit": "1Gi"}}]
    writable = build_apps({"it": web(security={"readOnlyRoot": False})}).pod("it")["spec"]
    assert "volumes" not in writable


def test_a_persistent_volume_of_one_writer_is_let_go_before_the_new_pod_takes_it() -> None:
    data = {"mount": "/data", "size": "10Gi", "kind": "persistent", "storageClass": "fast"}
    graph = build_apps({"db": worker(replicas=1, volumes={"data": data})})
    claim = graph.one("PersistentVolumeClaim", "db.data")
    assert claim.props["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "10Gi"}},
    }
    deployment = graph.one("Deployment", "db")
    assert deployment.props["spec"]["strategy"] == {"type": "Recreate"}
    assert "PersistentVolumeClaim db.data" in graph.made_before(deployment)
    assert {"claimName": "db.data"} in [v.get("persistentVolumeClaim") for v in graph.pod("db")["spec"]["volumes"]]


def test_a_shared_persistent_volume_does_not_stop_a_rolling_update() -> None:
    data = {"mount": "/data", "size": "10Gi", "kind": "persistent", "shared": True}
    graph = build_apps({"it": web(volumes={"data": data})})
    assert graph.one("PersistentVolumeClaim", "it.data").props["spec"]["accessModes"] == ["ReadWriteMany"]
    assert graph.one("Deployment", "it").props["spec"]["strategy"]["type"] == "RollingUpdate"
