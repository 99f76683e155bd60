"""The CPU and memory that simulated containers use: one ClusterResourceUsage object of kwok with CEL expressions."""

from __future__ import annotations

import json
from typing import Any

from infra.labels import NAME_LABEL

BASE_CPU_PERCENT = 20
"""What an idle container uses of its CPU request: enough that a metric is never zero, and far below any target."""
BASE_MEMORY_PERCENT = 50

GROUP, VERSION, PLURAL, NAME = "kwok.x-k8s.io", "v1alpha1", "clusterresourceusages", "pods"
LOADS_ANNOTATION = "nightowl.local/loads"
"""The loads that the expression was made from: {"namespace/app": millicores of a replica}."""


def usage_object(loads: dict[str, int]) -> dict[str, Any]:
    """Build the ClusterResourceUsage for loads given as {"namespace/app": millicores of a replica}."""
    memory = _idle_use("memory", BASE_MEMORY_PERCENT, "16Mi")
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "ClusterResourceUsage",
        "metadata": {"name": NAME, "annotations": {LOADS_ANNOTATION: json.dumps(loads, sort_keys=True)}},
        "spec": {
            "usages": [{"usage": {"cpu": {"expression": _cpu_expression(loads)}, "memory": {"expression": memory}}}],
        },
    }


def _cpu_expression(loads: dict[str, int]) -> str:
    cases = [
        f'pod.metadata.namespace == "{namespace}" && "{NAME_LABEL}" in pod.metadata.labels'
        f' && pod.metadata.labels["{NAME_LABEL}"] == "{app}" && container.name == pod.spec.containers[0].name'
        f' ? Quantity("{millicores}m")\n: '
        for key, millicores in sorted(loads.items())
        for namespace, app in [key.split("/")]
    ]
    return "".join(cases) + _idle_use("cpu", BASE_CPU_PERCENT, "1m")


def _idle_use(resource: str, percent: int, without_request: str) -> str:
    return f"""
"kwok.x-k8s.io/usage-{resource}" in pod.metadata.annotations
? Quantity(pod.metadata.annotations["kwok.x-k8s.io/usage-{resource}"])
: "{resource}" in container.resources.requests
? container.resources.requests["{resource}"] * {percent / 100}
: Quantity("{without_request}")
""".strip()
