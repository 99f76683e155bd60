"""Pods that no node of this machine's cluster can take: they would stay pending until the rollout has failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.local.cluster.karpenter import LARGEST_NODE_GIB, LARGEST_NODE_VCPUS
from infra.settings.app.application import Application
from infra.settings.app.pod_size import pod_requests
from infra.settings.problems import Problem
from infra.settings.scalars import bytes_text

_GIBIBYTE = 2**30


def pod_size_errors(apps: Mapping[str, Application]) -> Iterator[Problem]:
    """Return what is too large, key by key. The nodes are simulated, so the limit is not this machine's."""
    for name, app in apps.items():
        pod = pod_requests(app)
        remedy = "lower it in the stack file of this machine"
        if pod.cpu > 1000 * LARGEST_NODE_VCPUS:
            yield Problem(
                f"nightowl:apps.{name}.resources.cpu",
                f"a pod requests {pod.cpu / 1000:g} CPU, and the largest node of "
                f"the local cluster has {LARGEST_NODE_VCPUS}; {remedy}",
            )
        if pod.memory > LARGEST_NODE_GIB * _GIBIBYTE:
            yield Problem(
                f"nightowl:apps.{name}.resources.memory",
                f"a pod requests {bytes_text(pod.memory)}, and the largest node "
                f"of the local cluster has {LARGEST_NODE_GIB}Gi; {remedy}",
            )
        if pod.gpus:
            yield Problem(
                f"nightowl:apps.{name}.resources.gpu",
                f"a pod requests {pod.gpus} GPU, and no node of the local cluster "
                "has any; leave it out of the stack file of this machine",
            )
