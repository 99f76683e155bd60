"""What is there of a cluster: its processes and their memory. It needs no answer from any of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from infra.local.cluster.kubeconfig import api_server
from infra.local.cluster.ports import Ports
from infra.local.cluster.processes import processes_of
from infra.local.cluster.readiness import COMPONENTS
from infra.local.paths import ClusterPaths


@dataclass(frozen=True, kw_only=True)
class ClusterDescription:
    """A cluster's processes. `exists` means that its creation was completed, `running` that all components live.

    `components` has the process id of each program of a cluster, None where it does not run.
    """

    exists: bool
    running: bool
    api_server: str | None
    components: Mapping[str, int | None]
    memory_bytes: int


def describe(paths: ClusterPaths) -> ClusterDescription:
    """Describe the cluster, be it absent, broken or running."""
    ports = read_ports(paths)
    processes = processes_of(paths.root)
    pids = {process.name: process.pid for process in processes}
    components = {name: pids.get(name) for name in COMPONENTS}
    return ClusterDescription(
        exists=ports is not None,
        running=ports is not None and None not in components.values(),
        api_server=api_server(ports.apiserver) if ports else None,
        components=components,
        memory_bytes=sum(process.memory_bytes for process in processes),
    )


def read_ports(paths: ClusterPaths) -> Ports | None:
    """Read the ports that the cluster was created with; None if its creation was never completed."""
    try:
        return Ports(**json.loads(paths.record.read_text())["ports"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_ports(paths: ClusterPaths, ports: Ports) -> None:
    """Note the ports, as the last act of a creation."""
    unfinished = paths.record.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"ports": asdict(ports)}, indent=2))
    unfinished.rename(paths.record)
