"""NVIDIA's device plugin: tells Kubernetes of the GPUs of a node, and gives them to pods.

It runs on pools of Amazon Linux with GPUs, which say so by a label. Their images have the drivers, and a container
runtime that hands the devices on; those of Bottlerocket have the plugin too (EKS user guide, "Install Kubernetes device
plugin for GPUs"). It calls neither AWS nor the API server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.addons.addon import RELEASE_SECONDS, RELEASE_SOURCE, Addon, Chart, ClusterFacts
from infra.labels import GPU_PLUGIN_LABEL

NAME = "nvidia-device-plugin"
CHART = Chart(repository="https://nvidia.github.io/k8s-device-plugin", chart="nvidia-device-plugin", version="0.18.2")
"""The newest release that was seen in use (its repository on GitHub, deployments/helm; read 2026-11-26)."""
TOLERATES_EVERYTHING = [{"operator": "Exists"}]
"""A pool may have taints besides that of the GPUs."""


def _values(_: ClusterFacts) -> Mapping[str, Any]:
    return {
        "fullnameOverride": NAME,
        "nodeSelector": {GPU_PLUGIN_LABEL: "true"},
        "tolerations": TOLERATES_EVERYTHING,
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }


ADDON = Addon(name=NAME, chart=CHART, needed_by="GPUs", values=_values, seconds=RELEASE_SECONDS, source=RELEASE_SOURCE)
"""Keys of the values: the chart's values.yaml (read 2026-11-26)."""
