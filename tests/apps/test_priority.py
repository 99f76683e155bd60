from __future__ import annotations

from tests.apps.samples import web, worker
from tests.harness import build_apps


def test_a_class_is_made_once_for_all_apps_of_a_level_and_carries_the_namespace() -> None:
    high = {"priority": "high"}
    graph = build_apps({"a": web(availability=high), "b": worker(availability=high)}, namespace={"name": "shop"})
    assert [made.object_name for made in graph.all("PriorityClass")] == ["shop-high"]
    assert graph.pod("a")["spec"]["priorityClassName"] == graph.pod("b")["spec"]["priorityClassName"] == "shop-high"
    assert "PriorityClass priority-high" in graph.made_before(graph.one("Deployment", "a"))


def test_the_lowest_priority_still_gets_nodes_from_the_autoscaler() -> None:
    graph = build_apps({"a": web(availability={"priority": "low"})})
    assert -10 <= graph.one("PriorityClass", "priority-low").props["value"] < 0


def test_a_normal_app_needs_no_class() -> None:
    graph = build_apps({"a": web()})
    assert graph.all("PriorityClass") == []
    assert "priorityClassName" not in graph.pod("a")["spec"]
