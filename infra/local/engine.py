"""The engine for the stacks on one local cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from infra.engine.driver import Engine
from infra.local.paths import ClusterPaths
from infra.local.workspace import ClusterWorkspace
from infra.toolchain.resolve import EngineTools


def local_engine(paths: ClusterPaths, tools: EngineTools, say: Callable[[str], None]) -> Engine:
    """Create the engine for the cluster of `paths`; `say` which Kubernetes provider it gets if that is an older one."""
    if tools.provider_note:
        say(tools.provider_note)
    return Engine(workspace=ClusterWorkspace(paths, tools.provider), pulumi_binary=tools.pulumi)


@contextmanager
def unfinished_before(paths: ClusterPaths, stack: str) -> Generator[bool]:
    """Yield whether the last deployment of `stack` did not come to its end, which only a good end of this one forgets.

    The Kubernetes provider records nothing of an update whose wait is cut off, though the object has changed already:
    without a look at the cluster the next deployment would take it for what it was before.
    """
    mark = paths.root / f"deployment-unfinished.{stack}"
    before = mark.exists()
    mark.touch()
    yield before
    mark.unlink(missing_ok=True)
