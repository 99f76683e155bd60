"""kubectl and the environment in which it and kwokctl keep to the folder of one cluster."""

from __future__ import annotations

import os

from infra.local.paths import ClusterPaths
from infra.system.commands import run
from infra.toolchain.resolve import Tools

_KWOKCTL_PREFIX = "KWOK_"


def kubectl(paths: ClusterPaths, tools: Tools, *arguments: str, within_seconds: float, stdin_text: str = "") -> str:
    """Run kubectl on the cluster and return its standard output. Raises CommandFailedError."""
    command = [str(tools.kubectl), f"--kubeconfig={paths.kubeconfig}", *arguments]
    return run(command, environment=environment(paths), stdin_text=stdin_text, timeout_seconds=within_seconds)


def environment(paths: ClusterPaths) -> dict[str, str]:
    """Build an environment in which kwokctl and kubectl keep to this cluster's folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_KWOKCTL_PREFIX)}
    return inherited | {
        "KWOK_WORKDIR": str(paths.kwok_workdir),
        "KUBECONFIG": str(paths.kubeconfig),
        "KUBECACHEDIR": str(paths.kubectl_cache),
    }
