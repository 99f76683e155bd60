from __future__ import annotations

import re
from typing import Any

import pytest

from tests.apps.samples import cron, web, worker
from tests.harness import Graph, build_apps


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


def _seen_inside(graph: Graph) -> dict[str, str]:
    """The variables of the app's container as a kubelet makes them: first those of `envFrom`, then `env` in order."""
    container = graph.pod("it")["spec"]["containers"][0]
    data = {made.object_name: made.props["data"] for made in graph.all("ConfigMap")}
    seen: dict[str, str] = {}
    for source in container.get("envFrom", []):
        seen |= data[source["configMapRef"]["name"]]
    for variable in container.get("env", []):
        value = variable.get("value", "<known at run time>")
        seen[variable["name"]] = re.sub(
            r"\$\$|\$\(([^)]*)\)", lambda found: seen.get(found[1], found[0]) if found[1] else "$", value
        )
    return seen


def test_a_reference_is_expanded_whatever_it_refers_to_and_in_whatever_order_it_is_written() -> None:
    env = {
        "URL": "http://$(HOST):$(PORT)/",
        "AUTHORITY": "$(HOST):$(PORT)",
        "HOST": "$(IP)",
        "PORT": 8080,
        "IP": {"field": "status.podIP"},
        "DSN": "user=app password=$(PASSWORD)",
        "API": "$(KUBERNETES_SERVICE_HOST)",
    }
    secrets = {"db": {"ref": "db/password", "env": "PASSWORD"}}
    seen = _seen_inside(build_apps({"it": web(env=env, secrets=secrets)}))
    assert seen["URL"] == "http://<known at run time>:8080/"
    assert seen["DSN"] == "user=app password=<known at run time>"
    assert seen["API"] == "$(KUBERNETES_SERVICE_HOST)", "set by Kubernetes itself, which this test does not play"
    reordered = dict(reversed(list(env.items())))
    assert build_apps({"it": web(env=reordered, secrets=secrets)}).pod("it") == build_apps(
        {"it": web(env=env, secrets=secrets)}
    ).pod("it")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$$(NAME)", "$(NAME)"),
        ("cost: 5$$", "cost: 5$"),
        ("$(date +%s)", "$(date +%s)"),
        ("$HOME $(", "$HOME $("),
        ("$${HOME}", "${HOME}"),
    ],
)
def test_what_is_no_reference_arrives_as_kubernetes_has_it(text: str, value: str) -> None:
    assert _seen_inside(build_apps({"it": web(env={"TEXT": text, "NAME": "x"})}))["TEXT"] == value


def test_a_changed_reference_or_what_it_refers_to_rolls_the_pods() -> None:
    before = build_apps({"it": web(env={"A": "$(B)", "B": "1"})}).pod("it")
    assert build_apps({"it": web(env={"A": "$(B)", "B": "2"})}).pod("it") != before
    assert build_apps({"it": web(env={"A": "$(B)$(B)", "B": "1"})}).pod("it") != before


def test_a_variable_may_have_dots_in_its_name() -> None:
    env = {"discovery.type": "single-node", "xpack.url": "$(discovery.type)"}
    assert _seen_inside(build_apps({"it": web(env=env)})) == {
        "discovery.type": "single-node",
        "xpack.url": "single-node",
    }
