"""What nodes are labelled and tainted with."""

from __future__ import annotations

from infra.labels import SYSTEM_LABEL, SYSTEM_TAINT_KEY
from infra.settings.eks.node_labels import POOL_LABEL
from infra.settings.eks.nodes import NodePoolSettings, TaintSettings

SYSTEM_TAINT = TaintSettings(key=SYSTEM_TAINT_KEY, value="true", effect="NoSchedule")


def pool_labels(name: str, settings: NodePoolSettings) -> dict[str, str]:
    """Return the labels of the nodes of a pool; the settings cannot replace the project's own."""
    return {**settings.labels, POOL_LABEL: name, **({SYSTEM_LABEL: "true"} if settings.system else {})}


def pool_taints(settings: NodePoolSettings) -> tuple[TaintSettings, ...]:
    """Return the taints of the nodes of a pool."""
    return (SYSTEM_TAINT, *settings.taints) if settings.system else settings.taints
