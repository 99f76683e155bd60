"""Apps whose pods may meet two kinds of processors: their images must have both, which only the registry knows."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi

from infra.settings.eks.placement import takers
from infra.settings.stack import StackSettings


def warn_of_architectures(settings: StackSettings) -> None:
    """Log a warning for each app that nodes of different architectures take."""
    for line in architecture_notes(settings):
        pulumi.log.warn(line)


def architecture_notes(settings: StackSettings) -> Iterator[str]:
    """Return one line for each app that nodes of different architectures take."""
    for app, of in settings.apps.items():
        pools = {pool.architecture: name for name, pool in takers(settings.node_pools, of).items()}
        if len(pools) > 1:
            kinds = " and ".join(f"{architecture} (pool {name})" for architecture, name in sorted(pools.items()))
            yield (
                f"nightowl:apps.{app}.image: its pods may start on nodes of {kinds}, where an image for one of them "
                "ends with `exec format error`; `nightowl image` tells what it has, and placement.labels with "
                "kubernetes.io/arch keeps it on one"
            )
