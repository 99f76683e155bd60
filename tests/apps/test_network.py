"""Who reaches whom: the truth table of allowed and denied flows, read from the policies as a network plugin would."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apps.network_evaluator import DNS, Address, Pod, allowed, app_pod
from tests.apps.samples import cron, web, worker
from tests.harness import build_apps

INGRESS_CONTROLLER = Pod({"app": "nginx"}, "ingress-nginx")
STRANGER = Pod({"app.kubernetes.io/name": "web"}, "elsewhere")
METADATA = Address("169.254.169.254")
METADATA_V6 = Address("fd00:ec2::254")
OFFICE = Address("203.0.113.9")
INTERNET = Address("198.51.100.7")
DATABASE = Address("10.9.0.5")
PROMETHEUS = Pod({"app": "prometheus"}, "monitoring")
POSTGRES = Pod({"app.kubernetes.io/name": "postgres"}, "data")


@pytest.fixture(scope="module")
def policies() -> list[dict[str, Any]]:
    graph = build_apps(
        {
            "web": web(port=8080, traffic={"host": "app.example.com"}, allowTo=["api", "0.0.0.0/0", "::/0"]),
            "api": web(port=9000, allowFrom=["nightly", "203.0.113.0/24"]),
            "quiet": web(port=7000),
            "open": web(port=6000, allowFrom=["load-balancer"]),
            "both": web(
                ports={"admin": 9443, "metrics": 9100},
                traffic={"host": "both.example.com"},
                allowFrom=[{"loadBalancer": True, "ports": ["admin"]}],
            ),
            "worker": worker(allowTo=["web", {"cidr": "10.9.0.0/16", "ports": [5432]}]),
            "nightly": cron(allowTo=[{"namespace": "data", "app": "postgres", "ports": [5432]}]),
            "n8n": web(
                port=5678,
                ports={"broker": 5679, "gossip": {"port": 7946, "protocol": "udp"}, "metrics": 9100},
                servicePort=80,
                allowTo=["self", {"namespace": "data"}, {"cidr": "10.9.0.0/16", "ports": ["514/udp"]}],
                allowFrom=[
                    {"namespace": "monitoring", "labels": {"app": "prometheus"}, "ports": ["metrics"]},
                    {"app": "api", "ports": [80]},
                ],
            ),
            "runner": worker(
                ports={"metrics": 9100},
                allowTo=[{"app": "n8n", "ports": ["broker", "7946/udp"]}, {"app": "runner", "ports": ["metrics"]}],
                allowFrom=["n8n"],
            ),
        },
        platform={"ingress": {"className": "nginx", "namespace": "ingress-nginx"}},
    )
    return [made.props for made in graph.all("NetworkPolicy")]


ALLOWED = [
    ("worker calls web: allowTo of the caller", app_pod("worker"), app_pod("web"), 8080),
    ("web calls api: allowTo of the caller", app_pod("web"), app_pod("api"), 9000),
    ("nightly calls api: allowFrom of the target", app_pod("nightly"), app_pod("api"), 9000),
    ("the load balancer calls what has traffic", INGRESS_CONTROLLER, app_pod("web"), 8080),
    ("the load balancer calls what names it", INGRESS_CONTROLLER, app_pod("open"), 6000),
    ("the load balancer calls the port of traffic", INGRESS_CONTROLLER, app_pod("both"), 8080),
    ("the load balancer calls a port that names it beside traffic", INGRESS_CONTROLLER, app_pod("both"), 9443),
    ("a network calls api", OFFICE, app_pod("api"), 9000),
    ("web calls the internet", app_pod("web"), INTERNET, 443),
    ("web calls the internet over IPv6", app_pod("web"), Address("2001:db8::1"), 443),
    ("worker calls the database on its port", app_pod("worker"), DATABASE, 5432),
    ("a port that is named", app_pod("runner"), app_pod("n8n"), 5679),
    ("pods of one app call each other on any port", app_pod("n8n"), app_pod("n8n"), 4369),
    ("or on the ports that are named", app_pod("runner"), app_pod("runner"), 9100),
    ("a port of the Service stands for that of the pods", app_pod("api"), app_pod("n8n"), 5678),
    ("a worker is called on its ports", app_pod("n8n"), app_pod("runner"), 9100),
    ("pods of another namespace call a port", PROMETHEUS, app_pod("n8n"), 9100),
    ("an app calls what another namespace holds", app_pod("nightly"), POSTGRES, 5432),
    ("or all that it holds", app_pod("n8n"), Pod({}, "data"), 9),
]
ALLOWED_UDP = [
    ("a UDP port by number", app_pod("runner"), app_pod("n8n"), 7946),
    ("UDP among the pods of one app", app_pod("n8n"), app_pod("n8n"), 7946),
    ("UDP to a network", app_pod("n8n"), DATABASE, 514),
]
DENIED = [
    ("nobody but the named calls web", app_pod("api"), app_pod("web"), 8080),
    ("nightly has no way to web", app_pod("nightly"), app_pod("web"), 8080),
    ("a flow is open in one direction only", app_pod("web"), app_pod("worker"), 8080),
    ("another port of a target stays closed", app_pod("worker"), app_pod("web"), 9797),
    ("an app that names nobody gets no caller", app_pod("worker"), app_pod("quiet"), 7000),
    ("the load balancer does not reach what has no traffic", INGRESS_CONTROLLER, app_pod("quiet"), 7000),
    ("nor another port of what has", INGRESS_CONTROLLER, app_pod("web"), 9797),
    ("nor a port that is not named to it", INGRESS_CONTROLLER, app_pod("both"), 9100),
    ("a pod of another namespace with the same label is a stranger", STRANGER, app_pod("api"), 9000),
    ("another network does not call api", INTERNET, app_pod("api"), 9000),
    ("api calls nobody", app_pod("api"), INTERNET, 443),
    ("worker calls the database on no other port", app_pod("worker"), DATABASE, 22),
    ("worker calls no other network", app_pod("worker"), INTERNET, 443),
    ("no credentials of the node, whatever is allowed", app_pod("web"), METADATA, 80),
    ("nor over IPv6", app_pod("web"), METADATA_V6, 80),
    ("a port that is not named stays closed", app_pod("runner"), app_pod("n8n"), 5678),
    ("the same number over TCP stays closed", app_pod("runner"), app_pod("n8n"), 7946),
    ("the Service's port is none of the pods'", app_pod("api"), app_pod("n8n"), 80),
    ("pods of an app that does not say so do not call each other", app_pod("web"), app_pod("web"), 8080),
    ("other pods of that namespace do not call", Pod({"app": "other"}, "monitoring"), app_pod("n8n"), 9100),
    ("nor do its pods call another port", PROMETHEUS, app_pod("n8n"), 5678),
    ("another port of another namespace stays closed", app_pod("nightly"), POSTGRES, 22),
    ("and another app there", app_pod("nightly"), Pod({}, "data"), 5432),
    ("TCP to a network that was opened for UDP", app_pod("n8n"), DATABASE, 514),
    ("a pod of no app calls nobody", app_pod("debug"), app_pod("web"), 8080),
]


@pytest.mark.parametrize(("caller", "target", "port"), [row[1:] for row in ALLOWED], ids=[row[0] for row in ALLOWED])
def test_an_allowed_flow_passes(policies: list[dict[str, Any]], caller: Any, target: Any, port: int) -> None:
    assert allowed(policies, caller, target, port)


@pytest.mark.parametrize(
    ("caller", "target", "port"), [row[1:] for row in ALLOWED_UDP], ids=[row[0] for row in ALLOWED_UDP]
)
def test_an_allowed_flow_over_udp_passes(policies: list[dict[str, Any]], caller: Any, target: Any, port: int) -> None:
    assert allowed(policies, caller, target, port, "UDP")


@pytest.mark.parametrize(("caller", "target", "port"), [row[1:] for row in DENIED], ids=[row[0] for row in DENIED])
def test_any_other_flow_is_denied(policies: list[dict[str, Any]], caller: Any, target: Any, port: int) -> None:
    assert not allowed(policies, caller, target, port)


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
@pytest.mark.parametrize("app", ["web", "quiet", "nightly", "no-app-at-all"])
def test_every_pod_may_ask_dns(policies: list[dict[str, Any]], app: str, protocol: str) -> None:
    assert allowed(policies, app_pod(app), DNS, 53, protocol)
    assert not allowed(policies, app_pod("quiet"), DNS, 443, protocol)


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
@pytest.mark.parametrize("ip", ["169.254.20.10", "10.96.0.10", "34.118.224.10", "169.254.169.254", "fd00:10:96::a"])
def test_names_are_resolved_by_a_cache_on_the_node_or_at_the_address_of_the_service(
    policies: list[dict[str, Any]], ip: str, protocol: str
) -> None:
    assert allowed(policies, app_pod("quiet"), Address(ip), 53, protocol)
    assert not allowed(policies, app_pod("quiet"), Address(ip), 80, protocol)
    assert not allowed(policies, app_pod("quiet"), INTERNET, 53, protocol)


def test_names_are_resolved_by_caches_that_are_pods() -> None:
    made = [one.props for one in build_apps({"quiet": web()}).all("NetworkPolicy")]
    cache = Pod({"k8s-app": "node-local-dns"}, "kube-system")
    assert allowed(made, app_pod("quiet"), cache, 53, "UDP")
    assert not allowed(made, app_pod("quiet"), Pod({"k8s-app": "other"}, "kube-system"), 53, "UDP")


def test_a_network_that_holds_no_metadata_has_no_hole() -> None:
    graph = build_apps({"it": worker(allowTo=["10.0.0.0/8"])})
    egress = graph.one("NetworkPolicy", "it").props["spec"]["egress"]
    assert egress == [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]


def test_a_load_balancer_that_is_named_beside_traffic_changes_nothing_of_what_it_may() -> None:
    made = [
        build_apps(
            {"it": web(traffic={"host": "app.example.com"}, allowFrom=named)},
            platform={"ingress": {"className": "nginx", "namespace": "ingress-nginx"}},
        ).one("NetworkPolicy", "it")
        for named in ([], ["load-balancer"])
    ]
    assert made[0].props == made[1].props


def test_without_a_load_balancer_traffic_opens_nothing() -> None:
    graph = build_apps({"it": web(traffic={"host": "app.example.com"})})
    assert "ingress" not in graph.one("NetworkPolicy", "it").props["spec"]
