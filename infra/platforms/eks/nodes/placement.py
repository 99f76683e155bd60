"""What nodes are labelled and tainted with, and how the cluster's own controllers get onto the system pool."""

from __future__ import annotations

from infra.labels import ZONE_LABEL
from infra.settings.eks.node_labels import POOL_LABEL, SYSTEM_TAINT_KEY
from infra.settings.eks.nodes import NodePoolSettings, TaintSettings

SYSTEM_LABEL = "nightowl/system"
"""On the nodes of every system pool, with the value `true`."""
SYSTEM_TAINT = TaintSettings(key=SYSTEM_TAINT_KEY, value="true", effect="NoSchedule")
"""The key that AWS's own add-ons tolerate by default (configuration schemas of coredns and aws-ebs-csi-driver)."""


def pool_labels(name: str, settings: NodePoolSettings) -> dict[str, str]:
    """Labels of the nodes of a pool; the settings cannot replace the project's own."""
    return {**settings.labels, POOL_LABEL: name, **(system_selector() if settings.system else {})}


def pool_taints(settings: NodePoolSettings) -> tuple[TaintSettings, ...]:
    """Taints of the nodes of a pool."""
    return (SYSTEM_TAINT, *settings.taints) if settings.system else settings.taints


def system_selector() -> dict[str, str]:
    """Node selector of a controller: a system pool, and nothing else."""
    return {SYSTEM_LABEL: "true"}


def system_tolerations() -> list[dict[str, str]]:
    """Tolerations of a controller on a system pool, as chart and add-on values."""
    return [{"key": SYSTEM_TAINT.key, "operator": "Exists", "effect": SYSTEM_TAINT.effect}]


def zone_spread(match_labels: dict[str, str]) -> list[dict[str, object]]:
    """Spread the replicas of a controller over the zones, as chart and add-on values.

    `ScheduleAnyway`: after the loss of a zone, running beats balance.
    """
    return [
        {
            "maxSkew": 1,
            "topologyKey": ZONE_LABEL,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": match_labels},
        }
    ]
