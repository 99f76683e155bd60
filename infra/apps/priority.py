"""Who gets the room when there is too little of it.

A PriorityClass belongs to the whole cluster, so its name starts with the namespace: `<namespace>-high`,
`<namespace>-low`. `normal` is the cluster's default and needs no class.
"""

from __future__ import annotations

HIGH_PRIORITY = 1_000_000
"""Above every default workload, far below the 2,000,000,000 of the cluster's own critical pods."""

LOW_PRIORITY = -5
"""Below every default workload, above the -10 under which the Cluster Autoscaler adds no node for a pod (its FAQ)."""

PRIORITIES = {"high": HIGH_PRIORITY, "low": LOW_PRIORITY}


def priority_class_name(namespace: str, level: str) -> str | None:
    """Name of the class of `level`, or None for `normal`."""
    return f"{namespace}-{level}" if level in PRIORITIES else None
