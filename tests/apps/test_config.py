from __future__ import annotations

import re
from typing import Any

import pytest

from tests.apps.samples import cron, web, worker
from tests.harness import build_apps


def _container(app: dict[str, Any]) -> dict[str, Any]:
    return build_apps({"it": app}).pod("it")["spec"]["containers"][0]


def test_variables_come_from_an_immutable_config_map_named_by_its_content() -> None:
    graph = build_apps({"it": web(env={"GREETING": "hello", "LEVEL": 3})})
    config_map = graph.only("ConfigMap")
    assert re.fullmatch(r"it-env-[0-9a-f]{8}", config_map.object_name)
    assert config_map.props["immutable"] is True
    assert config_map.props["data"] == {"GREETING": "hello", "LEVEL": "3"}
    container = graph.pod("it")["spec"]["containers"][0]
    assert container["envFrom"] == [{"configMapRef": {"name": config_map.object_name}}]


@pytest.mark.parametrize("app", [web, worker, cron])
@pytest.mark.parametrize("key", ["env", "files"])
def test_a_changed_value_changes_the_config_map_and_the_pod_template(app: Any, key: str) -> None:
    name = {"env": "LEVEL", "files": "/etc/app/level"}[key]
    before, after = (build_apps({"it": app(**{key: {name: value}})}) for value in ("info", "debug"))
    assert before.only("ConfigMap").object_name != after.only("ConfigMap").object_name
    assert before.pod("it") != after.pod("it")


def test_the_order_of_keys_changes_nothing() -> None:
    one, other = (build_apps({"it": web(env=env)}) for env in ({"A": "1", "B": "2"}, {"B": "2", "A": "1"}))
    assert one.pod("it") == other.pod("it")


def test_a_file_is_mounted_read_only_at_its_path_and_hides_no_other() -> None:
    graph = build_apps({"it": web(files={"/etc/app/a b.conf": "one", "/opt/a b.conf": "two"})})
    data = graph.only("ConfigMap").props["data"]
    spec = graph.pod("it")["spec"]
    mounts = {mount["mountPath"]: mount for mount in spec["containers"][0]["volumeMounts"]}
    for path, content in {"/etc/app/a b.conf": "one", "/opt/a b.conf": "two"}.items():
        assert mounts[path]["readOnly"] is True
        assert data[mounts[path]["subPath"]] == content
    volume = next(volume for volume in spec["volumes"] if volume["name"] == mounts["/opt/a b.conf"]["name"])
    assert volume["configMap"]["name"] == graph.only("ConfigMap").object_name
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]+", key) for key in data)


def test_a_value_of_the_pod_itself_is_read_where_the_pod_runs() -> None:
    env = {"IP": {"field": "status.podIP"}, "GOMEMLIMIT": {"resource": "limits.memory"}}
    container = _container(web(env=env))
    sources = {variable["name"]: variable["valueFrom"] for variable in container["env"]}
    assert sources["IP"]["fieldRef"]["fieldPath"] == "status.podIP"
    assert sources["GOMEMLIMIT"]["resourceFieldRef"]["resource"] == "limits.memory"
    assert "envFrom" not in container


def test_an_app_without_configuration_has_no_config_map() -> None:
    assert build_apps({"it": web()}).all("ConfigMap") == []


def test_no_two_containers_of_a_stack_share_a_config_map() -> None:
    proxy = {"command": ["proxy"], "env": {"A": "1"}}
    graph = build_apps({"a": web(sidecars={"b": proxy}), "a-b": web(env={"A": "1"})})
    names = [made.object_name for made in graph.all("ConfigMap")]
    assert len(names) == len(set(names)) == 2
