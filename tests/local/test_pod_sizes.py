from __future__ import annotations

from typing import Any

import pytest

from infra.local.pod_sizes import pod_size_errors
from tests.apps.samples import one, worker


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"cpu": 17}, "cpu: a pod requests 17 CPU, and the largest node of the local cluster has 16; lower it in the"),
        ({"memory": "65Gi"}, "memory: a pod requests 65Gi, and the largest node of the local cluster has 64Gi; lower"),
        ({"gpu": 2}, "gpu: a pod requests 2 GPU, and no node of the local cluster has any; leave it out of the stack"),
    ],
)
def test_a_pod_that_no_node_of_the_local_cluster_takes_is_told_with_both_figures(
    resources: dict[str, Any], said: str
) -> None:
    [problem] = pod_size_errors({"it": one(worker(resources=resources))})
    assert str(problem).startswith(f"nightowl:apps.it.resources.{said}")


def test_a_pod_of_the_largest_size_is_taken() -> None:
    assert list(pod_size_errors({"it": one(worker(resources={"cpu": 16, "memory": "64Gi"}))})) == []
