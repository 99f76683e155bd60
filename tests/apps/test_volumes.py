from __future__ import annotations

from typing import Any

import pytest

from infra.apps.volumes import TMP_PATH
from tests.apps.samples import web, worker
from tests.harness import Graph, build_apps


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


def _data(**keys: Any) -> dict[str, Any]:
    return {"data": {"mount": "/data", "size": "5Gi", "kind": "persistent", **keys}}


def test_data_and_the_namespace_that_holds_it_outlive_app_and_stack_and_are_found_again() -> None:
    graph = build_apps({"db": worker(replicas=1, volumes=_data())})
    claim, namespace = graph.one("PersistentVolumeClaim", "db.data"), graph.only("Namespace")
    for made in (claim, namespace):
        assert made.retain_on_delete
        assert made.props["metadata"]["annotations"]["nightowl/data"] == "kept"
        # Only this provider takes over what is in the cluster already.
        assert "cluster-adopting" in made.provider
    assert "cluster-adopting" not in graph.one("Deployment", "db").provider
    assert claim.ignore_changes == ["spec.storageClassName"]


def test_data_that_is_not_kept_goes_with_the_app() -> None:
    graph = build_apps({"db": worker(replicas=1, volumes=_data(keep=False))})
    claim = graph.one("PersistentVolumeClaim", "db.data")
    assert not claim.retain_on_delete
    assert claim.props["metadata"]["annotations"]["nightowl/data"] == "deleted"
    assert not graph.only("Namespace").retain_on_delete


@pytest.mark.parametrize(("app", "volume", "was"), [("database", "data", "db"), ("db", "files", "db.data")])
def test_a_renamed_app_or_volume_keeps_its_claim_and_the_place_of_it_in_the_state(
    app: str, volume: str, was: str
) -> None:
    graph = build_apps({app: worker(replicas=1, volumes={volume: _data(was=was)["data"]})})
    claim = graph.only("PersistentVolumeClaim")
    assert claim.object_name == "db.data"
    assert claim.aliases == [("db.data", "urn:pulumi:test::nightowl::nightowl:apps:App::db")]
    assert _mounted(graph, app) == ["db.data"]


@pytest.mark.parametrize(
    ("apps", "volume", "former"),
    [(["database"], {}, ["db"]), (["database", "db"], {}, []), (["database"], {"shared": True}, [])],
    ids=["renamed", "the other app stays", "several pods may have it"],
)
def test_the_pods_that_had_the_data_of_a_renamed_app_are_gone_before_the_new_ones_start(
    apps: list[str], volume: dict[str, Any], former: list[str]
) -> None:
    volumes = {"data": _data(was="db", **volume)["data"]}
    graph = build_apps({app: worker(replicas=1, volumes=volumes if app == "database" else {}) for app in apps})
    deployment = graph.one("Deployment", "database")
    # The SDK adds those of older versions of the API, without a name.
    places = [(app, f"urn:pulumi:test::nightowl::nightowl:apps:App::{app}") for app in former]
    assert [alias for alias in deployment.aliases if alias[0]] == places
    assert deployment.deleted_first is bool(former)


def test_a_claim_of_somebody_else_is_mounted_and_none_is_made() -> None:
    graph = build_apps({"it": worker(replicas=1, volumes={"data": {"mount": "/data", "claim": "theirs"}})})
    assert not graph.all("PersistentVolumeClaim")
    assert _mounted(graph, "it") == ["theirs"]
    assert graph.one("Deployment", "it").props["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize("source", ["n8n", "n8n.data"])
def test_apps_share_one_volume(source: str) -> None:
    worker_volumes = {"files": {"mount": "/files", "from": source}}
    graph = build_apps({"n8n": web(volumes=_data(shared=True)), "run": worker(volumes=worker_volumes)})
    assert [made.name for made in graph.all("PersistentVolumeClaim")] == ["n8n.data"]
    assert _mounted(graph, "n8n") == _mounted(graph, "run") == ["n8n.data"]
    assert graph.one("Deployment", "run").props["spec"]["strategy"]["type"] == "RollingUpdate"


def test_a_claim_that_several_may_have_is_mounted_by_several_apps_and_replicas() -> None:
    claim = {"data": {"mount": "/data", "claim": "theirs", "shared": True}}
    graph = build_apps({"web": web(volumes=claim), "run": worker(volumes=claim)})
    assert _mounted(graph, "web") == _mounted(graph, "run") == ["theirs"]
    assert graph.one("Deployment", "web").props["spec"]["strategy"]["type"] == "RollingUpdate"


def test_a_volume_that_an_app_only_reads_is_mounted_so_whatever_its_kind() -> None:
    volumes = {
        "own": {"mount": "/own", "size": "1Gi", "kind": "persistent", "readOnly": True},
        "theirs": {"mount": "/theirs", "claim": "theirs", "readOnly": True},
        "lent": {"mount": "/lent", "from": "web", "readOnly": True},
    }
    graph = build_apps({"web": web(volumes=_data(shared=True)), "it": worker(replicas=1, volumes=volumes)})
    spec = graph.pod("it")["spec"]
    read_only = {mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"] if mount.get("readOnly")}
    assert read_only == {"/own", "/theirs", "/lent"}
    claims = [one["persistentVolumeClaim"] for one in spec["volumes"] if "persistentVolumeClaim" in one]
    assert [claim["readOnly"] for claim in claims] == [True, True, True]
    [mount] = [one for one in graph.pod("web")["spec"]["containers"][0]["volumeMounts"] if one["mountPath"] == "/data"]
    assert "readOnly" not in mount


def _mounted(graph: Graph, app: str) -> list[str]:
    volumes = graph.pod(app)["spec"]["volumes"]
    return [one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one]


def test_writable_paths_are_scratch_space_of_64_mebibytes_or_their_size_in_every_container() -> None:
    app = web(writable=["/var/run/postgresql", {TMP_PATH: "1Gi"}], init={"first": {"command": ["first"]}})
    spec = build_apps({"it": app}).pod("it")["spec"]
    sizes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in spec["volumes"]}
    for container in [*spec["initContainers"], *spec["containers"]]:
        mounts = {mount["mountPath"]: sizes[mount["name"]] for mount in container["volumeMounts"]}
        assert mounts == {TMP_PATH: "1Gi", "/var/run/postgresql": "64Mi"}


def test_one_writable_path_needs_no_list() -> None:
    [volume] = build_apps({"it": web(writable=TMP_PATH)}).pod("it")["spec"]["volumes"]
    assert volume["emptyDir"] == {"sizeLimit": "64Mi"}


@pytest.mark.parametrize("kind", ["worker", "stateful"])
def test_a_folder_of_a_volume_is_mounted_instead_of_its_top_where_a_disk_has_lost_and_found(kind: str) -> None:
    apps = {"db": worker(kind=kind, replicas=1, ports={"sql": 3306}, volumes=_data(subPath="mysql"))}
    mounts = build_apps(apps).pod("db")["spec"]["containers"][0]["volumeMounts"]
    assert {"name": "volume-data", "mountPath": "/data", "subPath": "mysql"} in mounts
