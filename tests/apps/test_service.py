from __future__ import annotations

from tests.apps.samples import IMAGE, web, worker
from tests.harness import build_apps


def test_a_web_app_answers_on_its_own_port_inside_the_cluster_only() -> None:
    spec = build_apps({"it": web(port=9898)}).one("Service", "it").props["spec"]
    assert spec["type"] == "ClusterIP"
    assert [(port["port"], port["targetPort"]) for port in spec["ports"]] == [(9898, 9898)]


def test_a_service_may_answer_on_another_port_than_the_container_and_on_several() -> None:
    ports = {"broker": 5679, "dns": {"port": 1053, "protocol": "udp", "servicePort": 53}}
    graph = build_apps({"it": web(port=8080, servicePort=80, ports=ports)})
    served = graph.one("Service", "it").props["spec"]["ports"]
    assert [(port["name"], port["port"], port["targetPort"], port["protocol"]) for port in served] == [
        ("app", 80, 8080, "TCP"), ("broker", 5679, 5679, "TCP"), ("dns", 53, 1053, "UDP"),
    ]  # fmt: skip
    container = graph.pod("it")["spec"]["containers"][0]
    assert [(port["name"], port["containerPort"], port["protocol"]) for port in container["ports"]] == [
        ("app", 8080, "TCP"), ("broker", 5679, "TCP"), ("dns", 1053, "UDP"),
    ]  # fmt: skip
    assert graph.outputs["apps"]["it"]["service"] == "it.apps:80"


def test_an_app_may_serve_nothing_but_named_ports() -> None:
    graph = build_apps({"it": {"image": IMAGE, "ports": {"dns": {"port": 53, "protocol": "udp"}, "metrics": 9153}}})
    assert graph.outputs["apps"]["it"]["service"] == "it.apps:53"
    assert graph.pod("it")["spec"]["containers"][0]["readinessProbe"]["tcpSocket"] == {"port": 9153}


def test_a_worker_may_serve_ports_too() -> None:
    graph = build_apps({"it": worker(ports={"metrics": 9540})})
    assert [port["port"] for port in graph.one("Service", "it").props["spec"]["ports"]] == [9540]
    assert graph.pod("it")["spec"]["containers"][0]["readinessProbe"]["tcpSocket"] == {"port": 9540}


def test_the_name_of_a_service_has_fewer_dots_than_ndots() -> None:
    # With as many, musl asks for it as it is, and finds nothing.
    graph = build_apps({"it": web()})
    host = graph.outputs["apps"]["it"]["service"].partition(":")[0]
    options = {option["name"]: option["value"] for option in graph.pod("it")["spec"]["dnsConfig"]["options"]}
    assert host.count(".") < int(options["ndots"])


def test_the_engine_does_not_wait_for_endpoints_that_come_later() -> None:
    service = build_apps({"it": web()}).one("Service", "it")
    assert service.props["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_a_worker_has_no_service() -> None:
    assert build_apps({"it": worker()}).all("Service") == []
