from __future__ import annotations

from tests.apps.samples import web, worker
from tests.harness import build_apps


def test_a_web_app_answers_on_its_own_port_inside_the_cluster_only() -> None:
    spec = build_apps({"it": web(port=9898)}).one("Service", "it").props["spec"]
    assert spec["type"] == "ClusterIP"
    assert [(port["port"], port["targetPort"]) for port in spec["ports"]] == [(9898, 9898)]


def test_the_engine_does_not_wait_for_endpoints_that_come_later() -> None:
    service = build_apps({"it": web()}).one("Service", "it")
    assert service.props["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_a_worker_has_no_service() -> None:
    assert build_apps({"it": worker()}).all("Service") == []
