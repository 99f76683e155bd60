"""What containers and pods request, and may use."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.settings.app.application import Application
from infra.settings.app.resources import ResourceSettings
from infra.settings.scalars import bytes_text, millicores_text

GPU = "nvidia.com/gpu"
"""The resource that NVIDIA's device plugin gives to the nodes that it runs on."""


@dataclass(frozen=True, kw_only=True)
class Requests:
    """CPU in millicores and memory in bytes, and the most memory that may be taken."""

    cpu: int
    memory: int
    most_memory: int

    def plus(self, other: Requests) -> Requests:
        """Add both."""
        return Requests(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            most_memory=self.most_memory + other.most_memory,
        )

    def at_least(self, other: Requests) -> Requests:
        """Take the larger figure of each resource."""
        return Requests(
            cpu=max(self.cpu, other.cpu),
            memory=max(self.memory, other.memory),
            most_memory=max(self.most_memory, other.most_memory),
        )

    def times(self, count: int) -> Requests:
        """Return what `count` pods of this size request."""
        return Requests(cpu=self.cpu * count, memory=self.memory * count, most_memory=self.most_memory * count)


NOTHING = Requests(cpu=0, memory=0, most_memory=0)


def container_resources(settings: ResourceSettings) -> k8s.core.v1.ResourceRequirementsArgs:
    """Describe one container. Memory is always limited, CPU only where `cpuLimit` is given."""
    requests = {"cpu": millicores_text(settings.cpu), "memory": bytes_text(settings.memory)}
    limits = {"memory": bytes_text(settings.most_memory)}
    if settings.cpu_limit is not None:
        limits["cpu"] = millicores_text(settings.cpu_limit)
    if settings.gpu is not None:
        # Kubernetes takes the limit of a device for its request too.
        limits[GPU] = str(settings.gpu)
    return k8s.core.v1.ResourceRequirementsArgs(requests=requests, limits=limits)


def pod_requests(settings: Application) -> Requests:
    """Add up what one pod of the app requests, by the scheduler's rule.

    Sidecars start first and run all the time, so they add up with the app's container and with each init container;
    init containers run one after another, so only the largest counts (Kubernetes documentation, "Sidecar containers",
    resource sharing within containers).
    """
    sidecars = NOTHING
    for sidecar in settings.sidecars.values():
        sidecars = sidecars.plus(_requests(sidecar.resources))
    largest = sidecars.plus(_requests(settings.resources))
    for init in settings.init.values():
        largest = largest.at_least(sidecars.plus(_requests(init.resources)))
    return largest


def _requests(settings: ResourceSettings) -> Requests:
    return Requests(cpu=settings.cpu, memory=settings.memory, most_memory=settings.most_memory)
