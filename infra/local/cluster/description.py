"""What is there of a cluster: its processes and their memory. It needs no answer from any of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from infra.local.cluster.kubeconfig import api_server
from infra.local.cluster.ports import Ports
from infra.local.cluster.processes import processes_of
from infra.local.cluster.readiness import COMPONENTS
from infra.local.paths import ClusterPaths


@dataclass(frozen=True, kw_only=True)
class Component:
    """A program of the cluster. `pid` is None when it does not run."""

    name: str
    pid: int | None
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class ClusterDescription:
    """A cluster's processes. `exists` means that its creation was completed, `running` that all components live."""

    name: str
    exists: bool
    running: bool
    api_server: str | None
    components: tuple[Component, ...]
    memory_bytes: int


def describe(paths: ClusterPaths) -> ClusterDescription:
    """Describe the cluster, be it absent, broken or running."""
    ports = read_ports(paths)
    found = {process.name: process for process in processes_of(paths.root)}
    components = tuple(
        Component(
            name=name,
            pid=found[name].pid if name in found else None,
            memory_bytes=found[name].memory_bytes if name in found else 0,
        )
        for name in COMPONENTS
    )
    return ClusterDescription(
        name=paths.name,
        exists=ports is not None,
        running=ports is not None and all(component.pid is not None for component in components),
        api_server=api_server(ports.apiserver) if ports else None,
        components=components,
        memory_bytes=sum(process.memory_bytes for process in found.values()),
    )


def is_running(paths: ClusterPaths) -> bool:
    """Return whether the cluster is complete and each of its components lives."""
    return describe(paths).running


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
