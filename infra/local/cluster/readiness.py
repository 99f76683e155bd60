"""Waiting until a part of the cluster answers, with the reason from its log when it does not."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.cluster.errors import ClusterError
from infra.local.cluster.manifests import base_node_name
from infra.local.cluster.ports import LOOPBACK, Ports
from infra.local.cluster.processes import processes_of
from infra.local.cluster.zones import ZONES
from infra.local.paths import ClusterPaths

READY_SECONDS = 120
POLL_SECONDS = 0.1
REQUEST_SECONDS = 5
LOG_LINES = 8
REVIVALS = 3
COMPONENTS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok-controller",
    "metrics-server",
    "karpenter",
    "volume-provisioner",
)
"""The programs of a running cluster, as their processes are called."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Small requests to the cluster's own servers, without the time that a client library takes to load."""

    ports: Ports
    certificates: Path

    def api(self, path: str) -> Any:
        """Return the API server's JSON or text answer at `path`, or None if it gives none."""
        context = ssl.create_default_context(cafile=str(self.certificates / "ca.crt"))
        context.load_cert_chain(self.certificates / "admin.crt", self.certificates / "admin.key")
        return _answer(
            http.client.HTTPSConnection(LOOPBACK, self.ports.apiserver, timeout=REQUEST_SECONDS, context=context), path
        )

    def api_is_ready(self) -> bool:
        """Return whether the API server reports it."""
        return self.api("/readyz") == "ok"

    def base_nodes_are_ready(self) -> bool:
        """Return whether the node that each zone begins with is Ready."""
        nodes = (self.api(f"/api/v1/nodes/{base_node_name(zone)}") for zone in ZONES)
        return all(node is not None and _is_true(node, "Ready") for node in nodes)

    def metrics_are_served(self) -> bool:
        """Return whether the metrics API is available."""
        service = self.api("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io")
        return service is not None and _is_true(service, "Available")

    def karpenter_is_ready(self) -> bool:
        """Return whether Karpenter reports it."""
        connection = http.client.HTTPConnection(LOOPBACK, self.ports.karpenter_health, timeout=REQUEST_SECONDS)
        return _answer(connection, "/readyz") == "ok"


def wait_until(
    condition: Callable[[], bool], *, component: str, paths: ClusterPaths, revive: Callable[[], None] | None = None
) -> None:
    """Poll `condition`; raise ClusterError if `component` dies first or the time is up.

    A component that gives up because the API server was not there yet is started again by `revive`, as a supervisor
    would: on a busy machine its own patience can be too short.
    """
    deadline = time.monotonic() + READY_SECONDS
    revivals_left = REVIVALS if revive else 0
    while not condition():
        if component not in {process.name for process in processes_of(paths.root)}:
            if revive is None or revivals_left == 0:
                raise ClusterError(f"{component} ended while it was starting:\n{last_log_lines(paths, component)}")
            revivals_left -= 1
            revive()
        if time.monotonic() > deadline:
            raise ClusterError(
                f"{component} was not ready after {READY_SECONDS} s:\n{last_log_lines(paths, component)}"
            )
        time.sleep(POLL_SECONDS)


def last_log_lines(paths: ClusterPaths, component: str) -> str:
    """Return the end of a component's log, indented, and where the rest is."""
    path = paths.log(component)
    try:
        lines = path.read_text(errors="replace").strip().splitlines()[-LOG_LINES:]
    except OSError:
        lines = []
    return "\n".join([*(f"  {line}" for line in lines), f"  (log: {path})"])


def _is_true(item: Any, condition_type: str) -> bool:
    conditions: list[dict[str, str]] = item.get("status", {}).get("conditions", [])
    return any(entry["type"] == condition_type and entry["status"] == "True" for entry in conditions)


def _answer(connection: http.client.HTTPConnection, path: str) -> Any:
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        return None
    return json.loads(body) if "json" in (response.getheader("Content-Type") or "") else body
