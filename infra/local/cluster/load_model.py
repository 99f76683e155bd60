"""Load on an app, as the metrics API and so the autoscalers see it.

A load is total cores of one app, shared evenly by its replicas as behind a load balancer; whoever plays it calls
`apply_load` again when the number of replicas changes.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import urllib3
from kubernetes.client import ApiClient, ApiException, CustomObjectsApi

from infra.local.cluster.errors import ClusterError
from infra.local.cluster.usage import GROUP, LOADS_ANNOTATION, NAME, PLURAL, VERSION, usage_object

MILLICORES_PER_CORE = 1000


def apply_load(api: ApiClient, namespace: str, app: str, cores: float, replicas: int) -> None:
    """Let the first container of each of the app's `replicas` pods use its share of `cores`.

    Raises ClusterError if the API server refuses or does not answer.
    """
    loads = _current_loads(api)
    loads[f"{namespace}/{app}"] = max(1, round(cores * MILLICORES_PER_CORE / max(1, replicas)))
    _store(api, loads)


def clear_load(api: ApiClient, namespace: str, app: str) -> None:
    """Let the app's pods use no more than when idle. Without a load this changes nothing.

    Raises ClusterError if the API server refuses or does not answer.
    """
    loads = _current_loads(api)
    if loads.pop(f"{namespace}/{app}", None) is not None:
        _store(api, loads)


def _current_loads(api: ApiClient) -> dict[str, int]:
    with _failures_explained():
        stored = CustomObjectsApi(api).get_cluster_custom_object(GROUP, VERSION, PLURAL, NAME)
    annotations = cast(dict[str, Any], stored)["metadata"].get("annotations", {})
    return cast(dict[str, int], json.loads(annotations.get(LOADS_ANNOTATION, "{}")))


def _store(api: ApiClient, loads: dict[str, int]) -> None:
    with _failures_explained():
        CustomObjectsApi(api).patch_cluster_custom_object(GROUP, VERSION, PLURAL, NAME, usage_object(loads))


@contextmanager
def _failures_explained() -> Generator[None]:
    try:
        yield
    except ApiException as error:
        raise ClusterError(f"the load cannot be changed: {error}") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ClusterError("the load cannot be changed: the API server does not answer") from error
