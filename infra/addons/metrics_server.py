"""metrics-server: how much CPU and memory pods use, which the HorizontalPodAutoscalers go by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.addons.addon import RUN_1_36, Addon, ClusterFacts, on_system_pools


def _values(_: ClusterFacts) -> Mapping[str, Any]:
    return {
        "replicas": 2,
        **on_system_pools({"app.kubernetes.io/name": "metrics-server"}),
        "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
    }


ADDON = Addon(name="metrics-server", values=_values, seconds=45, source=RUN_1_36)
"""Keys of the values: those of its chart (read 2026-11-23)."""
