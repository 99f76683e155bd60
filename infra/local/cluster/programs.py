"""kubectl and the environment in which it and kwokctl keep to the folder of one cluster."""

from __future__ import annotations

import os

from infra.local.cluster.layout import Layout
from infra.system.commands import run
from infra.toolchain.resolve import Tools

_KWOKCTL_PREFIX = "KWOK_"


def kubectl(layout: Layout, tools: Tools, *arguments: str, within_seconds: float, stdin_text: str = "") -> str:
    """Run kubectl on the cluster and return its standard output. Raises CommandFailedError."""
    command = [str(tools.kubectl), f"--kubeconfig={layout.paths.kubeconfig}", *arguments]
    return run(command, environment=environment(layout), stdin_text=stdin_text, timeout_seconds=within_seconds)


def environment(layout: Layout) -> dict[str, str]:
    """Build an environment in which kwokctl and kubectl keep to this cluster's folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_KWOKCTL_PREFIX)}
    return inherited | {
        "KWOK_WORKDIR": str(layout.paths.kwok_workdir),
        "KUBECONFIG": str(layout.paths.kubeconfig),
        "KUBECACHEDIR": str(layout.kubectl_cache),
    }
