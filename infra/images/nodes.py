"""The nodes on which an image is to run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infra.settings.stack_file import settings_from_stack_file


def node_architectures(stack: Path) -> Sequence[str]:
    """Return the architectures of the nodes for apps, where a stack file has some.

    Raises:
        SettingsError: it is not usable.
    """
    pools = settings_from_stack_file(stack).node_pools.values()
    return sorted({pool.architecture for pool in pools if not pool.system})
