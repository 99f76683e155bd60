from __future__ import annotations

import pytest

from infra.local.load import LoadError, find_app
from infra.local.status import AppStatus, ClusterStatus, ScalingStatus


def app(place: str, *, scales: bool = False) -> AppStatus:
    namespace, _, name = place.partition("/")
    scaling = ScalingStatus(minimum=1, maximum=3, metrics=()) if scales else None
    return AppStatus(
        name=name, namespace=namespace, kind="web", desired=1, ready=1, zones={}, scaling=scaling, schedule=None
    )


def cluster(*apps: AppStatus) -> ClusterStatus:
    return ClusterStatus(name="test", apps=apps, nodes=(), pending_pods=0)


def test_of_apps_with_one_name_the_one_with_an_autoscaler_is_meant() -> None:
    assert find_app(cluster(app("shop/web"), app("apps/web", scales=True)), "web").namespace == "apps"


def test_an_app_is_found_by_namespace_and_name() -> None:
    both = cluster(app("shop/web", scales=True), app("apps/web", scales=True))
    assert find_app(both, "shop/web").namespace == "shop"


def test_several_apps_with_one_name_are_named_with_their_namespaces() -> None:
    both = cluster(app("shop/web", scales=True), app("apps/web", scales=True))
    with pytest.raises(LoadError, match="several apps are called 'web'; write shop/web or apps/web"):
        find_app(both, "web")


def test_an_unknown_app_is_answered_with_those_that_scale() -> None:
    with pytest.raises(LoadError, match=r"no app 'api'; apps with an autoscaler: apps/web$"):
        find_app(cluster(app("apps/web", scales=True), app("apps/beat")), "api")
