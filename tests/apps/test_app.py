"""What holds between the objects of an app."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apps.samples import cron, web, worker
from tests.harness import Graph, build_apps

PERSISTENT = {"mount": "/data", "size": "1Gi", "kind": "persistent"}
APPS = {
    "web": web(
        env={"A": "1"},
        files={"/etc/a": "1"},
        traffic={"host": "a.example.com"},
        availability={"priority": "high"},
        sidecars={"proxy": {"command": ["proxy"], "env": {"B": "1"}}},
    ),
    "worker": worker(allowTo=["web"], replicas=1, volumes={"data": PERSISTENT}),
    "nightly": cron(env={"A": "1"}),
}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return build_apps(APPS, platform={"ingress": {"className": "nginx", "namespace": "ingress-nginx"}})


def _selectors(graph: Graph) -> list[tuple[str, str, dict[str, str]]]:
    """Object, app and labels of all that chooses pods."""
    found = []
    for made in graph.objects():
        spec: dict[str, Any] = made.props.get("spec", {})
        if made.kind == "Service":
            found.append((made.kind, made.name, spec["selector"]))
        if made.kind in {"Deployment", "PodDisruptionBudget"}:
            found.append((made.kind, made.name, spec["selector"]["matchLabels"]))
        if made.kind == "NetworkPolicy" and "matchLabels" in spec["podSelector"]:
            found.append((made.kind, made.name, spec["podSelector"]["matchLabels"]))
        if made.kind == "Deployment":
            constraints = spec["template"]["spec"]["topologySpreadConstraints"]
            found += [("spread", made.name, c["labelSelector"]["matchLabels"]) for c in constraints]
    return found


def test_every_selector_chooses_the_pods_of_its_app_and_of_no_other(graph: Graph) -> None:
    labels = {app: graph.pod(app)["metadata"]["labels"] for app in APPS}
    selectors = _selectors(graph)
    assert {kind for kind, _, _ in selectors} == {
        "Service", "Deployment", "PodDisruptionBudget", "NetworkPolicy", "spread",
    }  # fmt: skip
    for kind, app, selector in selectors:
        chosen = [name for name in APPS if selector.items() <= labels[name].items()]
        assert chosen == [app], f"{kind} {app}"


def test_the_autoscaler_points_at_its_deployment(graph: Graph) -> None:
    target = graph.one("HorizontalPodAutoscaler", "web").props["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert graph.one("Deployment", "web").object_name == "web"


@pytest.mark.parametrize("app", APPS)
def test_no_pod_runs_before_what_governs_it(graph: Graph, app: str) -> None:
    workload = graph.one("CronJob" if app == "nightly" else "Deployment", app)
    before = graph.made_before(workload)
    assert {
        "Namespace namespace",
        "NetworkPolicy namespace.default-deny",
        "NetworkPolicy namespace.allow-dns",
        "LimitRange namespace",
        "ResourceQuota namespace",
        f"NetworkPolicy {app}",
        f"ServiceAccount {app}",
    } <= before
    own = {
        f"{made.kind} {made.name}" for made in graph.objects() if made.kind in {"ConfigMap", "PersistentVolumeClaim"}
    }
    assert {name for name in own if name.split()[1].startswith((f"{app}-", f"{app}."))} <= before


def test_nothing_waits_for_the_deployment(graph: Graph) -> None:
    for kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget", "Service", "Ingress"):
        assert "Deployment web" not in graph.made_before(graph.one(kind, "web"))


def test_all_objects_of_an_app_carry_its_labels(graph: Graph) -> None:
    for made in graph.objects():
        labels = made.props["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "nightowl"
        assert labels["app.kubernetes.io/managed-by"] == "pulumi"
    assert graph.one("Service", "web").props["metadata"]["labels"]["app.kubernetes.io/name"] == "web"


def test_names_of_apps_and_helpers_never_collide() -> None:
    helper = {"command": ["x"], "env": {"A": "1"}, "files": {"/x": "1"}}
    volume = {"mount": "/data", "size": "1Gi", "kind": "persistent", "shared": True}
    graph = build_apps(
        {
            "a": web(init={"b": helper, "env": helper}, env={"A": "1"}, volumes={"b-c": volume}),
            "a-b": web(env={"A": "1"}, files={"/x": "1"}, volumes={"c": volume}),
            "a-env": web(env={"A": "1"}),
            "dns": web(),
            "default-deny": web(),
            "namespace": web(),
        }
    )
    named = [(made.kind, made.object_name) for made in graph.objects()]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    "change",
    [
        {"env": {"A": "2"}},
        {"files": {"/etc/a": "2"}},
        {"sidecars": {"proxy": {"command": ["proxy"], "env": {"B": "2"}}}},
        {"sidecars": {"proxy": {"command": ["proxy"], "files": {"/etc/b": "2"}}}},
        {"image": "registry.example.com/app:2.0.0", "port": 8081, "traffic": {"host": "b.example.com"}},
        {"replicas": 4, "availability": {"priority": "low"}, "rollout": {"surge": "50%"}},
    ],
)
def test_no_change_of_an_app_renames_an_object_under_the_resource_that_it_had(
    graph: Graph, change: dict[str, Any]
) -> None:
    # A failed update leaves such an object waiting for its deletion, in the way of the file before it.
    before = {(made.parent, made.type, made.name): made.object_name for made in graph.objects()}
    changed = build_apps(
        {**APPS, "web": {**APPS["web"], **change}},
        platform={"ingress": {"className": "nginx", "namespace": "ingress-nginx"}},
    )
    after = {(made.parent, made.type, made.name): made.object_name for made in changed.objects()}
    kept = before.keys() & after.keys()
    assert {key: before[key] for key in kept} == {key: after[key] for key in kept}
