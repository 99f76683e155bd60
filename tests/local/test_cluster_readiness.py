"""Asking a starting cluster whether it is ready."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.local.cluster.errors import ClusterError
from infra.local.cluster.ports import Ports, choose_ports
from infra.local.cluster.readiness import REVIVALS, Probe, wait_until
from infra.local.paths import ClusterPaths


class Answers(BaseHTTPRequestHandler):
    """Answers /readyz as the test set it."""

    status = 200
    body = b"ok"

    def do_GET(self) -> None:
        self.send_response(type(self).status)
        self.end_headers()
        self.wfile.write(type(self).body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def health_port(monkeypatch: pytest.MonkeyPatch) -> Generator[int]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def probe(tmp_path: Path, health_port: int) -> Probe:
    ports = {**asdict(choose_ports(None)), "karpenter_health": health_port}
    return Probe(ports=Ports(**ports), certificates=tmp_path)


def test_karpenter_is_ready_when_it_says_so(tmp_path: Path, health_port: int) -> None:
    assert probe(tmp_path, health_port).karpenter_is_ready()


def test_karpenter_is_not_ready_while_a_check_fails(
    tmp_path: Path, health_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answers, "status", 500)

    assert not probe(tmp_path, health_port).karpenter_is_ready()


def test_karpenter_is_not_ready_before_it_listens(tmp_path: Path) -> None:
    assert not probe(tmp_path, choose_ports(None).karpenter_health).karpenter_is_ready()


def node(ready: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": ready}]}}


@pytest.mark.parametrize(
    ("node_c", "ready"), [(node("True"), True), (node("False"), False), ({"metadata": {}}, False), (None, False)]
)
def test_nodes_are_ready_when_that_of_every_zone_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node_c: dict[str, Any] | None, ready: bool
) -> None:
    def api(self: Probe, path: str) -> dict[str, Any] | None:
        return node_c if path.endswith("local-c") else node("True")

    monkeypatch.setattr(Probe, "api", api)

    assert probe(tmp_path, 1).base_nodes_are_ready() is ready


@pytest.mark.parametrize(("status", "served"), [("True", True), ("False", False)])
def test_metrics_are_served_when_the_api_service_is_available(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, served: bool
) -> None:
    service = {"status": {"conditions": [{"type": "Available", "status": status}]}}
    monkeypatch.setattr(Probe, "api", lambda self, path: service)

    assert probe(tmp_path, 1).metrics_are_served() is served


def paths(tmp_path: Path) -> ClusterPaths:
    return ClusterPaths(name="test", root=tmp_path)


def test_a_component_that_dies_while_the_cluster_starts_is_started_again(tmp_path: Path) -> None:
    revived: list[str] = []

    wait_until(
        lambda: bool(revived),
        component="metrics-server",
        paths=paths(tmp_path),
        revive=lambda: revived.append("again"),
    )

    assert revived == ["again"]


def test_a_component_that_keeps_dying_is_given_up_with_its_log(tmp_path: Path) -> None:
    revived: list[str] = []

    with pytest.raises(ClusterError, match="metrics-server ended while it was starting"):
        wait_until(
            lambda: False, component="metrics-server", paths=paths(tmp_path), revive=lambda: revived.append("again")
        )

    assert len(revived) == REVIVALS
