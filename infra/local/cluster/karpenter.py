"""Karpenter as a plain process: the node autoscaler of the local cluster."""

from __future__ import annotations

import os
from pathlib import Path

from infra.local.cluster.instance_types import instance_types_json
from infra.local.cluster.layout import Layout
from infra.local.cluster.ports import Ports
from infra.local.cluster.processes import wait_until_listed
from infra.toolchain.resolve import Tools

BATCH_IDLE, BATCH_MAX = "500ms", "2s"
"""How long Karpenter waits for more pending pods before it makes nodes (defaults 1s and 10s)."""


def start_karpenter(layout: Layout, tools: Tools, ports: Ports) -> None:
    """Start Karpenter in a session of its own: it outlives this program, and ends when the cluster is deleted."""
    layout.paths.logs.mkdir(parents=True, exist_ok=True)
    layout.karpenter.parent.mkdir(parents=True, exist_ok=True)
    layout.karpenter.unlink(missing_ok=True)
    layout.karpenter.symlink_to(tools.karpenter)
    layout.instance_types.write_text(instance_types_json())
    environment = {
        "HOME": os.environ.get("HOME", "/"),
        "KUBECONFIG": str(layout.paths.kubeconfig),
        "SYSTEM_NAMESPACE": "kube-system",
    }
    arguments = [
        str(layout.karpenter),
        "-disable-leader-election",
        f"-metrics-port={ports.karpenter_metrics}",
        f"-health-probe-port={ports.karpenter_health}",
        f"-batch-idle-duration={BATCH_IDLE}",
        f"-batch-max-duration={BATCH_MAX}",
        f"-instance-types-file-path={layout.instance_types}",
        # A preference for other hosts is no reason for a node of its own; the default makes one for every pod.
        "-preference-policy=Ignore",
    ]
    wait_until_listed(_spawn(arguments, environment, layout.log("karpenter")))


def _spawn(arguments: list[str], environment: dict[str, str], log: Path) -> int:
    """Start a process that nobody waits for, in a session of its own, with its output in `log`. Returns its id.

    Of this program's files it inherits none: a lock or a pipe of the caller would be held for as long as it runs.
    """
    open_files = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    inheritable = [number for number in open_files if _is_inheritable(number)]
    with log.open("ab") as output:
        return os.posix_spawn(
            arguments[0],
            arguments,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
                *((os.POSIX_SPAWN_CLOSE, number) for number in inheritable),
            ],
            setsid=True,
        )


def _is_inheritable(number: int) -> bool:
    if number <= 2:  # standard input, output and error, which the caller replaces
        return False
    try:
        return os.get_inheritable(number)
    except OSError:  # the number of the listing itself, closed since
        return False
