"""An app with several public addresses: hosts by other ports, and a port of a network load balancer."""

from __future__ import annotations

import pytest

from infra.settings.app.application import WebSettings
from infra.settings.eks.drain import drain_seconds, registration_seconds
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.stacks import APP, Run, run_stack, with_apps

DOMAIN = {"domain": "example.com"}
PORTS = {"ssh": {"port": 2222, "servicePort": 22}, "admin": 9000}
WEB = {"host": "git.example.com"}
ADMIN = {"host": "admin.example.com", "port": "admin"}
SSH = {"protocol": "tcp", "port": "ssh"}


def stack(traffic: object) -> Run:
    app = {"port": 3000, "ports": PORTS, "traffic": traffic}
    return run_stack(with_apps({"forge": app}, loadBalancer=DOMAIN))


@pytest.fixture(scope="module")
def run() -> Run:
    return stack([SSH, WEB, ADMIN])


def names(graph: Graph, kind: str) -> set[str]:
    return {made.name for made in graph.all(kind)}


def test_each_address_has_a_group_and_a_binding_to_its_own_port(run: Run) -> None:
    bindings = {made.name: made.props["spec"]["serviceRef"] for made in run.graph.all("TargetGroupBinding")}
    assert bindings == {
        "forge-http": {"name": "forge", "port": "app"},
        "forge.port-admin-http": {"name": "forge", "port": "admin"},
        "forge.port-ssh-tcp": {"name": "forge", "port": "ssh"},
    }
    assert {made.props["protocol"] for made in run.graph.all("TargetGroup")} == {"HTTP", "TCP"}
    assert {made.props["tags"]["app"] for made in run.graph.all("TargetGroup")} == {"forge"}


def test_each_host_leads_to_the_group_of_its_address_and_the_port_has_a_listener(run: Run) -> None:
    groups = {
        made.props["conditions"][0]["hostHeader"]["values"][0]: made.props["actions"][0]["targetGroupArn"]
        for made in run.graph.all("ListenerRule")
    }
    assert "forge-port-admin" in groups["admin.example.com"]
    assert "forge-port" not in groups["git.example.com"]
    assert "forge-port-ssh" in run.graph.one("Listener", "tcp-22").props["defaultActions"][0]["targetGroupArn"]


def test_load_balancers_reach_the_pods_on_the_port_of_each_address_and_no_other(run: Run) -> None:
    rules = run.graph.one("NetworkPolicy", "forge").props["spec"]["ingress"]
    assert [port["port"] for rule in rules for port in rule["ports"]] == [2222, 3000, 9000]


def test_pods_wait_until_every_address_is_bound(run: Run) -> None:
    pods = run.graph.one("Deployment", "forge")
    assert all(run.graph.waits_for(pods, binding) for binding in run.graph.all("TargetGroupBinding"))


def test_the_outputs_have_every_address_in_the_order_of_the_stack_file(run: Run) -> None:
    outputs = run.outputs["apps"]["forge"]
    ssh = "tcp://nlb-1a2b3c4-1234567890.eu-central-1.elb.amazonaws.com:22"
    assert outputs["urls"] == [ssh, "https://git.example.com/", "https://admin.example.com/"]
    assert outputs["url"] == ssh


def test_a_pod_drains_as_long_as_the_slowest_of_its_load_balancers_needs() -> None:
    both, alone = (WebSettings.model_validate({**APP, "ports": PORTS, "traffic": one}) for one in ([WEB, SSH], SSH))
    assert drain_seconds(both) == drain_seconds(alone) > 0
    assert registration_seconds(both) == registration_seconds(alone) > 0


def test_another_address_or_another_order_leaves_what_is_there_as_it_is() -> None:
    alone, several, turned = (stack(traffic).graph for traffic in (WEB, [WEB, ADMIN], [ADMIN, WEB]))
    for kind in ("TargetGroup", "TargetGroupBinding", "ListenerRule", "Record"):
        assert names(alone, kind) <= names(several, kind)
        assert names(several, kind) == names(turned, kind)
    assert [made.props for made in several.all("TargetGroup") if made.name == "forge"] == [
        made.props for made in alone.all("TargetGroup") if made.name == "forge"
    ]
