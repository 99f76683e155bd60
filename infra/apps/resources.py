"""What containers and pods request, and may use."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.settings.app.application import Application
from infra.settings.app.resources import ResourceSettings
from infra.settings.scalars import bytes_text, millicores_text


@dataclass(frozen=True, kw_only=True)
class Requests:
    """CPU in millicores and memory in bytes."""

    cpu: int
    memory: int

    def plus(self, other: Requests) -> Requests:
        """Add both."""
        return Requests(cpu=self.cpu + other.cpu, memory=self.memory + other.memory)

    def at_least(self, other: Requests) -> Requests:
        """Take the larger figure of each resource."""
        return Requests(cpu=max(self.cpu, other.cpu), memory=max(self.memory, other.memory))

    def times(self, count: int) -> Requests:
        """Return what `count` pods of this size request."""
        return Requests(cpu=self.cpu * count, memory=self.memory * count)


def container_resources(settings: ResourceSettings) -> k8s.core.v1.ResourceRequirementsArgs:
    """Describe one container. Memory is request and limit at once; CPU is limited only where `cpuLimit` is given."""
    requests = {"cpu": millicores_text(settings.cpu), "memory": bytes_text(settings.memory)}
    limits = {"memory": bytes_text(settings.memory)}
    if settings.cpu_limit is not None:
        limits["cpu"] = millicores_text(settings.cpu_limit)
    return k8s.core.v1.ResourceRequirementsArgs(requests=requests, limits=limits)


def pod_requests(settings: Application) -> Requests:
    """Add up what one pod of the app requests, by the scheduler's rule.

    Sidecars start first and run all the time, so they add up with the app's container and with each init container;
    init containers run one after another, so only the largest counts (Kubernetes documentation, "Sidecar containers",
    resource sharing within containers).
    """
    sidecars = Requests(cpu=0, memory=0)
    for sidecar in settings.sidecars.values():
        sidecars = sidecars.plus(_requests(sidecar.resources))
    largest = sidecars.plus(_requests(settings.resources))
    for init in settings.init.values():
        largest = largest.at_least(sidecars.plus(_requests(init.resources)))
    return largest


def _requests(settings: ResourceSettings) -> Requests:
    return Requests(cpu=settings.cpu, memory=settings.memory)
