"""The engine for the stacks on one local cluster."""

from __future__ import annotations

from collections.abc import Callable

from infra.engine import Engine
from infra.local.paths import ClusterPaths
from infra.local.toolchain import EngineTools
from infra.local.workspace import LocalWorkspace


def local_engine(paths: ClusterPaths, tools: EngineTools, say: Callable[[str], None]) -> Engine:
    """Make the engine for the cluster of `paths`; `say` which Kubernetes provider it gets if it is another release."""
    if tools.provider_note:
        say(tools.provider_note)
    return Engine(workspace=LocalWorkspace(paths, tools.provider), pulumi_binary=tools.pulumi)
