"""Which nodes the pods of an app may run on."""

from __future__ import annotations

import pulumi_kubernetes as k8s

from infra.settings.app.placement import PlacementSettings


def node_selector(settings: PlacementSettings) -> dict[str, str] | None:
    """Return the labels that a node must have, or None where any node will do."""
    return dict(settings.labels) or None


def taint_tolerations(settings: PlacementSettings) -> list[k8s.core.v1.TolerationArgs]:
    """Tolerate taints by their keys, whatever their value and effect."""
    return [k8s.core.v1.TolerationArgs(key=key, operator="Exists") for key in settings.tolerate]
