"""Load on an app, as the metrics API and so the autoscalers see it.

A load is total cores of one app, shared evenly by its replicas as behind a load balancer; whoever plays it calls
`apply_load` again when the number of replicas changes.
"""

from __future__ import annotations

import json
from typing import Any, cast

from kubernetes.client import ApiClient, CustomObjectsApi

from infra.local.cluster.usage import GROUP, LOADS_ANNOTATION, NAME, PLURAL, VERSION, usage_object

MILLICORES_PER_CORE = 1000


def apply_load(api: ApiClient, namespace: str, app: str, cores: float, replicas: int) -> None:
    """Let the first container of each of the app's `replicas` pods use its share of `cores`.

    Raises kubernetes.client.ApiException if the API server refuses.
    """
    loads = _current_loads(api)
    loads[f"{namespace}/{app}"] = max(1, round(cores * MILLICORES_PER_CORE / max(1, replicas)))
    _store(api, loads)


def clear_load(api: ApiClient, namespace: str, app: str) -> None:
    """Let the app's pods use no more than when idle. Without a load this changes nothing."""
    loads = _current_loads(api)
    if loads.pop(f"{namespace}/{app}", None) is not None:
        _store(api, loads)


def _current_loads(api: ApiClient) -> dict[str, int]:
    stored = CustomObjectsApi(api).get_cluster_custom_object(GROUP, VERSION, PLURAL, NAME)
    annotations = cast(dict[str, Any], stored)["metadata"].get("annotations", {})
    return cast(dict[str, int], json.loads(annotations.get(LOADS_ANNOTATION, "{}")))


def _store(api: ApiClient, loads: dict[str, int]) -> None:
    CustomObjectsApi(api).patch_cluster_custom_object(GROUP, VERSION, PLURAL, NAME, usage_object(loads))
