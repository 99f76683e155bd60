from __future__ import annotations

from typing import Any

import pytest

from infra.settings.problems import SettingsError
from tests.apps.samples import cron, settings_of, web, worker
from tests.harness import build_apps

PLACEMENT = {"labels": {"kubernetes.io/arch": "arm64", "team": "shop"}, "tolerate": ["gpu", "example.com/batch"]}


@pytest.mark.parametrize("kind", [web, worker, cron])
def test_pods_go_to_nodes_with_the_labels_and_past_the_taints(kind: Any) -> None:
    spec = build_apps({"it": kind(placement=PLACEMENT)}).pod("it")["spec"]
    assert spec["nodeSelector"] == {"kubernetes.io/arch": "arm64", "team": "shop"}
    added = [toleration for toleration in spec["tolerations"] if "effect" not in toleration]
    assert added == [{"key": "gpu", "operator": "Exists"}, {"key": "example.com/batch", "operator": "Exists"}]


def test_a_lost_node_is_still_left() -> None:
    spec = build_apps({"it": web(placement=PLACEMENT, availability={"evictAfter": "10s"})}).pod("it")["spec"]
    seconds = {one["key"]: one["tolerationSeconds"] for one in spec["tolerations"] if "tolerationSeconds" in one}
    assert seconds == {"node.kubernetes.io/not-ready": 10, "node.kubernetes.io/unreachable": 10}


def test_without_placement_any_node_without_taints_will_do() -> None:
    spec = build_apps({"it": web()}).pod("it")["spec"]
    assert "nodeSelector" not in spec
    assert all(toleration["key"].startswith("node.kubernetes.io/") for toleration in spec["tolerations"])


@pytest.mark.parametrize(
    ("placement", "line"),
    [
        ({"labels": {"-x": "y"}}, "labels.-x: '-x' is not the key of a label"),
        ({"labels": {"team": "a b"}}, "labels.team: 'a b' is not the value of a label"),
        ({"tolerate": ["a b"]}, "tolerate[0]: 'a b' is not the key of a label"),
        ({"tolerate": ["gpu", "gpu"]}, "tolerate: a list names gpu more than once"),
        (
            {"tolerate": ["node.kubernetes.io/unreachable"]},
            "tolerate[0]: 'node.kubernetes.io/unreachable' says that a node is ill, and would keep the app there; see",
        ),
        ({"taints": ["gpu"]}, "taints: unknown key"),
    ],
)
def test_a_placement_that_kubernetes_would_refuse_is_refused(placement: dict[str, Any], line: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_of(it=web(placement=placement))
    assert str(refused.value).startswith(f"nightowl:apps.it.placement.{line}")
