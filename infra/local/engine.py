"""The engine for the stacks on one local cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from infra.engine import Engine
from infra.local import provider_plugin
from infra.local.paths import ClusterPaths
from infra.local.toolchain.download import pulumi_answers
from infra.local.workspace import LocalWorkspace


def local_engine(paths: ClusterPaths, pulumi_binary: Path, say: Callable[[str], None]) -> Engine:
    """Make the engine for the cluster of `paths`, and `say` which provider plugin it gets."""
    plugin = _plugin(paths, pulumi_binary)
    say(plugin.announcement)
    return Engine(workspace=LocalWorkspace(paths, plugin), pulumi_binary=pulumi_binary)


def _plugin(paths: ClusterPaths, pulumi_binary: Path) -> provider_plugin.ProviderPlugin:
    """Choose the provider plugin. A failed download is remembered while the cluster lives: asking again costs time."""
    unavailable = paths.root / "plugin-unavailable"
    may_install = not unavailable.exists() and pulumi_answers()
    plugin = provider_plugin.choose(paths, pulumi_binary, may_install=may_install)
    if plugin.kind == "stand-in":
        unavailable.touch()
    return plugin
