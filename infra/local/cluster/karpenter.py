"""Karpenter as a plain process: the node autoscaler of the local cluster."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from infra.local.cluster.instance_types import instance_types_json
from infra.local.cluster.ports import Ports
from infra.local.cluster.processes import wait_until_listed
from infra.local.paths import ClusterPaths
from infra.toolchain.resolve import Tools

BATCH_IDLE, BATCH_MAX = "500ms", "2s"
"""How long Karpenter waits for more pending pods before it makes nodes (defaults 1s and 10s)."""


def start_karpenter(paths: ClusterPaths, tools: Tools, ports: Ports) -> None:
    """Start Karpenter in a session of its own: it outlives this program, and ends when the cluster is deleted."""
    paths.logs.mkdir(parents=True, exist_ok=True)
    paths.karpenter.parent.mkdir(parents=True, exist_ok=True)
    paths.karpenter.unlink(missing_ok=True)
    paths.karpenter.symlink_to(tools.karpenter)
    paths.instance_types.write_text(instance_types_json())
    environment = {
        "HOME": os.environ.get("HOME", "/"),
        "KUBECONFIG": str(paths.kubeconfig),
        "SYSTEM_NAMESPACE": "kube-system",
    }
    arguments = [
        str(paths.karpenter),
        "-disable-leader-election",
        f"-metrics-port={ports.karpenter_metrics}",
        f"-health-probe-port={ports.karpenter_health}",
        f"-batch-idle-duration={BATCH_IDLE}",
        f"-batch-max-duration={BATCH_MAX}",
        f"-instance-types-file-path={paths.instance_types}",
        # A preference for other hosts is no reason for a node of its own; the default makes one for every pod.
        "-preference-policy=Ignore",
    ]
    wait_until_listed(_spawn(arguments, environment, paths.log("karpenter")))


def _spawn(arguments: list[str], environment: dict[str, str], log: Path) -> int:
    """Start a process that nobody waits for, in a session of its own, with its output in `log`. Returns its id.

    Of this program's files it inherits none: a lock or a pipe of the caller would be held for as long as it runs.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.returncode = 0  # Python warns of a process that it is to wait for, and this one outlives it
    return process.pid
